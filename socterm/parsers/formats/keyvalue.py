"""key=value: logfmt, and what firewalls such as FortiGate and Sophos write. A line of nothing but pairs.

Values are words or stand in double quotes. Names that mean one thing everywhere become ECS names, all others
stay as the producer wrote them, so that rules for that producer find them.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "source.ip", "user.name", "log.level")
('198.51.100.9', 'ann', 'warning')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.keyvalue_walls import wall
from socterm.parsers.formats.own_logins import SAID_IN, mark_login
from socterm.parsers.marks import Fields, Handler, mark
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.parsers.pairs import first_stamp, put_value
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport
from socterm.taxonomy.appliances import KEY_VALUE_FIELDS
from socterm.taxonomy.logsources import logsources_of

_PAIR = re.compile(
    r'([A-Za-z_@][\w.@-]{0,63})=(?:"((?:[^"\\]|\\.)*+)"|([^\s"=]*+(?:=[^\s"=]*+)*+))(?:[,;]? +|[,;]?$)'
)
_CUT = re.compile(r'([A-Za-z_@][\w.@-]{0,63})(?:="([^"]*+))?$')
"""How a line ends that was cut on its way: syslog over UDP holds 1,024 or 2,048 bytes at many a device."""
_WHOLE_BEFORE = 8
"""Pairs that stand before such an end for the line to be taken for pairs."""
_ESCAPE = re.compile(r"\\(.)")
_BEGINS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_@"
_FEWEST = 3
_MOST = 200
_STAMPS = ("eventtime", "@timestamp", "timestamp", "time", "ts", "t")
_FORTINET = frozenset({"devid", "logid", "type"})
_VERDICTS = {
    "accept": ALLOWED, "close": ALLOWED, "timeout": ALLOWED, "start": ALLOWED, "client-rst": ALLOWED,
    "server-rst": ALLOWED, "deny": DENIED, "blocked": DENIED,
}  # fmt: skip
"""FortiOS: how a session of the type `traffic` ended; most began with the firewall's leave."""
_VPN = {
    "ssl-login-fail": mark("vpn_login", "failure"),
    "ssl-new-con": mark("vpn_handshake"),
    "tunnel-up": mark("vpn_connected"),
}
_ADMIN = {
    "success": mark("app_admin_login", "success"),
    "failed": mark("app_admin_login", "failure"),
}


def pairs_of(text: str) -> dict[str, str] | None:
    """The pairs of a line that is made of nothing else, None for any other line."""
    found: dict[str, str] = {}
    at = 0
    text = text.rstrip()
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None or len(found) >= _MOST:
            cut = _CUT.match(text, at) if _WHOLE_BEFORE <= len(found) < _MOST else None
            if cut is None:
                return None
            if cut[2]:
                found.setdefault(cut[1], cut[2])
            return found
        key, quoted, bare = pair.groups()
        value = (
            bare.rstrip(",;") if quoted is None else _ESCAPE.sub(r"\1", quoted) if "\\" in quoted else quoted
        )
        found.setdefault(key, value)
        at = pair.end()
    return found if len(found) >= _FEWEST else None


def _moment(pairs: dict[str, str], reading: Reading) -> int | None:
    if "date" in pairs and "time" in pairs:
        stamp = f"{pairs['date']} {pairs['time']}"
        named = f" {pairs['timezone']}" if "timezone" in pairs else ""
        ts = when(reading.clock, stamp + (pairs.get("tz") or named))
        ts = when(reading.clock, stamp) if ts is None else ts
        if ts is not None:
            return ts
    return first_stamp(reading.clock, pairs, _STAMPS)


def _fill(f: Fields, pairs: dict[str, str]) -> None:
    for key, value in pairs.items():
        name = KEY_VALUE_FIELDS.get(key.lower())
        if name is None:
            f[key] = value
            continue
        put_value(f, name, value)


def _fortigate(f: Fields, pairs: dict[str, str]) -> None:
    """What FortiOS tells with type, subtype, action and status."""
    action, status = pairs.get("action", ""), pairs.get("status", "")
    kind, subtype = pairs["type"], pairs.get("subtype", "")
    if kind == "traffic":
        f |= _VERDICTS.get(action, {})
        protocol = pairs.get("proto", "")
        if protocol.isdecimal():
            put_transport(f, protocol)
    elif kind == "event" and subtype == "vpn":
        f |= _VPN.get(action, {})
    elif kind == "event" and action == "login":
        f |= _ADMIN.get(status, {})


def keyvalue(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of lines of pairs."""
    if "=" not in text[:66]:
        return None
    pairs = pairs_of(text)
    if pairs is None:
        return None
    _fill(f, pairs)
    dataset = "fortigate" if pairs.keys() >= _FORTINET else "keyvalue"
    f["event.dataset"] = dataset
    maker = wall(f, pairs)
    if dataset == "fortigate":
        _fortigate(f, pairs)
    elif maker:
        f["event.dataset"] = dataset = maker
    else:
        mark_login([value for name, value in pairs.items() if name.lower() in SAID_IN], f)
    return _moment(pairs, reading), logsources_of(dataset), 1


def or_pairs(parse: Handler) -> Handler:
    """A body parser for a program that writes pairs on Sophos' UTM, and lines of its own elsewhere."""

    def read(msg: str, f: Fields, mem: Memory) -> int:
        clock = mem.clock if msg[:4] == 'id="' else None
        found = None if clock is None else keyvalue(msg, f, Reading(clock, mem))
        if found is None:
            return parse(msg, f, mem)
        mem.asked = True
        mem.logsources = found[1]
        return mem.times

    return read


FORMATS = (
    Format(
        name="keyvalue",
        title="key=value pairs (logfmt, FortiGate, Sophos, SonicWall)",
        example='time="2026-11-20T10:00:00Z" level=warning msg="login refused" user=ann srcip=198.51.100.9',
        line=keyvalue,
        begins=_BEGINS,
        order=90,
    ),
)
