"""What a browser is told about every answer: data, for nobody to frame, guess at, run or keep."""

from __future__ import annotations

from typing import Final

from socterm.service.frame.asgi import App, Message, Receive, Scope, Send

HEADERS: Final[dict[bytes, bytes]] = {
    b"x-content-type-options": b"nosniff",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
"""Defaults: an answer that says one of these itself keeps its own."""


class Headers:
    """Adds the headers."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; what comes back gets what it lacks."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = list(message.get("headers", ()))
                has = {name.lower() for name, _ in told}
                message["headers"] = told + [pair for pair in HEADERS.items() if pair[0] not in has]
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)
