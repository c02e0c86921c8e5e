"""A time as a person types it to jump there: a clock time, a date, how long ago, how much further. Pure."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from socterm.errors import UsageError
from socterm.query.times import duration, interval

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d{1,2}:\d\d(?::\d\d)?))?", re.ASCII)
SAID = "type a time: 10:42, 2025-11-21 10:42, 2h (ago), +10m or -10m (from here)"


def moment_of(text: str, *, now: int, here: int, tz: tzinfo) -> int:
    """The time (µs) meant, in the zone shown. `here` is the time of the line under the cursor.

    A clock time is of that line's day; `2h` is two hours before now, `+10m` and `-10m` are from that line on.
    Raises UsageError for what is no time.
    """
    text = text.strip()
    if text[:1] in "+-" and (far := duration(text[1:])) is not None:
        return here + far if text[0] == "+" else here - far
    if (ago := duration(text)) is not None:
        return now - ago
    try:
        return _written(text, now, here, tz)
    except (ValueError, OverflowError):  # 25:00, the 31st of February
        raise UsageError(SAID) from None


def _written(text: str, now: int, here: int, tz: tzinfo) -> int:
    if found := _CLOCK.fullmatch(text):
        day = datetime.fromtimestamp(here / 1e6, tz)
        hour, minute, second = (int(part or 0) for part in found.groups())
        return _micros(day.replace(hour=hour, minute=minute, second=second, microsecond=0))
    if found := _DATE.fullmatch(text):
        clock = (
            (found[2] or "00:00").rjust(5, "0") if (found[2] or "").count(":") < 2 else found[2].rjust(8, "0")
        )
        return _micros(datetime.fromisoformat(f"{found[1]}T{clock}").replace(tzinfo=tz))
    stretch = interval(text, now)
    if stretch is None:
        raise UsageError(SAID)
    return stretch[0]


def _micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000
