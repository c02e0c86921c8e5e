"""Whose connection gives way when a listener has no place left, so that no sender keeps the others out."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable

from socterm.sources.peer import Peer


def shown(address: str) -> str:
    """An address as a person knows it: IPv4 that came through an IPv6 socket is IPv4."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def without_interface(address: str) -> str:
    """A link-local address without the interface it is behind.

    >>> without_interface("fe80::1%eth0")
    'fe80::1'
    """
    return address.partition("%")[0]


def origin(address: str) -> str:
    """Who counts as one sender: an IPv4 address, or the /64 of IPv6 that a single machine has to itself.

    >>> origin("192.0.2.7"), origin("2001:db8::7") == origin("2001:db8::8")
    ('192.0.2.7', True)
    """
    found = ipaddress.ip_address(without_interface(address))
    return address if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def gives_way(peers: Iterable[Peer], newcomer: str, quiet_since: float) -> Peer | None:
    """The connection that ends in favour of one more from the origin `newcomer`; None where that is refused.

    It is one that has brought no frame since `quiet_since`, first of those that never brought any. Where all
    have, it is one of the origin that holds the most, if the newcomer's will hold fewer even then: one whose
    handshake is not over, else the one that has brought no frame for the longest time.
    """
    staying = [peer for peer in peers if not peer.parted]
    if quiet := [peer for peer in staying if peer.framed < quiet_since]:
        return min(quiet, key=lambda peer: (peer.brought, peer.framed))
    held = Counter(peer.origin for peer in staying)
    crowd, most = max(held.items(), key=lambda one: one[1], default=("", 0))
    if held[newcomer] + 1 >= most:
        return None
    theirs = (peer for peer in staying if peer.origin == crowd)
    return min(theirs, key=lambda peer: (not peer.handshaking, peer.framed))
