"""Numbers, times and names in the few cells a column has. Pure: clock and zone are passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo

from socterm.console.safe import SafeText, join, safe_text
from socterm.store.rows import AlertRow

SECOND = 1_000_000
DAY = 86_400 * SECOND

STATES = {
    "new": "new",
    "acknowledged": "ack",
    "in_progress": "work",
    "closed": "closed",
    "reopened": "again",
    "snoozed": "snooze",
    "merged": "merged",
}
"""Alert states in at most six letters."""

VERDICTS = {
    "true_positive": "true",
    "benign_true_positive": "benign",
    "false_positive": "false",
    "duplicate": "dup",
    "test": "test",
    "undetermined": "closed",
}
"""What stands in the state column of a closed alert."""


def age(now: int, then: int) -> str:
    """How long ago, in at most four characters: 12s, 14m, 3h, 5d; +14m where that is yet to come."""
    if then - now >= 60 * SECOND:  # less is clocks that differ
        return f"+{age(then, now)}"
    seconds = max(0, now - then) // SECOND
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def span(micros: int) -> str:
    """A duration in words a person uses: 8 s, 1 m 48 s, 3 h 5 m, 2 d 4 h."""
    seconds = max(0, micros) // SECOND
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} m {seconds % 60} s"
    if seconds < 86_400:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} m"
    return f"{seconds // 86_400} d {seconds % 86_400 // 3_600} h"


def number(value: float) -> str:
    """A count in at most five characters: 812, 12.4k, 3.1M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e4)):
        if value >= size:
            scale = 1e3 if unit == "k" else size
            return f"{value / scale:.3g}{unit}"
    return f"{value:.0f}"


def size(octets: int) -> str:
    """A file's size: <10 MB, 82 MB, 1.2 GB."""
    if octets >= 1e9:
        return f"{octets / 1e9:.3g} GB"
    return f"{octets / 1e6:.0f} MB" if octets >= 1e7 else "<10 MB"


def moment(ts: int, tz: tzinfo) -> datetime:
    """µs since the epoch as a time in the analyst's zone; out-of-range stamps become the epoch."""
    try:
        return datetime.fromtimestamp(ts / SECOND, tz)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def clock(ts: int, tz: tzinfo) -> str:
    """HH:MM:SS."""
    return moment(ts, tz).strftime("%H:%M:%S")


def stamp(ts: int, tz: tzinfo) -> str:
    """YYYY-MM-DD HH:MM:SS."""
    return moment(ts, tz).strftime("%Y-%m-%d %H:%M:%S")


TIME, MONTH, YEAR = 11, 5, 0
"""From where on a stamp may be written: its time, from the month on, whole."""


def since_where(times: Iterable[int], here: int, tz: tzinfo) -> int:
    """From where on the stamps of some times (µs) have to be written where the day of `here` is known.

    >>> since_where([3 * DAY], 3 * DAY + SECOND, UTC), since_where([2 * DAY], 3 * DAY, UTC)
    (11, 5)
    """
    of = moment(here, tz).date()
    days = {moment(ts, tz).date() for ts in times}
    return YEAR if any(day.year != of.year for day in days) else MONTH if days - {of} else TIME


def until(first: int, last: int, tz: tzinfo) -> str:
    """From when to when; the second date only where it is another day."""
    same = moment(first, tz).date() == moment(last, tz).date()
    return f"{stamp(first, tz)} to {(clock if same else stamp)(last, tz)}"


def entity_text(entity: Mapping[str, str]) -> SafeText:
    """An alert's entity as a phrase: `203.0.113.9 → root`, `alice @ db01`, or its values in order."""
    address = entity.get("source.ip", "")
    user = entity.get("user.name", "")
    host = entity.get("host.hostname", "")
    others = [v for k, v in entity.items() if k not in {"source.ip", "user.name", "host.hostname"}]
    left = join([part for part in (address, user) if part], " → ")
    if host:
        left = join([part for part in (left, host) if part], " @ ")
    return join([part for part in (left, *others) if part], " · ")


def state_text(alert: AlertRow, actor: str) -> str:
    """The state column: `mine` for what this analyst took on, the verdict for what is closed."""
    if alert.state == "closed":
        return VERDICTS.get(alert.verdict, "closed")
    if alert.state == "acknowledged" and alert.owner == actor:
        return "mine"
    return STATES.get(alert.state, safe_text(alert.state)[:6])


def plural(count: int, noun: str) -> str:
    """`1 alert`, `3 alerts`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
