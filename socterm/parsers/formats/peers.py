"""Peers that stand in one word with their port: `192.0.2.1:22`, `[2001:db8::1]:22`, `host:22`."""

from __future__ import annotations

from socterm.parsers.marks import Fields, put_peer

_GROUPS = 8
"""Colons of an IPv6 address that is written out, with a port behind it."""


def split_port(token: str) -> tuple[str, str]:
    """(address or name, port) of a word; the port is "" where there is none.

    Without brackets an address of IPv6 may itself end in what looks like a port: five digits never are its.

    >>> split_port("192.0.2.1:22"), split_port("[2001:db8::1]:22"), split_port("2001:db8::1")
    (('192.0.2.1', '22'), ('2001:db8::1', '22'), ('2001:db8::1', ''))
    >>> split_port("2001:db8::1:40022"), split_port("2001:db8:0:0:0:0:0:1:22")
    (('2001:db8::1', '40022'), ('2001:db8:0:0:0:0:0:1', '22'))
    """
    if token.startswith("["):
        host, _, port = token[1:].partition("]")
        return host, port.lstrip(":")
    colons = token.count(":")
    if colons == 1:
        host, _, port = token.partition(":")
        return (host, port) if port.isdecimal() else (token, "")
    if colons > 1 and "." in token:  # ::ffff:192.0.2.1:22
        host, _, port = token.rpartition(":")
        if port.isdecimal() and "." not in port:
            return host, port
    if colons > 1:
        host, _, port = token.rpartition(":")
        if port.isdecimal() and (len(port) == 5 or colons == _GROUPS):
            return host, port
    return token, ""


def put_end_of(f: Fields, token: str) -> str:
    """Write a peer with its port as the source; the answer is its address or name."""
    host, port = split_port(token.strip(",;"))
    return put_peer(f, host, port if port.isdecimal() and len(port) <= 5 and port != "0" else "")
