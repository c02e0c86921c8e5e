"""From the URL of a listener to its source: UDP, TCP or TLS."""

from __future__ import annotations

from socterm.config import ListenConfig
from socterm.sources.address import parse_address
from socterm.sources.base import Clock, Resume, Source
from socterm.sources.tcp import TcpSource
from socterm.sources.tls import Certificates, server_context
from socterm.sources.udp import UdpSource


def check_listener(url: str, listen: ListenConfig) -> None:
    """Raise in one line for a URL that is none, and for TLS whose certificate, key or CA cannot be used."""
    if parse_address(url).scheme == "tls":
        server_context(listen, url)


def open_listener(url: str, listen: ListenConfig, *, clock: Clock, resume: Resume) -> Source:
    """Bind the listener of a URL; raises as `check_listener` does, and for a port that is taken."""
    scheme = parse_address(url).scheme
    if scheme == "udp":
        return UdpSource(url, clock=clock, resume=resume)
    certificates = Certificates(listen, url) if scheme == "tls" else None
    return TcpSource(url, clock=clock, resume=resume, certificates=certificates)
