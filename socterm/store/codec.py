"""An event as a row and back, without storing anything twice.

The promoted fields stand in their columns, the rest in the JSON column `fields`. What follows from other
columns is only noted in `flags`: a message that is the end of the raw text, and `event.category` and
`event.type` that the taxonomy gives for the action. A key in `fields` wins over its column: a value whose
type the column would bend is kept there exactly, and the column holds its searchable form.

Reading back gives the same `fields`, except that lists come back as tuples.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from socterm.event import Event
from socterm.store.jsontext import clean, from_json, is_clean, to_json
from socterm.store.rows import EventRow
from socterm.taxonomy import ACTIONS, COLUMNS

ALERTED = 1
CATEGORY = 2
TYPE = 4
FAILED_PARSE = 8
TIME_SHIFT = 4
MESSAGE_SHIFT = 6
"""`flags`: bit 0 the event is evidence of an alert, 1 and 2 category and type follow from the action,
3 kind is pipeline_error, 4-5 index into TIMES, from 6 on 1 + the message's offset in raw."""

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
    "raw",
    "fields",
    *(c.name for c in COLUMNS),
)
EXTRA = "~"
"""Key inside `fields` for what is no ECS field: an unusual kind, and values JSON cannot carry."""

Row = tuple[Any, ...]

_PYTHON: tuple[type, ...] = tuple(str if column.type == "TEXT" else int for column in COLUMNS)
_NONE = type(None)
_PROMOTED = dict(zip(NAMES, _PYTHON, strict=True))
_TIME_BITS = {name: index << TIME_SHIFT for index, name in enumerate(TIMES)}
_CATEGORY, _TYPE, _MESSAGE = "event.category", "event.type", "message"
_ACTION_AT = NAMES.index("event.action")
_PLAIN_KINDS = ("event", "pipeline_error")
_IMPLIED = {
    (bits, told): frozenset(
        [*NAMES, *([_CATEGORY] if bits & CATEGORY else []), *([_TYPE] if bits & TYPE else [])]
        + ([_MESSAGE] if told else [])
    )
    for bits in (0, CATEGORY, TYPE, CATEGORY | TYPE)
    for told in (False, True)
}
"""(category and type bits, whether the message is an offset) → fields that need no place of their own."""

_encoder = msgspec.json.Encoder()
_INT64 = range(-(1 << 63), 1 << 63)


class _Signatures(dict[tuple[type, ...], int]):
    """Types of the promoted values → how many are set; -1 where a column would bend one of them."""

    def __missing__(self, key: tuple[type, ...]) -> int:
        fits = all(found in (want, _NONE) for found, want in zip(key, _PYTHON, strict=True))
        count = sum(found is not _NONE for found in key) if fits else -1
        if len(self) < 4096:
            self[key] = count
        return count


_signatures = _Signatures()


def encode(events: Iterable[Event], sources: Mapping[str, int], alerted: Collection[int]) -> list[Row]:
    """Rows for `INSERT INTO events`, in the order of ROW_COLUMNS. `alerted` are ids known to be evidence.

    Raises UnicodeEncodeError or OverflowError only later, in SQLite, for text or numbers it cannot hold:
    then `storable` helps.
    """
    rows = []
    for event in events:
        fields = event.fields
        get = fields.get
        values = (*map(get, NAMES),)
        known = _signatures[(*map(type, values),)]
        flags = _TIME_BITS.get(event.time_from, 0)
        action = ACTIONS.get(values[_ACTION_AT]) if known > 0 else None  # type: ignore[arg-type]
        if action is not None:
            if get(_CATEGORY) == action.category:
                flags |= CATEGORY
                known += 1
            if get(_TYPE) == action.type:
                flags |= TYPE
                known += 1
        message = get(_MESSAGE)
        if type(message) is str and event.raw.endswith(message):
            flags |= (len(event.raw) - len(message) + 1) << MESSAGE_SHIFT
            known += known >= 0
        if event.id in alerted:
            flags |= ALERTED
        kind = event.kind
        if kind == "pipeline_error":
            flags |= FAILED_PARSE
        rest: str | None = None
        if known != len(fields) or kind not in _PLAIN_KINDS:
            if known >= 0 and kind in _PLAIN_KINDS:
                rest = _quick_rest(fields, flags, known)
            if rest is None:
                rest, values = _rest(event, flags, values)
        rows.append((
            event.id, event.ts, sources[event.source], event.position, event.repeat, flags, event.raw,
            rest or None, *values,
        ))  # fmt: skip
    return rows


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


def _quick_rest(fields: dict[str, Any], flags: int, known: int) -> str | None:
    """The `fields` JSON of an event like most; "" where nothing is left, None where `_rest` must look."""
    implied = _IMPLIED[flags & (CATEGORY | TYPE), flags >> MESSAGE_SHIFT > 0]
    rest = {name: value for name, value in fields.items() if name not in implied}
    if len(rest) + known != len(fields) or EXTRA in rest:
        return None
    if not rest:
        return ""
    try:
        text = _encoder.encode(rest)
    except (UnicodeEncodeError, OverflowError, TypeError):
        return None
    return None if b"null" in text else text.decode()  # NaN becomes null


def _rest(event: Event, flags: int, values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The same for any event, and the columns with what they can be searched by."""
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
    if event.kind not in _PLAIN_KINDS:
        extra["kind"] = event.kind
    if odd:
        extra["odd"] = json.dumps(odd, ensure_ascii=True)
    if extra:
        rest[EXTRA] = extra
    columns = tuple(_column(value, want) for value, want in zip(values, _PYTHON, strict=True))
    return to_json(rest) if rest else "", columns


def _is_implied(name: str, value: Any, flags: int) -> bool:
    """Whether the value can be had from other columns."""
    want = _PROMOTED.get(name)
    if want is not None:
        return type(value) is want
    return name in _IMPLIED[flags & (CATEGORY | TYPE), flags >> MESSAGE_SHIFT > 0]


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
    """An event as stored. `row` is in the order of ROW_COLUMNS."""
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
    if rest is not None:
        kind = _merge(fields, from_json(rest), kind)
    return EventRow(ident, ts, source, position, raw, fields, kind, repeat, raw_bytes)


def _merge(fields: dict[str, Any], rest: dict[str, Any], kind: str) -> str:
    """Put the JSON's values over the columns'; the kind where it is an unusual one."""
    extra = rest.pop(EXTRA, None) or {}
    for name, value in rest.items():
        fields[name] = tuple(value) if isinstance(value, list) else value
    for name, value in json.loads(extra.get("odd", "[]")):
        fields[name] = tuple(value) if isinstance(value, list) else value
    return str(extra.get("kind", kind))


def time_from(flags: int) -> str:
    """Where the stored event's time came from: line, previous or received."""
    return TIMES[flags >> TIME_SHIFT & 3]
