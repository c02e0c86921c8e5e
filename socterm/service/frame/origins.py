"""Pages of other sites may not ask: no CORS, and an `Origin` that is not ours is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from socterm.service.frame.asgi import ASKED, App, Receive, Scope, Send, header, refuse
from socterm.service.problems import RequestError

_DEFAULT: Final = {"http": ":80", "https": ":443"}
_PLAIN: Final = {"ws": "http", "wss": "https"}


class Origins:
    """Refuses requests of foreign pages. Programs send no `Origin`; a page cannot keep it from being sent.

    It goes behind the check of `Host`: ours is the scheme and `Host` of this very request, or one of `more`.
    A path that begins with one of `strict` needs an `Origin`: such are sockets that a browser opens.
    """

    def __init__(self, app: App, more: Iterable[str] = (), strict: Iterable[str] = ()) -> None:
        self._app = app
        self._more = frozenset(origin.rstrip("/").lower() for origin in more)
        self._strict = tuple(strict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] in ASKED and not self._ours(scope):
            await refuse(scope, send, RequestError(403, "origin", "pages of other sites may not ask here"))
            return
        await self._app(scope, receive, send)

    def _ours(self, scope: Scope) -> bool:
        origin = header(scope, b"origin")
        if origin is None:
            return not (self._strict and scope["path"].startswith(self._strict))
        given = origin.lower()
        return _bare(given) == own_origin(scope) or given in self._more


def own_origin(scope: Scope) -> str:
    """The origin that this very request was sent to, without a usual port; behind the check of `Host`."""
    asked = str(scope["scheme"])
    return _bare(f"{_PLAIN.get(asked, asked)}://{(header(scope, b'host') or '').lower()}")


def _bare(origin: str) -> str:
    return origin.removesuffix(_DEFAULT.get(origin.partition(":")[0], "/"))
