"""CEF and LEEF: what firewalls, proxies and appliances send to a SIEM, mostly behind a syslog header.

`CEF:0|vendor|product|version|event class|name|severity|key=value …` (ArcSight, rev. 25) and
`LEEF:1.0|vendor|product|version|event id|key=value<tab>…` (QRadar; 2.0 names its own delimiter). Keys known
here become ECS names, all others stay under `cef.` or `leef.`; a custom column is named by its label.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.ip")
('blocked', '198.51.100.9', '10.0.0.5')
>>> read_line(FORMATS[1].example, "source.ip", "user.name", "destination.ip")
('10.0.0.8', 'ann', '198.51.100.4')
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, number
from socterm.parsers.memory import Memory
from socterm.parsers.pairs import first_stamp, put_value
from socterm.taxonomy.appliances import CEF_FIELDS, LEEF_FIELDS
from socterm.taxonomy.logsources import logsources_of

_KEY = re.compile(r"(?:^| )([\w.\[\]-]{1,64})=")
_ESCAPE = re.compile(r"\\([\\=|nr\"\]])")
_PLAIN = {"n": "\n", "r": "\r"}
_STAMPS = ("rt", "end", "start", "devTime")
_LABELLED = re.compile(r"(?:cs|cn|cfp|c6a|flexString|flexNumber|flexDate|deviceCustomDate)\d{1,2}")
_SEVERITIES = {"unknown": 0, "low": 3, "medium": 6, "high": 8, "very-high": 10}
_MOST_PAIRS = 200


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: _PLAIN.get(found[1], found[1]), text) if "\\" in text else text


def _head(text: str, parts: int) -> list[str] | None:
    """The header's parts and what follows them; bars are escaped in it."""
    found: list[str] = []
    start = at = 0
    while len(found) < parts:
        at = text.find("|", at)
        if at < 0:
            return None
        if text[at - 1 : at] == "\\" and text[at - 2 : at] != "\\\\":
            at += 1
            continue
        found.append(_unescaped(text[start:at].strip()))
        at += 1
        start = at
    return [*found, text[start:]]


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`key=value key=value`, where a value runs up to the next key and so may hold blanks."""
    keys: list[tuple[str, int, int]] = []
    for found in _KEY.finditer(text):
        if len(keys) >= _MOST_PAIRS:
            break
        keys.append((found[1], found.start(), found.end()))
    for index, (key, _, end) in enumerate(keys):
        until = keys[index + 1][1] if index + 1 < len(keys) else len(text)
        yield key, _unescaped(text[end:until].strip(" "))


def _tabbed(text: str, delimiter: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(delimiter)[:_MOST_PAIRS]:
        key, equals, value = pair.strip().partition("=")
        if equals and key:
            yield key, value


def _fill(f: Fields, pairs: dict[str, str], known: dict[str, str], prefix: str) -> None:
    """Write the pairs under their names. A label renames its column: `cs1=x cs1Label=Zone` → cef.Zone."""
    labels = {key[:-5]: label for key, label in pairs.items() if key.endswith("Label") and label}
    for key, value in pairs.items():
        if not value or value == "-" or (key.endswith("Label") and _LABELLED.fullmatch(key[:-5])):
            continue
        name = known.get(key)
        if name is None:
            label = labels.get(key) if _LABELLED.fullmatch(key) else None
            f[f"{prefix}.{label or key}"] = value
            continue
        put_value(f, name, value)


def _severity(text: str) -> int | None:
    return _SEVERITIES.get(text.lower()) if not text.isdecimal() else number(text, 2)


def cef(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of a CEF record."""
    if not text.startswith("CEF:"):
        return None
    parts = _head(text[4:], 7)
    if parts is None or not parts[0][:1].isdecimal():
        return None
    _, vendor, product, version, code, name, severity, rest = parts
    pairs = dict(_pairs(rest))
    _fill(f, pairs, CEF_FIELDS, "cef")
    f["event.dataset"] = "cef"
    f.update({"observer.vendor": vendor, "observer.product": product, "event.code": code})
    if version:
        f["observer.version"] = version
    if "msg" not in pairs:
        f["message"] = name
    f["rule.name"] = name
    grave = _severity(severity)
    if grave is not None:
        f["event.severity"] = grave
    return first_stamp(reading.clock, pairs, _STAMPS), logsources_of("cef"), 1


def leef(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of a LEEF record, 1.0 and 2.0."""
    if not text.startswith("LEEF:"):
        return None
    parts = _head(text[5:], 5)
    if parts is None or parts[0][:2] not in {"1.", "2."}:
        return None
    level, vendor, product, version, code, rest = parts
    delimiter = "\t"
    if level.startswith("2."):
        named, bar, behind = rest.partition("|")
        if bar and len(named) <= 6:
            delimiter, rest = _delimiter(named), behind
    pairs = dict(_tabbed(rest, delimiter))
    _fill(f, pairs, LEEF_FIELDS, "leef")
    f["event.dataset"] = "leef"
    f.update({"observer.vendor": vendor, "observer.product": product, "event.code": code})
    if version:
        f["observer.version"] = version
    grave = _severity(pairs.get("sev", ""))
    if grave is not None:
        f["event.severity"] = grave
    return first_stamp(reading.clock, pairs, _STAMPS), logsources_of("leef"), 1


def _delimiter(named: str) -> str:
    """`^`, `x09`, `0x5e`: a character or its code; a tab where it is neither."""
    code = named.lower().removeprefix("0").removeprefix("x")
    if len(named) == 1:
        return named
    try:
        return chr(int(code, 16)) if code else "\t"
    except (ValueError, OverflowError):
        return "\t"


def _tagged(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for `CEF: 0|…`, where the blank makes the record's own mark look like a program's name."""
    if mem.clock is None:
        return mem.times
    found: Fields = {}
    read = cef(f"CEF:{msg}", found, Reading(mem.clock, mem))
    if read is not None:
        mem.asked = True
        f.pop("process.name", None)
        f |= found
        mem.told, mem.logsources = read[:2]
    return mem.times


FORMATS = (
    Format(
        name="cef",
        title="CEF (ArcSight Common Event Format)",
        example="CEF:0|Example|Wall|1.0|100|Connection blocked|7|src=198.51.100.9 spt=4711 dst=10.0.0.5 "
        "dpt=22 proto=TCP act=blocked rt=1795168800000",
        programs={"cef": Program(_tagged, "cef", wraps=False)},
        line=cef,
        begins="C",
        order=20,
    ),
    Format(
        name="leef",
        title="LEEF (QRadar Log Event Extended Format)",
        example="LEEF:2.0|Example|Proxy|3.1|deny|^|src=10.0.0.8^dst=198.51.100.4^usrName=ann^"
        "devTime=2026-11-20T10:00:00Z",
        line=leef,
        begins="L",
        order=20,
    ),
)
