"""How many requests an address may make a minute."""

from __future__ import annotations

from socterm.service.frame.asgi import ASKED, App, Receive, Scope, Send, client, refuse
from socterm.service.limiter import Limiter
from socterm.service.problems import RequestError


class Rates:
    """Refuses an address that asks too often; paths in `free` have their own measure and are not counted."""

    def __init__(self, app: App, limiter: Limiter, free: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._limiter = limiter
        self._free = free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] in ASKED and scope["path"] not in self._free:
            seconds = self._limiter.wait(client(scope))
            if seconds:
                await refuse(scope, send, too_often(seconds))
                return
        await self._app(scope, receive, send)


def too_often(seconds: int) -> RequestError:
    """429, with when to come again."""
    return RequestError(
        429, "too_often", f"too often: try again in {seconds} s", {"Retry-After": str(seconds)}
    )
