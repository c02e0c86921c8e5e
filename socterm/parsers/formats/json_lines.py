"""JSON lines of whatever program: stamp, level, message, host and the names that mean one thing everywhere.

All else keeps the producer's names, nested objects as dotted ones. The last format asked: whoever knows the
object better has had it before. Bunyan's and pino's levels are numbers, GELF's are syslog's.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "source.ip", "user.name", "log.level")
('192.0.2.77', 'ann', 'warn')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.carried import NAMES as CARRIED
from socterm.parsers.carried import carried
from socterm.parsers.envelopes import is_docker
from socterm.parsers.flat import LONGEST_NAME, MOST, flatten, put
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.json_values import Put, put_other, put_text, special_of, typed
from socterm.parsers.formats.own_logins import SAID_IN, mark_login
from socterm.parsers.marks import Fields
from socterm.parsers.moments import moment
from socterm.parsers.stamps import Clock
from socterm.parsers.unified import is_unified
from socterm.taxonomy.json_names import MESSAGES, STAMPS
from socterm.taxonomy.logsources import logsources_of

RESERVED = frozenset({"@timestamp", "event.kind", "event.original", "event.dataset", "message"})
"""Names that are ours to set, whatever a producer says."""
_SOURCES = logsources_of("json")
_MOST_SHAPES = 1024
_MOST_NAMES = 100
_LONGEST_NAMES = 8192
"""Names of an object, and characters of them, for its shape to be kept."""
_INT64 = 1 << 63
_HUGE = 1e308
_ROOTS = frozenset({"source", "destination", "process", "http", "host"})
"""Objects in which typed ECS fields stand."""
_ENVELOPES = ("json", "event", "data", "fields", "body", "_source", "result", "record", "attributes")
_BUNYAN = {10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal"}
_JOURNAL = frozenset({"SYSLOG_IDENTIFIER", "_COMM", "_PID", "_HOSTNAME", "_TRANSPORT", "PRIORITY"})
_PACKED = frozenset({"MESSAGE", "log", "eventMessage"})
"""Names of which an object may be what another program's line came in."""

_SYSLOG = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")


class Shape:
    """What is done with the values of objects that have the same names: lines of a program mostly do.

    `plain` values stay as they are; `texts` have a field of their own; `others` are looked at first. `stamps`
    and `messages` stand in the order in which they are trusted. `said` may be a word for what happened.
    `nested`: typed ECS fields may lie inside.
    """

    __slots__ = (
        "carries", "dotted", "envelope", "few", "messages", "nested", "others", "plain", "said", "stamps",
        "texts",
    )  # fmt: skip

    def __init__(self, names: tuple[str, ...]) -> None:
        plain: list[str] = []
        texts: list[tuple[str, str, Put]] = []
        others: list[tuple[str, str, Put]] = []
        low = {name: name.lower() for name in names}
        self.stamps = sorted((n for n in names if low[n] in STAMPS), key=lambda n: STAMPS.index(low[n]))
        self.messages = sorted((n for n in names if low[n] in MESSAGES), key=lambda n: MESSAGES.index(low[n]))
        self.said = tuple(name for name in names if low[name] in SAID_IN)
        self.carries = not CARRIED.isdisjoint(names)
        weighed = {*self.stamps, *self.messages}
        for name in names:
            special = special_of(low[name])
            if name in weighed:
                continue
            if special is not None:
                (texts if special[1] is put_text else others).append((name, *special))
            elif name in RESERVED or low[name].partition(".")[0] == "socterm" or not name:
                others.append((name, f"json.{name or '_'}", put_other))
            elif len(name) > LONGEST_NAME:
                others.append((name, name, put_other))
            else:
                plain.append(name)
        self.plain, self.texts, self.others = tuple(plain), tuple(texts), tuple(others)
        self.few = len(names) < MOST
        self.nested = any(name.partition(".")[0] in _ROOTS for name in names)
        self.dotted = any("." in name for name in names)
        self.envelope = not _PACKED.isdisjoint(names)


_shapes: dict[tuple[str, ...], Shape] = {}


def shape_of(entry: dict[str, Any]) -> Shape:
    """The shape of an object, kept for the next one."""
    names = tuple(entry)
    found = _shapes.get(names)
    if found is None:
        found = Shape(names)
        if len(names) <= _MOST_NAMES and sum(map(len, names)) <= _LONGEST_NAMES:
            if len(_shapes) >= _MOST_SHAPES:
                _shapes.clear()
            _shapes[names] = found
    return found


def fill(entry: dict[str, Any], f: Fields, shape: Shape) -> None:
    """Write the values of an object that need no weighing into the fields."""
    few = shape.few
    deep = shape.dotted
    for name, target, special in shape.texts:
        value = entry[name]
        kind = value.__class__
        if kind is str and value and target not in f:
            f[target] = value
        elif kind is dict:
            flatten(value, f, f"{name}.", 2)
            deep = True
        else:
            special(f, target, name, value)
    for name, target, special in shape.others:
        special(f, target, name, entry[name])
    for name in shape.plain:
        value = entry[name]
        kind = value.__class__
        if few and (
            kind is str
            or kind is bool
            or (kind is int and -_INT64 <= value < _INT64)
            or (kind is float and -_HUGE < value < _HUGE)
        ):
            f[name] = value
        elif kind is dict:
            flatten(value, f, f"{name}.", 2)
            deep = True
        else:
            put(f, name, value)
    if shape.nested and deep:
        typed(f)


def stamped(entry: dict[str, Any], f: Fields, stamps: list[str], clock: Clock) -> int | None:
    """The instant of the most trusted stamp that is one; the others become fields."""
    ts = None
    for key in stamps:
        found = moment(clock, entry[key]) if ts is None else None
        if found is not None:
            ts = found
        else:
            put(f, f"json.{key}" if key in RESERVED else key, entry[key])
    return ts


def told(entry: dict[str, Any], f: Fields, messages: list[str]) -> None:
    """The most trusted text becomes the message; the others keep their names."""
    for key in messages:
        value = entry[key]
        if value.__class__ is str and "message" not in f:
            f["message"] = value
        else:
            put(f, f"json.{key}" if key in RESERVED else key, value)


def _levels(entry: dict[str, Any], f: Fields) -> None:
    """Levels that are numbers, where the rest of the object tells whose they are."""
    level = f.get("level")
    if level.__class__ is not int:
        return
    if entry.get("version") == "1.1" and 0 <= level < 8:
        f["log.level"] = _SYSLOG[level]
        f["log.syslog.severity.code"] = level
    elif level in _BUNYAN and "pid" in entry and "hostname" in entry:
        f["log.level"] = _BUNYAN[level]


def _other_envelope(entry: dict[str, Any]) -> bool:
    """Whether it is a line of docker, the journal or macOS: those are read by the careful way."""
    if ("MESSAGE" in entry and not _JOURNAL.isdisjoint(entry)) or is_unified(entry):
        return True
    return is_docker(entry)


_BEGUN = frozenset("JFMASOND<0123{")
_LOGGED = re.compile(
    r"(?:<\d{1,3}>|<Event[ >]|\{\s*\"|\d\d/\d\d/\d{4} \d\d:\d\d:\d\d [AP]M\s|"
    r"[JFMASOND][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* \S+ \S+\[\d)"
)
"""How a line that a shipper passes on whole begins."""


def json_lines(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of any JSON object."""
    shape = shape_of(entry)
    if not entry or (shape.envelope and _other_envelope(entry)):
        return None
    f["event.dataset"] = "json"
    fill(entry, f, shape)
    ts = stamped(entry, f, shape.stamps, reading.clock)
    if shape.messages:
        told(entry, f, shape.messages)
        said = f.get("message", "")
        if said.__class__ is str and said[:1] in _BEGUN and _LOGGED.match(said):
            reading.memory.inner = said
    if shape.carries:
        reading.memory.inner = carried(entry) or reading.memory.inner
    if "level" in f:
        _levels(entry, f)
    if shape.said:
        mark_login([entry[name] for name in shape.said], f)
    if ts is None:
        ts = _inside(entry, reading)
    if "event" in entry:
        for name in ("event.kind", "event.original"):
            if name in f:
                f[f"json.{name}"] = f.pop(name)
    return ts, _SOURCES, 1


def _inside(entry: dict[str, Any], reading: Reading) -> int | None:
    """The stamp of an object in an envelope: `{"json": {"timestamp": …}}`, log4j's `{"instant": {…}}`."""
    instant = entry.get("instant")
    if isinstance(instant, dict) and instant.get("epochSecond").__class__ is int:
        ts = moment(reading.clock, instant["epochSecond"])
        nano = instant.get("nanoOfSecond")
        return ts + nano // 1000 if ts is not None and nano.__class__ is int else ts
    for name in _ENVELOPES:
        inner = entry.get(name)
        if inner.__class__ is dict:
            for stamp in STAMPS:
                ts = moment(reading.clock, inner[stamp]) if stamp in inner else None
                if ts is not None:
                    return ts
    return None


FORMATS = (
    Format(
        name="json",
        title="JSON lines of any program",
        example='{"time":"2026-11-20T10:00:00.123Z","level":"warn","logger":"auth","msg":"login refused",'
        '"user":"ann","client_ip":"192.0.2.77","attempt":{"count":3,"factor":"totp"},"hostname":"app7"}',
        object=json_lines,
        order=90,
    ),
)
