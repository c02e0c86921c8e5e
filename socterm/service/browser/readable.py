"""What is refused before a page is reached, as a page: people read it in their browser, not a program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from socterm.service.browser import pages
from socterm.service.frame.asgi import App, Message, Receive, Scope, Send, header

PROGRAMS: Final = ("/api/", "/upload", "/metrics", "/health", "/openapi.json")
"""Beginnings of paths that programs ask for: they are answered in JSON whatever they say they accept."""

KEPT: Final = (b"retry-after", b"allow", b"connection")
"""Headers of such an answer that mean something to a browser."""

_NONE: Final = "this page cannot be shown"


class Readable:
    """Goes around the whole application; turns its failures into pages for browsers that ask for a page."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer with a page where that is refused in JSON."""
        if _wants_page(scope):
            await self._app(scope, receive, Paged(scope["method"] == "HEAD", send))
        else:
            await self._app(scope, receive, send)


class Paged:
    """A way back for one answer: held back where it is a failure in JSON, then sent as a page."""

    def __init__(self, headless: bool, send: Send) -> None:
        self._headless = headless
        self._send = send
        self._failed: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """One message of the answer."""
        if message["type"] == "http.response.start" and _is_failure(message):
            self._failed = message
        elif self._failed is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._page(self._failed)

    async def _page(self, failed: Message) -> None:
        body = pages.refused(_said(self._body)).encode()
        own = {"content-type": "text/html; charset=utf-8", "content-length": str(len(body)), **pages.HEADERS}
        headers = [(name.lower().encode(), value.encode()) for name, value in own.items()]
        headers += [pair for pair in failed["headers"] if pair[0].lower() in KEPT]
        await self._send({**failed, "headers": headers})
        await self._send({"type": "http.response.body", "body": b"" if self._headless else body})


def _wants_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and "text/html" in (header(scope, b"accept") or "")
        and not str(scope["path"]).startswith(PROGRAMS)
    )


def _is_failure(message: Message) -> bool:
    headers: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
    kind = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    return bool(message["status"] >= 400 and kind == b"application/json")


def _said(body: bytes) -> str:
    """The line for people in a failure; the answer to HEAD has none."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _NONE
