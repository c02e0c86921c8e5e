"""Until when an alert can be put off with one key. Pure: clock and zone are passed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from socterm.console.words import SECOND, moment

HOUR = 3_600 * SECOND
MORNING = 8
"""The hour at which a day begins."""


def _morning(now: int, tz: tzinfo, days: Callable[[datetime], int]) -> int:
    here = moment(now, tz)
    day = (here + timedelta(days=days(here))).date()
    return int(datetime(day.year, day.month, day.day, MORNING, tzinfo=tz).timestamp()) * SECOND


CHOICES: dict[str, Callable[[int, tzinfo], int]] = {
    "hour": lambda now, _: now + HOUR,
    "four": lambda now, _: now + 4 * HOUR,
    "tomorrow": lambda now, tz: _morning(now, tz, lambda _: 1),
    "monday": lambda now, tz: _morning(now, tz, lambda here: 7 - here.weekday()),
}
"""What the keys after `t` choose: (now in µs, zone) → when it wakes (µs)."""
