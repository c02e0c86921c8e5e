"""Where a listener listens: the URL a person wrote, and the socket that is bound there."""

from __future__ import annotations

import errno
import socket
from typing import Final
from urllib.parse import urlsplit

import msgspec

from socterm.errors import SoctermError, UsageError

LOOPBACK: Final = "127.0.0.1"
"""Stands for an address that is not named: nobody listens on a network by leaving something out."""

_KINDS: Final = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM, "tls": socket.SOCK_STREAM}
_PORTS_OF: Final = {socket.SOCK_DGRAM: "u", socket.SOCK_STREAM: "t"}
_BACKLOG: Final = 256


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


def bind(address: Address) -> socket.socket:
    """The socket of an address, listening where its kind does; SoctermError in one line when it cannot be.

    `[::]` takes IPv4 as well; any other address takes its own kind only.
    """
    kind = _KINDS[address.scheme]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=kind, flags=socket.AI_PASSIVE)
        family, _, _, _, place = found[0]
        made = socket.socket(family, kind | socket.SOCK_CLOEXEC)
    except (OSError, UnicodeError) as error:
        raise SoctermError(f"cannot listen on {address.url}: {_why(error)}") from error
    try:
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(place[0] != "::"))
        if kind == socket.SOCK_STREAM:
            # Connections of the run before that the kernel still remembers do not keep the port.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        if kind == socket.SOCK_STREAM:
            made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise SoctermError(f"cannot listen on {address.url}: {_remedy(error, address)}") from error
    return made


def _remedy(error: OSError, address: Address) -> str:
    if error.errno == errno.EADDRINUSE:
        look = f"ss -{_PORTS_OF[_KINDS[address.scheme]]}lpn sport = :{address.port}"
        return f"another program has the port: see who with {look}, or choose another"
    if error.errno == errno.EACCES:
        return "ports below 1024 need root; choose one such as 5514"
    return _why(error)


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
