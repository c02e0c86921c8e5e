"""Times, spans, counts and verbs as reports write them. All times are UTC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from socterm.alerts.levels import LEVELS
from socterm.reports.document import Ref

MARKS: Final = {"critical": "■", "high": "▲", "medium": "●", "low": "○", "informational": "·"}
"""A shape for each level: colour never says it alone."""

MOST_CITED: Final = 8
"""Rows a statement names; of others the number."""

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def moment(ts: int) -> str:
    """µs as a person reads it.

    >>> moment(1_795_168_800_000_000)
    '2026-11-20 10:00:00 UTC'
    """
    try:
        return f"{datetime.fromtimestamp(ts // 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{ts} µs"


def brief(ts: int) -> str:
    """As `moment`, for a table: the report says that all times are UTC.

    >>> brief(1_795_168_800_000_000)
    '2026-11-20 10:00:00'
    """
    return moment(ts).removesuffix(" UTC")


def lasting(micros: int, units: int = 2) -> str:
    """A span in its largest units.

    >>> lasting(8 * 3_600_000_000), lasting(95_000_000), lasting(0)
    ('8 h', '1 min 35 s', '0 s')
    """
    seconds = max(0, micros) // 1_000_000
    found: list[str] = []
    for size, unit in _UNITS:
        if seconds >= size and len(found) < units:
            found.append(f"{seconds // size} {unit}")
            seconds %= size
        elif found:
            break
    return " ".join(found) or "0 s"


def count(number: int, one: str, many: str = "") -> str:
    """`1 alert`, `1,200 alerts`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def by_level(levels: Iterable[str]) -> str:
    """`1 critical, 3 low`, gravest first; "none" for nothing."""
    counts = Counter(levels)
    told = [f"{counts.pop(name):,} {name}" for name in reversed(LEVELS) if name in counts]
    return ", ".join([*told, *(f"{number:,} {name}" for name, number in counts.items())]) or "none"


def spoken(word: str) -> str:
    """A word of a table as a person writes it: `in progress`."""
    return word.replace("_", " ")


def cited(cites: Sequence[Ref]) -> tuple[Sequence[Ref], int]:
    """The rows a statement names, and how many more it rests on."""
    return cites[:MOST_CITED], max(0, len(cites) - MOST_CITED)
