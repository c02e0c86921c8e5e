"""How a rule's field name finds its value in an event: names decided at load, values read at match time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from socterm.event import Event, LogSource
from socterm.taxonomy import resolve

TIMESTAMP = "@timestamp"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SPECIAL = frozenset({TIMESTAMP, "event.original", "event.kind", "message"})
"""Names that are not (or not always) keys of `Event.fields`."""


def names_of(field: str, logsource: LogSource | None) -> tuple[str, ...]:
    """The keys to try for a rule's field, best first: its ECS name, the name as written, and that without
    blanks and underscores.

    >>> names_of("CommandLine", ("linux", "process_creation", ""))
    ('process.command_line', 'CommandLine')
    """
    plain = field.replace(" ", "").replace("_", "") if "." not in field else field
    return tuple(dict.fromkeys((resolve(field, logsource), field, plain)))


def instant(ts: int) -> str:
    """A time in µs as `@timestamp` shows it: ISO 8601, UTC, six digits."""
    try:
        stamp = _EPOCH + timedelta(microseconds=ts)
    except OverflowError:
        return ""
    return stamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(event: Event, name: str) -> Any:
    """The value of one key, or None. An empty list counts as absent."""
    if name in SPECIAL:
        if name == "message":
            return event.message
        if name == "event.original":
            return event.raw
        if name == "event.kind":
            return event.kind
        return instant(event.ts) or None
    found = event.fields.get(name)
    if found is None or found in ((), []):
        return None
    return found


def values(event: Event, names: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of the first key that is there; () where none is. Nulls inside a list are left out."""
    for name in names:
        found = read(event, name)
        if isinstance(found, tuple | list):
            return tuple(item for item in found if item is not None)
        if found is not None:
            return (found,)
    return ()


def text(value: Any) -> str:
    """A value as rules see it: numbers and booleans in their plain written form.

    >>> text(22), text(True), text(2.0), text(0.5)
    ('22', 'true', '2', '0.5')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
