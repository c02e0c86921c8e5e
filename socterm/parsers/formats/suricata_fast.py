"""Suricata's fast.log, Snort's alert_fast too.

`STAMP  [Drop] [**] [GID:SID:REV] NAME [**] [Classification: …] [Priority: 2] {TCP} A -> B`.
The signature's name is the rule author's, the rest is Suricata's own.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.ip")
('ids_alert', '192.0.2.5', '203.0.113.80')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import fine
from socterm.parsers.traffic import put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_STAMP = re.compile(
    r"(?P<month>\d\d)/(?P<day>\d\d)(?:/(?P<year>\d{2,4}))?-(?P<time>\d\d:\d\d:\d\d\.\d{6}) {1,2}"
)
_ALERT = re.compile(
    r"(?:\[(?P<verdict>Drop|wDrop|Reject)\] )?(?:\[\*\*\] )?\[(?P<gid>\d{1,10}):(?P<sid>\d{1,10}):"
    r"(?P<rev>\d{1,10})\] "
    r"(?P<name>.{1,1000}?) (?:\[\*\*\] )?(?:\[Classification: (?P<category>[^\[\]]{0,200})\] )?"
    r"(?:\[Priority: (?P<priority>\d{1,3})\]:? )?\{(?P<proto>[\w:-]{1,20})\} "
    r"(?P<source>\S{1,64}) -> (?P<destination>\S{1,64})\s*$"
)
_PORTED = frozenset({"tcp", "udp", "sctp"})
_MATCHED = mark("ids_alert")
_STOPPED = mark("ids_blocked", "success")


def _end(f: Fields, side: str, text: str, *, ported: bool) -> None:
    """`ADDRESS:PORT`; Suricata writes IPv6 in eight groups and the port behind them, without brackets."""
    address, colon, port = text.rpartition(":")
    if colon and (ported or text.count(":") in (1, 8)):
        put_end(f, side, address, port if ported else "")
    else:
        put_end(f, side, text)


def _read(msg: str, f: Fields) -> bool:
    found = _ALERT.match(msg)
    if found is None:
        return False
    f["event.dataset"] = "suricata.alert"
    f["rule.name"] = f["message"] = found["name"]
    f["rule.id"], f["rule.version"] = found["sid"], int(found["rev"])
    f["suricata.alert.gid"] = int(found["gid"])
    if found["category"]:
        f["rule.category"] = found["category"]
    if found["priority"]:
        f["event.severity"] = int(found["priority"])
    put_transport(f, found["proto"].removeprefix("PROTO:"))
    ported = found["proto"].lower() in _PORTED
    _end(f, "source", found["source"], ported=ported)
    _end(f, "destination", found["destination"], ported=ported)
    f.update(_STOPPED if found["verdict"] in ("Drop", "Reject") else _MATCHED)
    return True


def _body(msg: str, f: Fields, mem: Memory) -> int:
    """Alerts through syslog: `[1:2013028:4] NAME [Classification: …] [Priority: 2] {TCP} A -> B`."""
    _read(msg, f)
    return mem.times


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    stamp = _STAMP.match(text)
    if stamp is None:
        return None
    year = stamp["year"]
    if year is None:
        ts = reading.clock.instant(
            {"month": stamp["month"], "day": stamp["day"], "year": None, "zone": None}
            | dict(
                zip(("hour", "minute", "second", "fraction"), re.split("[:.]", stamp["time"]), strict=True)
            )
        )
    else:
        whole = year if len(year) == 4 else f"20{year}"
        ts = fine(reading.clock, f"{whole}-{stamp['month']}-{stamp['day']}T{stamp['time']}")
    if ts is None or not _read(text[stamp.end() :], f):
        return None
    return ts, LOGSOURCES["suricata.alert"], 1


_ALERTS = Program(_body, "suricata", varies=True)
FORMATS = (
    Format(
        name="suricata-fast",
        title="Suricata fast.log, Snort alert_fast",
        example=(
            "11/20/2026-10:00:00.000001  [**] [1:2013028:4] TEST user agent outbound [**] [Classification: "
            "Attempted Information Leak] [Priority: 2] {TCP} 192.0.2.5:40000 -> 203.0.113.80:80"
        ),
        programs={"suricata": _ALERTS, "snort": _ALERTS},
        line=_line,
        begins="01",
    ),
)
