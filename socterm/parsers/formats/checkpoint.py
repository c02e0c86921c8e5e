"""Check Point: what its Log Exporter writes as syslog, for Splunk or as JSON, and its gateways by themselves.

`[action:"Drop"; src:"203.0.113.9"; …]`, `[Fields@1.3.6.1.4.1.2620 Action="drop" src="203.0.113.9" …]`,
`time=1795168800|action=Drop|src=203.0.113.9|…`. A name that occurs once for each layer of the policy has
its last value: that layer decided. Names without an ECS one are kept under `checkpoint`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.checkpoint_verdicts import verdict
from socterm.parsers.formats.web_request import put_url
from socterm.parsers.marks import Fields, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import moment, when
from socterm.parsers.pairs import put_value
from socterm.parsers.traffic import put_transport
from socterm.taxonomy.appliances import CHECKPOINT_FIELDS
from socterm.taxonomy.logsources import LOGSOURCES

_DATA = "log.syslog.structured_data.Fields@1.3.6.1.4.1.2620."
_PAIR = re.compile(r'\s*([A-Za-z_][\w. /-]{0,63}?)[:=]"((?:[^"\\]|\\.)*+)"?;?')
_ESCAPE = re.compile(r'\\(["\\\]=|])')
_OPENED = re.compile(r'(?:[\w.-]{1,64} ){0,3}(?:- )?\[(?:Fields@[\d.]+ )?(?=[A-Za-z_][\w. /-]{0,63}[:="])')
_MOST = 300
_NAME = re.compile(r"[A-Za-z_][\w. /-]{0,63}$")
_PIPED = ("|product=", "|origin=", "|orig=", "|loguid=")
_NOTHING = frozenset({"", "N/A", "-", " "})
_UNTRANSLATED = frozenset({"0", "0.0.0.0", "::"})  # noqa: S104 - that nothing was translated
_GATES = {"inbound": "ingress", "outbound": "egress"}
_DATASET = "checkpoint.firewall"

Pairs = dict[str, str]


def pairs_of(found: Iterable[tuple[str, str]]) -> Pairs:
    """Names in lower case with their values, of those that say something; the last of several counts."""
    pairs: Pairs = {}
    for name, value in found:
        key = name.strip().lower().replace(" ", "_")
        if (
            value not in _NOTHING
            and len(pairs) < _MOST
            and not (key[:5] == "xlate" and value in _UNTRANSLATED)
        ):
            pairs[key] = _ESCAPE.sub(r"\1", value) if "\\" in value else value
    return pairs


def fill(f: Fields, pairs: Pairs) -> None:
    """Write what the pairs of a record say under ECS names, and what became of what it tells about."""
    f["event.dataset"] = _DATASET
    for name, value in pairs.items():
        known = CHECKPOINT_FIELDS.get(name)
        if known is None:
            f[f"checkpoint.{name}"] = value
        elif known:
            put_value(f, known, value)
    put_transport(f, pairs.get("proto", pairs.get("ip_proto", "")))
    service = pairs.get("service", "")
    if service.isdecimal():
        put_end(f, "destination", "", service)
    elif service:
        f["network.protocol"] = service.lower()
    direction = pairs.get("ifdir", "").lower()
    if direction in _GATES:
        f["network.direction"] = direction
        if "ifname" in pairs:
            f[f"observer.{_GATES[direction]}.interface.name"] = pairs["ifname"]
    origin = pairs.get("origin") or pairs.get("orig", "")
    put_end(f, "observer", origin)
    if "observer.domain" in f:
        f["observer.name"] = f.pop("observer.domain")
    if "resource" in pairs:
        put_url(f, pairs["resource"])
    verdict(f, pairs)


def checkpoint(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for the exporter (CheckPoint) and a gateway (CP-GW)."""
    own = {name: value for name, value in f.items() if name.startswith(_DATA)}
    if own:
        fill(f, pairs_of((name[len(_DATA) :], str(value)) for name, value in own.items()))
        for name in own:
            del f[name]
        return mem.times
    opened = _OPENED.match(msg)
    if opened is None:
        return mem.times
    pairs = pairs_of(_PAIR.findall(msg, opened.end()))
    fill(f, pairs)
    if mem.clock is not None and "time" in pairs:
        mem.told = when(mem.clock, pairs["time"])
    return mem.times


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A line of the exporter's form for Splunk, and of LEA's readers: pairs between bars."""
    if not text.startswith(("time=", "loc=")) or not any(sign in text for sign in _PIPED):
        return None
    parts = (part.partition("=") for part in text.split("|", _MOST))
    pairs = pairs_of((name, value) for name, found, value in parts if found and _NAME.match(name))
    ts = when(reading.clock, pairs.get("time", ""))
    if ts is None:
        return None
    if "hostname" in pairs:
        f["host.hostname"] = pairs["hostname"]
    fill(f, pairs)
    f.setdefault("message", text)
    return ts, LOGSOURCES[_DATASET], 1


def _object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """The exporter's JSON: the same names, values as text."""
    ts = moment(reading.clock, entry.get("time"))
    if ts is None or not isinstance(entry.get("loguid"), str):
        return None
    pairs = pairs_of(
        (name, value if isinstance(value, str) else str(value))
        for name, value in entry.items()
        if _NAME.match(name) and isinstance(value, str | int)
    )
    if "hostname" in pairs:
        f["host.hostname"] = pairs["hostname"]
    fill(f, pairs)
    return ts, LOGSOURCES[_DATASET], 1


_CHECKPOINT = Program(checkpoint, _DATASET)
FORMATS = (
    Format(
        name="checkpoint",
        title="Check Point firewall: Log Exporter as syslog, Splunk's form and JSON",
        example=(
            '<134>1 2026-11-20T10:00:00Z cp1 CheckPoint 13752 - [action:"Drop"; ifdir:"inbound"; '
            'ifname:"eth0"; loguid:"{0x655b2d20,0x1,0x10200c0,0x7d5707b6}"; origin:"192.0.2.1"; '
            'time:"1795168800"; dst:"192.0.2.9"; proto:"6"; rule_name:"Cleanup rule"; '
            'product:"VPN-1 & FireWall-1"; s_port:"40000"; service:"23"; src:"203.0.113.9"]'
        ),
        programs={"checkpoint": _CHECKPOINT, "cp-gw": _CHECKPOINT},
        line=_line,
        begins="tl",
        object=_object,
        keys=(frozenset({"loguid"}), frozenset({"product"}), frozenset({"origin"}), frozenset({"time"})),
    ),
)
