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
from socterm.parsers.formats.keyvalue import or_pairs
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import fine
from socterm.parsers.stamps import Clock
from socterm.parsers.traffic import put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_STAMP = re.compile(r"(?P<month>\d\d)/(?P<day>\d\d)(?:/(?P<year>\d{2,4}))?-(?P<time>\d\d:\d\d:\d\d\.\d{6})")
_ALERT = re.compile(
    r"(?:\[(?P<verdict>Drop|wDrop|Reject|[a-z_]{3,12})\] )?(?:\[\*\*\] )?"
    r"\[(?P<gid>\d{1,10}):(?P<sid>\d{1,10}):(?P<rev>\d{1,10})\] "
    r"(?: ?<[^<>\s]{1,64}> {1,2})?(?P<name>.{1,1000}?) (?:\[\*\*\] )?"
    r"(?:\[Classification: (?P<category>[^\[\]]{0,200})\] )?(?:\[Priority: (?P<priority>\d{1,3})\]:? )?"
    r"(?:\[AppID: (?P<application>[^\[\]]{1,100})\] )?\{(?P<proto>[\w:-]{1,20})\} "
    r"(?P<source>\S{1,64}) -> (?P<destination>\S{1,64})\s*$"
)
_STOPS = frozenset({"Drop", "Reject", "drop", "block", "reset", "reject", "rewrite"})
"""Verdicts that stopped the traffic: Suricata's, and Snort 3's in lower case."""
_PORTED = frozenset({"tcp", "udp", "sctp"})
_MONTHS = 12
_EIGHT = 8
"""Colons of an IPv6 address in eight groups with its port."""
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
    f["rule.name"] = f["message"] = found["name"].strip('"')
    f["rule.id"], f["rule.version"] = found["sid"], int(found["rev"])
    f["suricata.alert.gid"] = int(found["gid"])
    if found["category"]:
        f["rule.category"] = found["category"]
    if found["application"]:
        f["network.application"] = found["application"]
    if found["priority"]:
        f["event.severity"] = int(found["priority"])
    put_transport(f, found["proto"].removeprefix("PROTO:"))
    ported = found["proto"].lower() in _PORTED
    _end(f, "source", found["source"], ported=ported)
    _end(f, "destination", found["destination"], ported=ported)
    f.update(_STOPPED if found["verdict"] in _STOPS else _MATCHED)
    return True


def _body(msg: str, f: Fields, mem: Memory) -> int:
    """Alerts through syslog: `[1:2013028:4] NAME [Classification: …] [Priority: 2] {TCP} A -> B`."""
    _read(msg, f)
    return mem.times


def stamp_of(text: str, clock: Clock) -> int | None:
    """The instant (µs) of `MM/DD-HH:MM:SS.FFFFFF`, with a year behind the day or, as Snort 3 has it, before
    the month; None for no such stamp."""
    stamp = _STAMP.fullmatch(text)
    if stamp is None:
        return None
    month, dayed, year = stamp["month"], stamp["day"], stamp["year"]
    if year is None:
        parts = re.split("[:.]", stamp["time"])
        day = {"month": month, "day": dayed, "year": None, "zone": None}
        return clock.instant(day | dict(zip(("hour", "minute", "second", "fraction"), parts, strict=True)))
    if int(month) > _MONTHS:
        month, dayed, year = dayed, year, month
    whole = year if len(year) == 4 else f"20{year}"
    return fine(clock, f"{whole}-{month}-{dayed}T{stamp['time']}")


def put_snort_end(f: Fields, side: str, text: str) -> None:
    """`ADDRESS` or `ADDRESS:PORT` of an alert that does not say whether its protocol has ports."""
    address, colon, port = text.rpartition(":")
    ported = bool(colon) and (text.count(":") == 1 or address[-1:] == "]" or text.count(":") == _EIGHT)
    put_end(f, side, address if ported else text, port if ported else None)


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    if text[2:3] != "/":
        return None
    stamp, _, rest = text.partition(" ")
    ts = stamp_of(stamp, reading.clock)
    if ts is None or not _read(rest.lstrip(" "), f):
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
        programs={"suricata": _ALERTS, "snort": _ALERTS._replace(parse=or_pairs(_body))},
        line=_line,
        begins="0123",
    ),
)
