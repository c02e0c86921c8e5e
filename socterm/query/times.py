"""Times as people write them: `2026-11-20T10:00`, `2026-11`, `now-15m`, `15m`. UTC where no zone is given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000}
_UNITS |= {"d": 24 * _UNITS["h"], "w": 7 * 24 * _UNITS["h"]}
_DURATION = re.compile(r"([0-9]{1,7})(us|ms|s|m|h|d|w)", re.IGNORECASE | re.ASCII)
_STAMP = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)([T ](?P<hour>\d\d)(:(?P<minute>\d\d)"
    r"(:(?P<second>\d\d)([.,](?P<fraction>\d{1,9}))?)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400))

Interval = tuple[int, int]
"""[start, end) in µs: what a time names at the precision it was written with."""


def duration(text: str) -> int | None:
    """µs of `15m`, `2h`, `3d`; None for anything else.

    >>> duration("15m")
    900000000
    """
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2].lower()] if found else None


def later(text: str, now: int) -> int | None:
    """The moment (µs) that `4h` from now or `2026-11-20T08:00` names; None for anything else.

    >>> later("1h", 5)
    3600000005
    """
    span = duration(text)
    if span is not None:
        return now + span
    found = interval(text, now)
    return None if found is None else found[0]


def interval(text: str, now: int) -> Interval | None:
    """The stretch a written time names: a day for `2026-11-20`, one µs for `now-15m`; None if it is none."""
    low = text.lower()
    if low == "now":
        return now, now + 1
    if low.startswith("now-"):
        back = duration(text[4:])
        return None if back is None else (now - back, now - back + 1)
    found = _STAMP.fullmatch(text)
    if found is None:
        return None
    try:
        return _stamp(found.groupdict())
    except (ValueError, OverflowError):  # the 31st of February, year 0, an impossible zone
        return None


def _stamp(parts: dict[str, str | None]) -> Interval:
    year, month = int(parts["year"] or 1), int(parts["month"] or 1)
    start = datetime(
        year,
        month,
        int(parts["day"] or 1),
        int(parts["hour"] or 0),
        int(parts["minute"] or 0),
        int(parts["second"] or 0),
        tzinfo=UTC,
    )
    low = _micros(start) - _offset(parts["zone"])
    if parts["fraction"] is not None:
        low += int(parts["fraction"].ljust(6, "0")[:6])
        return low, low + 1
    for name, seconds in _PARTS:
        if parts[name] is not None:
            return low, low + seconds * 1_000_000
    end = datetime(year + (month == 12), month % 12 + 1, 1, tzinfo=UTC)
    if parts["month"] is None:
        end = datetime(year + 1, 1, 1, tzinfo=UTC)
    return low, _micros(end)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _offset(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(zone)
    size = (hours * 3600 + minutes * 60) * 1_000_000
    return -size if zone[0] == "-" else size
