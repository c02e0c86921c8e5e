"""What may stay in memory of an event: windows and groups keep values of it, and its writer chose those."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from socterm.event import Event
from socterm.sigma.learning.values import short

LONG: Final = 1_000
"""Characters of a line from which on its values are looked at, and of a value that is counted as it is."""


def brief(event: Event) -> Event:
    """The event with what stands for them in place of its longer values; itself where there is none."""
    cut = {name: found for name, value in event.fields.items() if (found := _cut(value)) is not None}
    return msgspec.structs.replace(event, fields=event.fields | cut) if cut else event


def brief_value(value: str) -> str:
    """A value that is counted, or the beginning and a hash of a longer one."""
    return short(value) if len(value) > LONG else value


def _cut(value: Any) -> Any:
    """What stands for a long text, or for a list with one; None where the value may stay."""
    if isinstance(value, str):
        return short(value) if len(value) > LONG else None
    if isinstance(value, tuple) and any(isinstance(one, str) and len(one) > LONG for one in value):
        return tuple(brief_value(one) if isinstance(one, str) else one for one in value)
    return None
