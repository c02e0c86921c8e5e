"""What logs of network traffic have in common: protocols, hardware addresses, `ADDRESS:PORT`, verdicts."""

from __future__ import annotations

from socterm.parsers.marks import Fields, mark

PROTOCOLS = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "rdp": 27, "dccp": 33,
    "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103,
    "carp": 112, "vrrp": 112, "sctp": 132, "udplite": 136,
}  # fmt: skip
"""network.transport → network.iana_number (IANA's protocol numbers)."""
_BY_NUMBER = {str(number): name for name, number in reversed(PROTOCOLS.items())}
_OTHER_NAMES = {"icmpv6": "ipv6-icmp", "icmp6": "ipv6-icmp", "ip-in-ip": "ipip"}
_HEX = frozenset("0123456789abcdefABCDEF")


def _transports() -> dict[str, Fields]:
    known: dict[str, Fields] = {}
    names = {name: name for name in PROTOCOLS} | _BY_NUMBER | _OTHER_NAMES
    for said, name in names.items():
        fields: Fields = {"network.transport": name, "network.iana_number": str(PROTOCOLS[name])}
        known[said] = known[said.upper()] = fields
    known["ICMPv6"] = known["IPv6-ICMP"] = known["icmpv6"]
    return known


TRANSPORTS: dict[str, Fields] = _transports()
"""A protocol as logs write it (TCP, tcp, 6, ICMPv6) → its ECS fields."""

ALLOWED: Fields = mark("connection_allowed", "success") | {
    "firewall.action": "accept",
    "firewall.blocked": False,
}
DENIED: Fields = mark("connection_denied", "success") | {"firewall.action": "deny", "firewall.blocked": True}
REJECTED: Fields = DENIED | {"firewall.action": "reject"}
"""A firewall's verdicts. The outcome is the firewall's own, as ECS has it: it did block what it meant to."""


def put_transport(f: Fields, said: str) -> None:
    """Write the protocol a line names; one nobody knows is kept by its number or name in lower case."""
    known = TRANSPORTS.get(said) or TRANSPORTS.get(said.lower())
    if known is not None:
        f.update(known)
    elif said.isdecimal() and len(said) <= 3:
        f["network.iana_number"] = said
    elif said and len(said) <= 20:
        f["network.transport"] = said.lower()


def mac_of(text: str) -> str:
    """A hardware address as ECS writes it (RFC 7042), "" for what is none.

    >>> mac_of("00:1a:2b:3c:4d:5e"), mac_of("001a.2b3c.4d5e"), mac_of("x")
    ('00-1A-2B-3C-4D-5E', '00-1A-2B-3C-4D-5E', '')
    """
    digits = text.replace(":", "").replace("-", "").replace(".", "")
    if len(digits) != 12 or not _HEX.issuperset(digits):
        return ""
    digits = digits.upper()
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2))


def parted(text: str, by: str = ":") -> tuple[str, str]:
    """(address, port) of `192.0.2.1:53`, `[2001:db8::1]:53`, `192.0.2.1`; port "" where there is none.

    >>> parted("[2001:db8::1]:53"), parted("192.0.2.1#53", "#"), parted("2001:db8::1")
    (('2001:db8::1', '53'), ('192.0.2.1', '53'), ('2001:db8::1', ''))
    """
    if text[:1] == "[":
        address, _, rest = text[1:].partition("]")
        port = rest[1:] if rest[:1] == by else ""
    elif by == ":" and text.count(":") > 1:
        return text, ""
    else:
        address, _, port = text.partition(by)
    return address, port if port.isdecimal() and len(port) <= 5 else ""
