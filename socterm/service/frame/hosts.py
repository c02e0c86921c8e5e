"""Only requests for a name that this service goes by: a foreign page cannot rebind its name to us (DNS)."""

from __future__ import annotations

from collections.abc import Iterable

from socterm.service.frame.asgi import ASKED, App, Receive, Scope, Send, header, refuse
from socterm.service.problems import RequestError


class Hosts:
    """Refuses what is not for one of our names; ports are of no matter."""

    def __init__(self, app: App, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] in ASKED and hostname(header(scope, b"host") or "") not in self._names:
            await refuse(scope, send, RequestError(421, "host", "this service does not go by that name"))
            return
        await self._app(scope, receive, send)


def hostname(host: str) -> str:
    """The name in a `Host` header, without port; an IPv6 address without brackets.

    >>> hostname("[::1]:8514"), hostname("SOC.example:8514"), hostname("127.0.0.1")
    ('::1', 'soc.example', '127.0.0.1')
    """
    name = host.strip().lower()
    if name.startswith("["):
        inner, closed, rest = name[1:].partition("]")
        return inner if closed and _is_port(rest) else ""
    name, _, port = name.partition(":")
    return name if not port or port.isdigit() else ""


def _is_port(rest: str) -> bool:
    return not rest or (rest.startswith(":") and rest[1:].isdigit())
