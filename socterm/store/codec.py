"""An event as a row and back, without storing anything twice.

The promoted fields stand in their columns, those that many lines share in a row of `kinds`; the rest is the
JSON column `fields`, of the event or of its kind. What follows from other columns is only noted in `flags`: a
message that is the end of the raw text (one inside it, as JSON has it, is kept in `fields`), and
`event.category` and `event.type` that the taxonomy gives for the action. A key in `fields` wins over its
column: a value whose type the column would bend is kept there exactly, and the column holds its searchable
form.

Reading back gives the same `fields`, except that lists come back as tuples.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter
from typing import Any

import msgspec

from socterm.event import Event, LogSource
from socterm.store.jsontext import clean, from_json, is_clean, to_json
from socterm.store.kinds import SHARED, Kinds, size
from socterm.store.rows import EventRow
from socterm.taxonomy import ACTIONS, COLUMNS
from socterm.taxonomy.logsources import logsources_told

ALERTED = 1
CATEGORY = 2
TYPE = 4
FAILED_PARSE = 8
TIME_SHIFT = 4
FAILURE = 64
MESSAGE_SHIFT = 7
"""`flags`: bit 0 the event is evidence of an alert, 1 and 2 category and type follow from the action,
3 kind is pipeline_error, 4-5 index into TIMES, 6 the outcome is failure, from 7 on 1 + the message's offset
in raw."""

TIMES = ("line", "previous", "received")
"""Where an event's time came from, in the order of the bits."""

NAMES = tuple(column.ecs for column in COLUMNS)
ROW_COLUMNS = (
    "id",
    "ts",
    "source",
    "position",
    "repeat",
    "flags",
    "kind",
    "raw",
    "fields",
    *(c.name for c in COLUMNS if not c.shared),
)
"""What `encode` makes."""

READ_COLUMNS = (
    "e.id, e.ts, e.source, e.position, e.repeat, e.flags, e.raw, coalesce(e.fields, k.fields), "
    + ", ".join(f"{'k' if c.shared else 'e'}.{c.name}" for c in COLUMNS)
)
"""What `decode` reads, from `events e` with JOIN."""

JOIN = "LEFT JOIN kinds k ON k.id = e.kind"
EXTRA = "~"
"""Key inside `fields` for what is no ECS field: an unusual kind, log sources that the fields do not tell, and
values JSON cannot carry."""

NULL = float("nan")
"""What SQLite stores as NULL: the driver binds a NaN at once, for a None it first searches for an adapter."""

Row = tuple[Any, ...]
Rows = list[Any]
"""The values of many rows, ROW_COLUMNS after ROW_COLUMNS."""

Encoded = tuple[int, int, str | float | None, tuple[Any, ...], int]
"""(flags, kind, fields JSON, promoted columns that are not shared, template)"""

_PROMOTED: dict[str, type] = {column.ecs: str if column.type == "TEXT" else int for column in COLUMNS}
_SHARED = tuple(column.ecs for column in SHARED)
_OWN = tuple(name for name in NAMES if name not in _SHARED)
_WIDTH = len(_SHARED)
_TIME_BITS = {name: index << TIME_SHIFT for index, name in enumerate(TIMES)}
_CATEGORY, _TYPE, _MESSAGE = "event.category", "event.type", "message"
_TOLD = ("event.dataset", "event.action", "event.outcome", "event.code", "LogonType", "process.name")
_ACTION_AT, _OUTCOME_AT = _SHARED.index("event.action"), _SHARED.index("event.outcome")
_KIND_BITS = {"event": 0, "pipeline_error": FAILED_PARSE}
_HAS_A_PLACE = dict.fromkeys(NAMES, 0) | {
    _CATEGORY: CATEGORY, _TYPE: TYPE, _MESSAGE: -1 << MESSAGE_SHIFT,
}  # fmt: skip
"""Fields that mostly need no room in the JSON → the flags that say so, 0 for those with a column."""

_SCALAR = (str, int, float, bool, tuple)
_FITTING = {name: (want,) for name, want in _PROMOTED.items()} | {
    _CATEGORY: (tuple,), _TYPE: (tuple,), _MESSAGE: (str,),
}  # fmt: skip
_MOST_KEPT = 4096
_NAMES_KEPT = 16 << 10
"""Characters of names that a shape may have to be kept: some write what differs into names."""
_encoder = msgspec.json.Encoder()
_INT64 = range(-(1 << 63), 1 << 63)


class _Shape:
    """Where the fields of events stand that have the same names and types: a parser has a few dozen of them.

    The getters take `(*fields.values(), None, NULL)`; the last two stand for what is absent. `common` gives
    the shared values, then those that have no column. `fits` is False where a column would bend a value.
    `known` is (flags, kind, category, type, log sources, template) of lines with the same `common`: what
    needs no more thought. Of `mined` lines, whose parser did not say what happened, the template is found by
    the message and stands before `common` in the key; of others it follows from `told`.
    """

    __slots__ = (
        "category", "common", "fits", "known", "message", "mined", "names", "own", "rest", "speaks", "told",
        "type",
    )  # fmt: skip

    def __init__(self, names: tuple[str, ...], types: tuple[type, ...]) -> None:
        at = {name: index for index, name in enumerate(names)}
        self.fits = all(
            found in _FITTING.get(name, _SCALAR) for name, found in zip(names, types, strict=True)
        )
        self.message, self.category, self.type = (at.get(name, -2) for name in (_MESSAGE, _CATEGORY, _TYPE))
        self.own = itemgetter(*(at.get(name, -1) for name in _OWN))
        self.rest = tuple(name for name in names if name not in _HAS_A_PLACE)
        self.common = itemgetter(*(at.get(name, -2) for name in (*_SHARED, *self.rest)))
        self.names = names
        self.speaks = "event.action" in at or "event.code" in at
        self.mined = self.fits and not self.speaks and _MESSAGE in at
        self.told = itemgetter(*(at.get(name, -2) for name in _TOLD))
        self.known: dict[Any, tuple[int, int, Any, Any, Any, int]] = {}


def encode(
    events: Iterable[Event], sources: Mapping[str, int], kinds: Kinds, alerted: Collection[int]
) -> Rows:
    """Rows for `INSERT INTO events`, one after another in one list. `alerted` are ids known to be evidence.

    New kinds stay with `kinds` until they are written.
    Raises UnicodeEncodeError or OverflowError only later, in SQLite, for text or numbers it cannot hold:
    then `storable` helps.
    """
    rows: Rows = []
    shapes: dict[Any, _Shape] = kinds.shapes
    templates = kinds.templates
    templates.batch = of = []
    mine = templates.mined
    for event in events:
        fields, raw = event.fields, event.raw
        values = (*fields.values(), None, NULL)
        key = (*fields, *map(type, fields.values()))
        shape = shapes.get(key) or _new_shape(key, shapes)
        message = values[shape.message]
        template = 0
        try:
            if shape.mined:
                dataset, *_, program = shape.told(values)
                template = mine(program, dataset, message)
                found = shape.known.get((template, shape.common(values)))
            else:
                found = shape.known.get(shape.common(values))
        except TypeError:  # a list within a list
            found = None
        # Mostly all is known; category and type are then the very objects of the taxonomy.
        if (
            found is not None
            and found[2] is values[shape.category]
            and found[3] is values[shape.type]
            and event.kind == "event"
            and (event.logsources is found[4] or event.logsources == found[4])
            and (message is None or raw.endswith(message))
        ):
            flags, kind, own, template = found[0], found[1], shape.own(values), found[5]
            rest: str | float | None = NULL
            if message is not None:
                flags |= (len(raw) - len(message) + 1) << MESSAGE_SHIFT
        else:
            flags, kind, rest, own, template = _quick(event, shape, values, kinds, template) or _careful(
                event, kinds, template
            )
        if event.time_from != "line":
            flags |= _TIME_BITS[event.time_from]
        if event.id in alerted:
            flags |= ALERTED
        rows += (
            event.id, event.ts, sources[event.source], event.position, event.repeat, flags, kind, raw, rest,
        )  # fmt: skip
        rows += own
        of.append(template)
    return rows


def _new_shape(key: tuple[Any, ...], shapes: dict[Any, _Shape]) -> _Shape:
    """The shape of events with these field names, in their order, and types of values."""
    if len(shapes) >= _MOST_KEPT:
        shapes.clear()
    count = len(key) // 2
    shape = _Shape(key[:count], key[count:])
    if size(key[:count]) <= _NAMES_KEPT:
        shapes[key] = shape
    return shape


def _quick(
    event: Event, shape: _Shape, values: tuple[Any, ...], kinds: Kinds, template: int
) -> Encoded | None:
    """An event of which all follows from elsewhere that can, but for a message inside the raw text, as JSON
    has it. None for any other.

    `template` is that of a mined line, else 0.
    """
    flags = _KIND_BITS.get(event.kind)
    message = values[shape.message]
    if not shape.fits or flags is None or _unlike(event):
        return None
    inside = message is not None and not event.raw.endswith(message)
    try:
        learnt = _learn(shape, values, kinds, event, template, inside=inside)
    except TypeError:  # a list within a list
        return None
    if learnt is None:
        return None
    if message is not None and not inside:
        flags |= (len(event.raw) - len(message) + 1) << MESSAGE_SHIFT
    return learnt[0] | flags, learnt[1], learnt[2], shape.own(values), learnt[3]


def _unlike(event: Event) -> bool:
    """Whether a parser knew other log sources than the fields tell: they are then kept with the event."""
    sources = event.logsources
    return bool(sources) and sources != logsources_told(event.fields)


def _learn(
    shape: _Shape, values: tuple[Any, ...], kinds: Kinds, event: Event, mined: int, *, inside: bool
) -> tuple[int, int, str | None, int] | None:
    """(flags, kind, fields JSON of the row itself, template); None where something does not follow from the
    rest. `inside`: the message stands among the fields, which are then not remembered by the others."""
    common, category, kind = shape.common(values), values[shape.category], values[shape.type]
    shared, rest, names = common[:_WIDTH], common[_WIDTH:], shape.rest
    flags = FAILURE if shared[_OUTCOME_AT] == "failure" else 0
    if category is not None or kind is not None:
        action = ACTIONS.get(shared[_ACTION_AT])
        if action is None or category != action.category or kind != action.type:
            return None
        flags |= CATEGORY | TYPE
    encoded = b""
    if inside:
        rest, names = (values[shape.message], *rest), (_MESSAGE, *names)
    if rest:
        try:
            encoded = _encoder.encode(dict(zip(names, rest, strict=True)))
        except (UnicodeEncodeError, OverflowError):
            return None
        if b"null" in encoded or EXTRA in shape.rest:  # NaN becomes null; ~ is our own key
            return None
    template = mined or _template(shape, values, kinds, event)
    ident, text = kinds.place(shared, encoded, template)
    if text is None and not inside and all(map(_is_distinct, rest)):
        key = (mined, common) if mined else common
        kinds.remember(shape.known, key, (flags, ident, category, kind, event.logsources, template))
    return flags, ident, text, template


def _template(shape: _Shape, values: tuple[Any, ...], kinds: Kinds, event: Event) -> int:
    """The template of a line that its fields tell; the message is only looked at where it is a new one."""
    if not shape.speaks:
        return kinds.templates.fields(event.fields.get("event.dataset"), shape.names)
    dataset, action, outcome, code, logon, _ = shape.told(values)
    return kinds.templates.told(dataset, action, outcome, code, logon, event.message)


def _is_distinct(value: Any) -> bool:
    """Whether nothing else equals it that has its type: 0.0 equals -0.0, and (1,) equals (True,)."""
    if isinstance(value, tuple):
        return all(isinstance(item, str) for item in value)
    return not isinstance(value, float)


def storable(event: Event) -> Event:
    """The event with what SQLite cannot hold moved aside, to come back exactly."""
    odd = {name: value for name, value in event.fields.items() if not _plain(name) or not _plain(value)}
    raw, raw_bytes = event.raw, event.raw_bytes
    if not is_clean(raw):
        raw_bytes = raw_bytes if raw_bytes is not None else raw.encode("utf-8", "surrogatepass")
        raw = clean(raw)
    if not odd and raw == event.raw:
        return event
    fields = {name: value for name, value in event.fields.items() if name not in odd}
    for name, value in odd.items():
        fields[name] = _Odd(value)
    return msgspec.structs.replace(event, raw=raw, raw_bytes=raw_bytes, fields=fields)


class _Odd:
    """A value that only the escape hatch can carry."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _plain(value: Any) -> bool:
    if isinstance(value, str):
        return is_clean(value)
    if isinstance(value, int):
        return value in _INT64
    if isinstance(value, tuple | list):
        return all(map(_plain, value))
    return True


def _careful(event: Event, kinds: Kinds, template: int) -> Encoded:
    """Any event whatever; `template` where that is known already."""
    fields, flags = event.fields, _KIND_BITS.get(event.kind, 0)
    message, action = fields.get(_MESSAGE), fields.get("event.action")
    if type(message) is str and event.raw.endswith(message):
        flags |= (len(event.raw) - len(message) + 1) << MESSAGE_SHIFT
    implied = ACTIONS.get(action) if type(action) is str else None
    if implied is not None:
        flags |= CATEGORY if fields.get(_CATEGORY) == implied.category else 0
        flags |= TYPE if fields.get(_TYPE) == implied.type else 0
    shared = tuple(_column(fields.get(name), str) for name in _SHARED)
    flags |= FAILURE if shared[_OUTCOME_AT] == "failure" else 0
    own = tuple(_column(fields.get(name), _PROMOTED[name]) for name in _OWN)
    template = template or kinds.templates.of(event)
    return flags, kinds.plain(shared, template), _rest(event, flags), own, template


def _rest(event: Event, flags: int) -> str | None:
    """The `fields` JSON of any event; None where nothing is left."""
    rest: dict[str, Any] = {}
    odd: list[tuple[str, Any]] = []
    extra: dict[str, Any] = {}
    for name, value in event.fields.items():
        if isinstance(value, _Odd):
            value = value.value
            odd.append((name, value))
            if is_clean(name):
                rest[name] = _searchable(value)
        elif name == EXTRA or not _survives(value):
            odd.append((name, value))
            if name != EXTRA:
                rest[name] = _searchable(value)
        elif not _is_implied(name, value, flags):
            rest[name] = value
    if event.kind not in _KIND_BITS:
        extra["kind"] = event.kind
    if _unlike(event):
        extra["of"] = event.logsources
    if odd:
        extra["odd"] = json.dumps(odd, ensure_ascii=True)
    if extra:
        rest[EXTRA] = extra
    return to_json(rest) if rest else None


def _is_implied(name: str, value: Any, flags: int) -> bool:
    """Whether the value can be had from other columns."""
    want = _PROMOTED.get(name)
    if want is not None:
        return type(value) is want
    bits = _HAS_A_PLACE.get(name, 0)
    return bool(flags & bits)


def _survives(value: Any) -> bool:
    """Whether JSON brings a value back as it was; NaN and the infinities are what it loses."""
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, tuple | list):
        return all(map(_survives, value))
    return True


def _searchable(value: Any) -> Any:
    """A form of an odd value that queries can look at."""
    if isinstance(value, tuple | list):
        return [_searchable(item) for item in value]
    return clean(value if isinstance(value, str) else str(value))


def _column(value: Any, want: type) -> Any:
    """What a promoted column holds for a value of whatever type; the first of several."""
    if isinstance(value, _Odd):
        return _column(_searchable(value.value), want)
    if isinstance(value, tuple | list):
        return _column(value[0], want) if value else None
    if value is None or type(value) is want:
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def decode(row: Row, source: str, raw_bytes: bytes | None = None) -> EventRow:
    """An event as stored. `row` is in the order of READ_COLUMNS."""
    ident, ts, _, position, repeat, flags, raw, rest = row[:8]
    fields = {name: value for name, value in zip(NAMES, row[8:], strict=True) if value is not None}
    action = ACTIONS.get(fields.get("event.action", "")) if flags & (CATEGORY | TYPE) else None
    if action is not None:
        if flags & CATEGORY:
            fields[_CATEGORY] = action.category
        if flags & TYPE:
            fields[_TYPE] = action.type
    if flags >> MESSAGE_SHIFT:
        fields[_MESSAGE] = raw[(flags >> MESSAGE_SHIFT) - 1 :]
    kind = "pipeline_error" if flags & FAILED_PARSE else "event"
    sources: tuple[LogSource, ...] = ()
    if rest is not None:
        kind, sources = _merge(fields, from_json(rest), kind)
    alerted = bool(flags & ALERTED)
    return EventRow(ident, ts, source, position, raw, fields, kind, repeat, raw_bytes, sources, alerted)


def _merge(fields: dict[str, Any], rest: dict[str, Any], kind: str) -> tuple[str, tuple[LogSource, ...]]:
    """Put the JSON's values over the columns'; the kind where it is an unusual one, and log sources kept."""
    extra = rest.pop(EXTRA, None) or {}
    for name, value in rest.items():
        fields[name] = tuple(value) if isinstance(value, list) else value
    for name, value in json.loads(extra.get("odd", "[]")):
        fields[name] = tuple(value) if isinstance(value, list) else value
    return str(extra.get("kind", kind)), tuple((p, c, s) for p, c, s in extra.get("of", ()))


def time_from(flags: int) -> str:
    """Where the stored event's time came from: line, previous or received."""
    return TIMES[flags >> TIME_SHIFT & 3]
