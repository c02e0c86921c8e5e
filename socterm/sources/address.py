"""Where a listener listens: the URL a person wrote, and the socket that is bound there."""

from __future__ import annotations

import errno
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from socterm.errors import SoctermError, Trouble, UsageError

LOOPBACK: Final = "127.0.0.1"
"""Stands for an address that is not named: nobody listens on a network by leaving something out."""

_KINDS: Final = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM, "tls": socket.SOCK_STREAM}
_PORTS_OF: Final = {socket.SOCK_DGRAM: "u", socket.SOCK_STREAM: "t"}
_BACKLOG: Final = 256
_FOREIGN: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Why an address that a name stands for, too, is left out: this machine has none such, or no IPv6."""


class Address(msgspec.Struct, frozen=True):
    """What a URL such as `tls://192.0.2.1:6514` says. Port 0 is any that is free."""

    url: str
    scheme: str
    host: str
    port: int

    def name(self, port: int) -> str:
        """The name of the source that listens there, with the port it got where none was named."""
        url = self.url if self.port else self.url.rstrip("/").rpartition(":")[0] + f":{port}"
        return f"syslog:{url}"


def parse_address(url: str) -> Address:
    """Take a URL apart; UsageError in one line for what is no address to listen on."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # a port beyond 65535, a bracket without its twin
        raise UsageError(_expected(url)) from None
    if parts.scheme not in _KINDS or port is None or "@" in parts.netloc:
        raise UsageError(_expected(url))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(_expected(url))
    return Address(url, parts.scheme, host or LOOPBACK, port)


def _expected(url: str) -> str:
    return f"{url}: expected udp://, tcp:// or tls://ADDRESS:PORT, for example udp://127.0.0.1:5514"


class CannotListenError(SoctermError):
    """Nobody can listen there; `trouble` says why, and what to do."""

    def __init__(self, address: Address, trouble: Trouble) -> None:
        super().__init__(f"cannot listen on {address.url}: {trouble}")
        self.trouble = trouble


def bind(address: Address) -> list[socket.socket]:
    """The sockets of an address, one at least, on one port, listening where their kind does.

    A name that stands for several addresses of this machine (`localhost`: 127.0.0.1 and ::1) is heard at
    each, for nobody knows which one senders take. `[::]` takes IPv4 as well; any other address takes its own
    kind only. Raises CannotListenError.
    """
    kind = _KINDS[address.scheme]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=kind, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CannotListenError(address, Trouble(_why(error))) from error
    made: list[socket.socket] = []
    foreign: OSError | None = None
    port = address.port
    for family, place in dict.fromkeys((family, place) for family, _, _, _, place in found):
        try:
            one = _bound(family, kind, (place[0], port, *place[2:]))
        except OSError as error:
            if error.errno in _FOREIGN:
                foreign = error
                continue
            for other in made:
                other.close()
            raise CannotListenError(address, _trouble(error, address)) from error
        made.append(one)
        port = one.getsockname()[1]
    if not made:
        raise CannotListenError(address, _trouble(foreign or OSError("no address"), address)) from foreign
    return made


def _bound(family: int, kind: int, place: tuple[Any, ...]) -> socket.socket:
    made = socket.socket(family, kind | socket.SOCK_CLOEXEC)
    try:
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(place[0] != "::"))
        if kind == socket.SOCK_STREAM:
            # Connections of the run before that the kernel still remembers do not keep the port.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        if kind == socket.SOCK_STREAM:
            made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def _trouble(error: OSError, address: Address) -> Trouble:
    if error.errno == errno.EADDRINUSE:
        look = f"ss -{_PORTS_OF[_KINDS[address.scheme]]}lpn sport = :{address.port}"
        return Trouble("another program has the port", f"see who with {look}, or choose another")
    if error.errno == errno.EACCES:
        return Trouble("ports below 1024 need root", "choose one such as 5514")
    return Trouble(_why(error))


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
