"""CoreDNS: its query log (plugin log), and errors of plugins; bare, with a stamp, or in a collector's JSON.

`[INFO] 192.0.2.5:40000 - 4711 "A IN example.com. udp 41 false 4096" NOERROR qr,rd,ra 83 0.000082083s`

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name")
('dns_response', '192.0.2.5', 'example.com')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import when
from socterm.parsers.traffic import parted
from socterm.taxonomy.logsources import LOGSOURCES

_QUERY = re.compile(
    r"\[(?P<level>INFO|DEBUG|WARNING|ERROR)\] (?P<end>[0-9a-fA-F.:\[\]]{4,64}) - (?P<id>\d{1,5}) "
    r'"(?P<type>[A-Z0-9]{1,12}) (?P<class>[A-Z]{2,4}) (?P<name>\S{1,1024}) (?P<proto>[a-z]{2,8}) '
    r"(?P<size>\d{1,6}) "
    r'(?P<do>true|false) (?P<buffer>\d{1,6})" (?P<rcode>[A-Z]{2,12}|-) (?P<flags>[a-z,]{0,32}) '
    r"(?P<answer>\d{1,6}) (?P<took>[\d.]{1,20})s"
)
_ERROR = re.compile(
    r"\[ERROR\] plugin/errors: (?P<rcode>\d{1,3}) (?P<name>\S{1,1024}) (?P<type>[A-Z0-9]{1,12}): "
    r"(?P<reason>.{1,500})",
    re.DOTALL,
)
_CODES = {"2": "SERVFAIL", "3": "NXDOMAIN", "5": "REFUSED"}
_KEPT = {
    ("kubernetes", "namespace"): "orchestrator.namespace",
    ("kubernetes", "pod", "name"): "orchestrator.resource.name",
    ("kubernetes", "node", "name"): "host.hostname",
    ("kubernetes", "container", "name"): "container.name",
}


def _bare(name: str) -> str:
    return name[:-1] if len(name) > 1 and name[-1] == "." else name


def _read(msg: str, f: Fields) -> bool:
    found = _QUERY.match(msg)
    if found is not None:
        put_end(f, "source", *parted(found["end"]))
        f["log.level"] = found["level"].lower()
        f["dns.id"] = found["id"]
        f["dns.question.name"] = _bare(found["name"])
        f["dns.question.type"], f["dns.question.class"] = found["type"], found["class"]
        f["network.transport"] = found["proto"]
        if found["rcode"] != "-":
            f["dns.response_code"] = found["rcode"]
        f["dns.header_flags"] = tuple(flag.upper() for flag in found["flags"].split(",") if flag)
        f["source.bytes"], f["destination.bytes"] = int(found["size"]), int(found["answer"])
        try:
            f["event.duration"] = round(float(found["took"]) * 1_000_000_000)
        except ValueError:
            pass  # dots alone are no duration; the line is a query's all the same
        f.update(mark("dns_response"))
        return True
    failed = _ERROR.match(msg)
    if failed is None:
        return False
    f["dns.question.name"], f["dns.question.type"] = _bare(failed["name"]), failed["type"]
    f["dns.response_code"] = _CODES.get(failed["rcode"], failed["rcode"])
    f["event.reason"] = failed["reason"]
    f["log.level"] = "error"
    f.update(mark("dns_failed"))
    return True


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    at = 0
    ts = None
    if text[:1] != "[":
        at = text.find(" [", 18, 40) + 1
        ts = when(reading.clock, text[: at - 1]) if at else None
        if ts is None:
            return None
    if not _read(text[at:], f):
        return None
    f["event.dataset"] = "coredns"
    f["message"] = text
    return ts, LOGSOURCES["coredns"], 1


def _object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """A container's line as Kubernetes collectors hand it on: `{"message": LINE, "kubernetes": …}`."""
    text = entry.get("message")
    if not isinstance(text, str) or "] " not in text[:60]:
        return None
    found = _line(text.rstrip("\n"), f, reading)
    if found is None:
        return None
    for path, name in _KEPT.items():
        value: Any = entry
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str):
            f[name] = value
    if found[0] is None and isinstance(entry.get("time"), str):
        return when(reading.clock, entry["time"]), found[1], 1
    return found


FORMATS = (
    Format(
        name="coredns",
        title="CoreDNS",
        example=(
            '2026-11-20T10:00:00.123Z [INFO] 192.0.2.5:40000 - 4711 "A IN example.com. udp 41 '
            'false 4096" NOERROR '
            "qr,rd,ra 83 0.000082083s"
        ),
        line=_line,
        begins="[0123456789",
        object=_object,
        keys=(frozenset({"message"}), frozenset({"kubernetes", "stream"})),
    ),
)
