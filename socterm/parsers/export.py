"""An event as the flat ECS object that `parse --json` prints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from socterm.event import Event
from socterm.parsers.stamps import EPOCH


def as_ecs(event: Event) -> dict[str, Any]:
    """Flat dotted ECS keys; `@timestamp` in UTC with six digits and Z; what is absent is left out.

    `socterm.repeat` stands there only where the line is not just one occurrence.

    >>> as_ecs(Event(0, "x", 0, "hi", {"message": "hi"}))["@timestamp"]
    '1970-01-01T00:00:00.000000Z'
    """
    moment = EPOCH + timedelta(microseconds=event.ts)
    stamp = f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S.%f}Z"
    found: dict[str, Any] = {"@timestamp": stamp}
    for name, value in event.fields.items():
        found[name] = list(value) if isinstance(value, tuple) else value
    found["event.kind"] = event.kind
    found["event.original"] = event.raw
    if event.repeat != 1:
        found["socterm.repeat"] = event.repeat
    return found
