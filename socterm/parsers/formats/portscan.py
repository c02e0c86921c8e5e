"""portsentry and scanlogd: who tried which ports.

portsentry: `attackalert: Connect from host: NAME/ADDRESS to TCP port: 1`; from 2.0 `Scan from: [ADDRESS] …`;
its history file `EPOCH - STAMP Host: NAME/ADDRESS Port: 1 TCP Blocked`. scanlogd: `ADDRESS[:PORT] to ADDRESS
ports 80, 81, …, FLAGS, TOS 00, TTL 49 @20:44:43`. NAME is the peer's reverse name, hence its own choice.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "event.reason")
('port_scan', '203.0.113.9', 'blocked')
>>> read_line(FORMATS[1].example, "event.action", "source.ip", "destination.ip")
('port_scan', '203.0.113.9', '192.0.2.1')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import epoch
from socterm.parsers.traffic import parted, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_ALERT = re.compile(
    r"attackalert: (?P<what>.{1,60}?) from host: (?P<name>.{1,253})/(?P<ip>[0-9a-fA-F.:]{2,45}) "
    r"to (?P<proto>TCP|UDP) port: (?P<port>\d{1,5})"
)
_BLOCK = re.compile(r"attackalert: Host (?P<ip>[0-9a-fA-F.:]{2,45}) has been blocked")
_SCAN = re.compile(
    r"Scan from: \[(?P<ip>[0-9a-fA-F.:]{2,45})\] \((?P<name>[^()]{0,253})\) "
    r"protocol: \[(?P<proto>\w{1,8})\] "
    r"port: \[(?P<port>\d{1,5})\] type: \[(?P<what>[^\]]{0,40})\]"
)
_HISTORY = re.compile(
    r"(?P<stamp>\d{9,10}) - \d\d/\d\d/\d{4} \d\d:\d\d:\d\d Host: (?P<name>.{1,253})/"
    r"(?P<ip>[0-9a-fA-F.:]{2,45}) "
    r"Port: (?P<port>\d{1,5}) (?P<proto>TCP|UDP) Blocked\s*$"
)
_SCANLOGD = re.compile(
    r"(?P<source>[0-9a-fA-F.:\[\]]{2,64}) to (?P<target>[0-9a-fA-F.:\[\]]{2,64}) "
    r"ports? (?P<ports>\d{1,5}(?:, \d{1,5}){0,60})"
)
_SCANNED = mark("port_scan")


def _probe(found: re.Match[str], f: Fields) -> None:
    """One port tried: all of portsentry's forms hold the same."""
    parts = found.groupdict()
    put_end(f, "source", parts["ip"])
    put_transport(f, parts["proto"])
    port = number(parts["port"], 5)
    if port is not None and port < 65_536:
        f["destination.port"] = port
    if parts.get("what"):
        f["event.reason"] = parts["what"]
    if parts.get("name") and parts["name"] != parts["ip"]:
        f["portsentry.reverse_name"] = parts["name"]
    f.update(_SCANNED)


def portsentry(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for portsentry."""
    found = _ALERT.match(msg) or _SCAN.search(msg[:1000])
    if found is not None:
        _probe(found, f)
        return mem.times
    blocked = _BLOCK.match(msg)
    if blocked is not None:
        put_end(f, "source", blocked["ip"])
        f["event.reason"] = "blocked"
        f.update(mark("connection_denied", "success"))
    return mem.times


def _history(text: str, f: Fields, reading: Reading) -> Found | None:  # noqa: ARG001 - a reader's signature
    found = _HISTORY.match(text)
    if found is None:
        return None
    f["event.dataset"] = "portsentry"
    f["event.reason"] = "blocked"
    _probe(found, f)
    return epoch(found["stamp"]), LOGSOURCES["portsentry"], 1


def scanlogd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for scanlogd."""
    found = _SCANLOGD.match(msg)
    if found is not None:
        put_end(f, "source", *parted(found["source"]))
        put_end(f, "destination", *parted(found["target"]))
        ports = (number(port, 5) for port in found["ports"].split(", "))
        known = tuple(port for port in ports if port is not None and port < 65_536)
        if known:
            f["destination.port"] = known[0]
            f["scanlogd.ports"] = known
        f.update(_SCANNED)
    return mem.times


FORMATS = (
    Format(
        name="portsentry",
        title="portsentry",
        example="1795168800 - 11/20/2026 10:00:00 Host: 203.0.113.9/203.0.113.9 Port: 1 TCP Blocked",
        programs={"portsentry": Program(portsentry, "portsentry")},
        line=_history,
        begins="0123456789",
    ),
    Format(
        name="scanlogd",
        title="scanlogd",
        example=(
            "Nov 20 10:00:00 srv3 scanlogd: 203.0.113.9 to 192.0.2.1 ports 80, 81, 83, 88, ..., fSrpauxy, "
            "TOS 00, TTL 49 @10:00:00"
        ),
        programs={"scanlogd": Program(scanlogd, "scanlogd")},
    ),
)
