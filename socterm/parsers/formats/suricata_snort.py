"""Snort's alerts beside alert_fast (`suricata_fast`): alert_json and alert_csv of Snort 3, alert_full of all.

alert_full writes an alert over several lines, and its ends on the third:
`[**] [1:2013028:4] NAME [**]`, `[Classification: …] [Priority: 2]`, `11/20-10:00:00.000001 A:1 -> B:80`.
The last of these is the alert; what the lines before it said is remembered for it.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.port")
('ids_alert', '192.0.2.5', 80)
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.flat import flatten
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.suricata_fast import put_snort_end, stamp_of
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import of_number
from socterm.parsers.traffic import mac_of, parted, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_ALERT = "suricata.alert"
_KEY = "snort alert_full"
_RULE = re.compile(r"(?P<gid>\d{1,10}):(?P<sid>\d{1,10}):(?P<rev>\d{1,10})$")
_NAMED = re.compile(
    r"\[\*\*\] \[(?P<rule>\d{1,10}:\d{1,10}:\d{1,10})\] +(?:<[^<>\s]{1,64}> +)?"
    r"(?P<name>.{0,1000}?) ?\[\*\*\]\s*$"
)
_GRAVE = re.compile(
    r"(?:\[Classification: (?P<category>[^\[\]]{0,200})\] )?\[Priority: (?P<priority>\d{1,3})\]\s*$"
)
_ENDS = re.compile(r"(?P<source>[0-9a-fA-F.:\[\]]{2,51}) -> (?P<destination>[0-9a-fA-F.:\[\]]{2,51})\s*$")
_CSV = re.compile(
    r"(?P<stamp>\S{20,28}), ?\d{1,20}, ?(?P<proto>\w{2,10}), ?\w{2,20}, ?(?P<length>\d{1,10}), ?\w{2,5}, ?"
    r"(?P<source>[^,]{0,60}), ?(?P<destination>[^,]{0,60}), ?(?P<rule>\d{1,10}:\d{1,10}:\d{1,10}), ?"
    r"(?P<action>\w{2,20})\s*$"
)
_FEW = 5
"""Lines of an alert: those of a header that is further away belong to another one."""
_STOPS = frozenset({"drop", "block", "reset", "reject", "rewrite"})
_MATCHED, _STOPPED = mark("ids_alert"), mark("ids_blocked", "success")
_NAMES = {
    "class": "rule.category", "msg": "message", "iface": "observer.ingress.interface.name",
    "service": "network.protocol", "pkt_len": "network.bytes", "vlan": "network.vlan.id",
}  # fmt: skip
_READ = frozenset({
    "timestamp", "seconds", "proto", "src_ap", "dst_ap", "src_addr", "dst_addr", "src_port", "dst_port",
    "rule", "gid", "sid", "rev", "priority", "action", "eth_src", "eth_dst", *_NAMES,
})  # fmt: skip
_UNKNOWN = frozenset({"", "unknown", "none", "N/A"})


def _rule(f: Fields, text: str) -> bool:
    found = _RULE.match(text)
    if found is None:
        return False
    f["suricata.alert.gid"] = int(found["gid"])
    f["rule.id"], f["rule.version"] = found["sid"], int(found["rev"])
    return True


def _verdict(f: Fields, action: str) -> None:
    f |= _STOPPED if action.lower() in _STOPS else _MATCHED


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """alert_json: which names a line has is the administrator's choice."""
    made: Fields = {"event.dataset": _ALERT}
    rule = _text(entry, "rule") or ":".join(_text(entry, name) or "0" for name in ("gid", "sid", "rev"))
    if not _rule(made, rule):
        return None
    seconds = entry.get("seconds")
    ts = of_number(seconds) if isinstance(seconds, int) else None
    ts = stamp_of(_text(entry, "timestamp"), reading.clock) or ts
    if ts is None:
        return None
    for side, short in (("source", "src"), ("destination", "dst")):
        address, port = parted(_text(entry, f"{short}_ap"))
        if _text(entry, f"{short}_ap").count(":") > 1 and "[" not in _text(entry, f"{short}_ap"):
            address, _, port = _text(entry, f"{short}_ap").rpartition(":")
        put_end(made, side, _text(entry, f"{short}_addr") or address, _text(entry, f"{short}_port") or port)
        if made.get(f"{side}.port") == 0:
            del made[f"{side}.port"]
        mac = mac_of(_text(entry, f"eth_{short}"))
        if mac:
            made[f"{side}.mac"] = mac
    put_transport(made, _text(entry, "proto"))
    for theirs, ours in _NAMES.items():
        value = entry.get(theirs)
        if isinstance(value, str | int) and value not in _UNKNOWN:
            made[ours] = value
    if "message" in made:
        made["rule.name"] = made["message"] = str(made["message"]).strip('"')
    if isinstance(entry.get("priority"), int) and 0 <= entry["priority"] < 256:
        made["event.severity"] = entry["priority"]
    _verdict(made, _text(entry, "action"))
    flatten({name: value for name, value in entry.items() if name not in _READ}, made, "snort.")
    f |= made
    return ts, LOGSOURCES[_ALERT], 1


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    """alert_csv in its default columns, and the third line of an alert of alert_full."""
    if text[5:6] not in "-/" or text[2:3] != "/":
        return None
    row = _CSV.match(text)
    stamp = row["stamp"] if row is not None else text.partition(" ")[0]
    ts = stamp_of(stamp, reading.clock)
    if ts is None:
        return None
    if row is not None:
        _rule(f, row["rule"])
        put_transport(f, row["proto"])
        f["network.bytes"] = int(row["length"])
        _verdict(f, row["action"])
        found = row
    else:
        ends = _ENDS.match(text[len(stamp) + 1 :])
        if ends is None:
            return None
        found = ends
        _remembered(f, reading)
        f |= _MATCHED
    for side in ("source", "destination"):
        put_snort_end(f, side, found[side])
    f["event.dataset"] = _ALERT
    f.setdefault("message", text)
    return ts, LOGSOURCES[_ALERT], 1


def _remembered(f: Fields, reading: Reading) -> None:
    note = reading.memory.recall(_KEY)
    if note and 0 < reading.memory.position - note["at"] < _FEW:
        f |= {name: value for name, value in note.items() if name != "at"}
        reading.memory.keep(_KEY, {})


def _opening(text: str, f: Fields, reading: Reading) -> Found | None:
    """The first two lines of an alert of alert_full: its rule, then how grave it is."""
    mem = reading.memory
    named = _NAMED.match(text)
    if named is not None:
        _rule(f, named["rule"])
        f["rule.name"] = f["message"] = named["name"].strip('"')
        mem.keep(_KEY, {**f, "at": mem.position})
    else:
        grave = _GRAVE.match(text)
        if grave is None:
            return None
        told: Fields = {"event.severity": int(grave["priority"])}
        if grave["category"]:
            told["rule.category"] = grave["category"]
        note = mem.recall(_KEY)
        if note and mem.position - note["at"] == 1:
            mem.keep(_KEY, {**note, **told})
        f |= told
        f["message"] = text
    f["event.dataset"] = "suricata"
    return None, LOGSOURCES["suricata"], 1


def _any(text: str, f: Fields, reading: Reading) -> Found | None:
    return _opening(text, f, reading) if text[:1] == "[" else _line(text, f, reading)


FORMATS = (
    Format(
        name="snort",
        title="Snort: alert_json and alert_csv of Snort 3, alert_full",
        example=(
            '{ "timestamp" : "11/20-10:00:00.123456", "pkt_num" : 4, "proto" : "TCP", "pkt_gen" : "raw", '
            '"pkt_len" : 60, "dir" : "C2S", "src_ap" : "192.0.2.5:40000", "dst_ap" : "203.0.113.80:80", '
            '"rule" : "1:2013028:4", "action" : "allow" }'
        ),
        line=_any,
        begins="[0123",
        object=_object,
        keys=(
            frozenset({"rule", "sid"}),
            frozenset({"src_ap", "src_addr", "dst_ap", "dst_addr"}),
            frozenset({"timestamp", "seconds"}),
        ),
    ),
)
