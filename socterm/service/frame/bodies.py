"""No request says more than its endpoint takes, whatever it says of its length."""

from __future__ import annotations

from typing import Final

from socterm.service.frame.asgi import App, Message, Receive, Scope, Send, header
from socterm.service.problems import RequestError

USUAL: Final = 64 << 10
"""Bytes of a body, unless an endpoint takes more."""


class Bodies:
    """Counts what is read of a body and stops at `most` bytes.

    Nothing is read before an endpoint asks for it, which is after it has looked at who asks.
    """

    def __init__(self, app: App, most: int = USUAL) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; reading too much raises `RequestError` (413) in the endpoint that reads."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = header(scope, b"content-length") or "0"
        seen = int(declared) if declared.isdigit() else 0
        read = 0

        async def counted() -> Message:
            nonlocal read
            if seen > self._most:
                raise self._error()
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise self._error()
            return message

        await self._app(scope, counted, send)

    def _error(self) -> RequestError:
        return RequestError(
            413, "too_large", f"this takes {self._most} bytes at most", {"Connection": "close"}
        )
