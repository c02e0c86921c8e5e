"""The risk of a user, address or host: what its alerts add up to, the older the less.

An alert gives each thing its entity names the points its rule says (`socterm.risk`), or those of its level.
They count from the alert's first event and halve in every half-life of event time. Alerts that are part of
others give nothing, for those speak for them; nor do alerts closed as false positive, duplicate or test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

BY_LEVEL: Final = {"informational": 0, "low": 10, "medium": 25, "high": 50, "critical": 80}
"""Points of an alert whose rule names none."""

HARMLESS: Final = ("false_positive", "duplicate", "test")
"""Verdicts that take an alert's share away."""


def points(level: str, own: int) -> int:
    """What an alert gives its entity.

    >>> points("high", 0), points("high", 70)
    (50, 70)
    """
    return own or BY_LEVEL.get(level, 0)


def share(given: int, first: int, at: int, half_life: int) -> float:
    """What is left of an alert's points at a moment; all before it began. Times are µs.

    >>> share(80, 0, 2, 1)
    20.0
    """
    halves: float = 2.0 ** (-max(0, at - first) / half_life)
    return given * halves


def total(alerts: Iterable[tuple[int, int]], at: int, half_life: int) -> int:
    """The risk at a moment, of alerts as (points, first event)."""
    return round(sum(share(given, first, at, half_life) for given, first in alerts))
