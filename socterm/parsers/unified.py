"""The unified log of macOS, as `log stream --style ndjson` and `log show --style ndjson` write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from socterm.parsers.envelopes import Journal
from socterm.parsers.text import clean

_KEPT: Final = {
    "processImagePath": "process.executable",
    "subsystem": "macos.subsystem",
    "category": "macos.category",
    "messageType": "log.level",
    "bootUUID": "host.boot.id",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def unified(entry: dict[str, Any]) -> Journal | None:
    """A message of a program on macOS under its name and number, or None where the object is none.

    What it tells of activities and signposts has no message and stays plain JSON. What the system withheld
    stands as `<private>`.

    >>> found = unified({"eventMessage": "hello", "processImagePath": "/usr/sbin/sshd", "processID": 7,
    ...                  "timestamp": "2026-11-21 10:20:32.123456+0100", "machTimestamp": 1})
    >>> found.name, found.pid, found.msg, found.ts
    ('sshd', 7, 'hello', 1795252832123456)
    """
    if not is_unified(entry):
        return None
    kept = {ours: entry.get(theirs) for theirs, ours in _KEPT.items()}
    fields: dict[str, Any] = {
        ours: clean(said) for ours, said in kept.items() if said and isinstance(said, str)
    }
    if "log.level" in fields:
        fields["log.level"] = fields["log.level"].lower()
    pid = entry.get("processID")
    number = pid if pid.__class__ is int and 0 <= pid < 1 << 32 else None
    name = clean(entry["processImagePath"]).rpartition("/")[2]
    return Journal(
        _moment(entry.get("timestamp")), "", name, number, clean(entry["eventMessage"]).strip(), fields
    )


def is_unified(entry: dict[str, Any]) -> bool:
    """Whether `unified` would take this object for a message."""
    message, path = entry.get("eventMessage"), entry.get("processImagePath")
    return isinstance(message, str) and message != "" and isinstance(path, str) and "machTimestamp" in entry


def _moment(stamp: Any) -> int | None:
    """The stamp in µs, None where it is none or names no zone."""
    if not isinstance(stamp, str) or len(stamp) > 40:
        return None
    try:
        found = datetime.fromisoformat(stamp)
        return None if found.tzinfo is None else (found - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
