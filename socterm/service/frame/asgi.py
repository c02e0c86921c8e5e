"""The shapes of ASGI that the frame is made of, and how it refuses."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from socterm.service.answers import encoded
from socterm.service.problems import RequestError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ASKED: Final = ("http", "websocket")
"""The kinds of scope that somebody asks by; what is left is the server's own start and end."""

POLICY: Final = 1008
"""The close code of a web socket that is refused (RFC 6455, section 7.4.1)."""

LATER: Final = 1013
"""That of one that may try again later (RFC 6455, section 11.7, and the registry of its codes)."""

log = logging.getLogger("socterm.service")


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header; "" where it was sent more than once, which no check takes for anything."""
    found = [value for key, value in scope["headers"] if key.lower() == name]
    if not found:
        return None
    return found[0].decode("latin-1") if len(found) == 1 else ""


def client(scope: Scope) -> str:
    """The address that asks, as limits count it: of IPv6 the network that one subscriber has.

    >>> client({"client": ("2001:db8::9", 1)}), client({"client": ("::ffff:192.0.2.1", 1)})
    ('2001:db8::/64', '192.0.2.1')
    """
    return subscriber(str((scope.get("client") or ("",))[0]))


def subscriber(told: str) -> str:
    """Whose an address is; what is no address stays as it is."""
    try:
        address = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return told
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address) >> 64 << 64, 64)))


async def refuse(scope: Scope, send: Send, error: RequestError) -> None:
    """Answer with a problem; a web socket that is not open yet is not opened."""
    if scope["type"] == "websocket":
        # Answered with 403; a browser's page is told no more than that either way.
        await send({"type": "websocket.close", "code": POLICY, "reason": error.code})
        return
    body = encoded(error.body())
    told = {"content-type": "application/json", "content-length": str(len(body)), **error.headers}
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
