"""pf's decisions as OPNsense and pfSense write them: comma-separated, by IP version and protocol.

`RULE,SUBRULE,ANCHOR,TRACKER,INTERFACE,REASON,ACTION,DIRECTION,VERSION,…`
(pfSense: "Raw Filter Log Format"; OPNsense: filterlog's description.txt).

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.traffic import ALLOWED, DENIED, REJECTED, put_transport

_VERDICTS: dict[str, Fields] = {
    "pass": ALLOWED,
    "block": DENIED,
    "reject": REJECTED,
    "nat": mark("address_translated"),
    "rdr": mark("address_translated"),
    "binat": mark("address_translated"),
}
_DIRECTIONS = {"in": "inbound", "out": "outbound"}
_TCP_FLAGS = {"S": "SYN", "A": "ACK", "F": "FIN", "R": "RST", "P": "PSH", "U": "URG", "E": "ECE", "W": "CWR"}
_MOST = 64
"""Columns a line can have."""


def filterlog(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for filterlog."""
    row = msg.split(",", _MOST)
    if len(row) < 15 or len(row) > _MOST or row[6] not in _VERDICTS:
        return mem.times
    if row[8] == "4" and len(row) >= 20:
        ttl, name, length, ends = row[11], row[16], row[17], row[18:]
    elif row[8] == "6" and len(row) >= 17:
        ttl, name, length, ends = row[11], row[12], row[14], row[15:]
    else:
        return mem.times
    f.update(_VERDICTS[row[6]])
    f["network.type"] = f"ipv{row[8]}"
    f["rule.id"] = row[0]
    if row[2]:
        f["rule.ruleset"] = row[2]
    if row[3] and row[3] != "0":
        f["rule.uuid"] = row[3]
    f[f"observer.{'egress' if row[7] == 'out' else 'ingress'}.interface.name"] = row[4]
    f["event.reason"] = row[5]
    if row[7] in _DIRECTIONS:
        f["network.direction"] = _DIRECTIONS[row[7]]
    put_transport(f, name)
    for text, field in ((length, "network.bytes"), (ttl, "pf.ttl")):
        value = number(text)
        if value is not None:
            f[field] = value
    ported = name in ("tcp", "udp") and len(ends) >= 4
    put_end(f, "source", ends[0], ends[2] if ported else None)
    put_end(f, "destination", ends[1], ends[3] if ported else None)
    if name == "tcp" and len(ends) >= 6:
        flags = tuple(_TCP_FLAGS[letter] for letter in ends[5] if letter in _TCP_FLAGS)
        if flags:
            f["pf.tcp.flags"] = flags
    elif name.startswith(("icmp", "ipv6-icmp")) and len(ends) >= 3 and ends[2]:
        f["pf.icmp.type"] = ends[2]
    elif name == "carp" and len(ends) >= 5:
        f["pf.carp.vhid"] = ends[4]
    return mem.times


_FILTERLOG = Program(filterlog, "filterlog")
FORMATS = (
    Format(
        name="filterlog",
        title="OPNsense and pfSense firewall",
        example=(
            "Nov 20 10:00:00 opn1 filterlog[301]: 5,,,1000000103,igb0,match,block,in,4,0x0,,240,54321,0,none,"
            "6,tcp,40,203.0.113.9,192.0.2.1,40000,23,0,S,1795168800,,1024,,"
        ),
        programs={"filterlog": _FILTERLOG},
    ),
)
