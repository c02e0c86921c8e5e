"""Peers as programs name them: addresses in one spelling, host names kept apart."""

from __future__ import annotations

import re
from ipaddress import IPv6Address

_OCTETS = frozenset(str(n) for n in range(256))
_NAME = re.compile(r"[\w.-]{1,253}", re.ASCII)
_NOBODY = frozenset({"", "?", "-", "UNKNOWN", "unknown", "(null)", "NODEVssh"})

Peer = tuple[str, str]
"""(ECS field, value): source.ip with an address, source.domain with a name; ("", "") for nobody."""

NOBODY: Peer = ("", "")
_KEPT = 16_384
_LONGEST = 300
"""Characters of a token that may be a peer, and is worth keeping."""

known_peers: dict[str, Peer] = {}
"""A pure memo of `peer_of`, for loops where even a call is dear."""


def peer_of(token: str) -> Peer:
    """Which field a peer belongs to, and its one spelling.

    IPv4 mapped into IPv6 becomes IPv4, a zone id is cut off, a name stays a name.

    >>> peer_of("::ffff:192.0.2.7"), peer_of("fe80::1%eth0"), peer_of("host.example")
    (('source.ip', '192.0.2.7'), ('source.ip', 'fe80::1'), ('source.domain', 'host.example'))
    """
    found = known_peers.get(token)
    if found is None:
        if len(token) > _LONGEST:
            return NOBODY
        if len(known_peers) >= _KEPT:
            known_peers.clear()
        found = known_peers[token] = _classify(token)
    return found


def _classify(token: str) -> Peer:
    text = token.strip("[]")
    if text in _NOBODY:
        return NOBODY
    octets = text.split(".", 4)
    if len(octets) == 4 and _OCTETS.issuperset(octets):
        return ("source.ip", text)
    if ":" in text:
        try:
            address = IPv6Address(text.partition("%")[0])
        except ValueError:
            return NOBODY
        mapped = address.ipv4_mapped
        return ("source.ip", str(mapped or address))
    return ("source.domain", text) if _NAME.fullmatch(text) else NOBODY
