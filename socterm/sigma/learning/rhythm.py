"""Arrivals that come too regularly for people (`periodicity`): beacons."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Final

from socterm.event import Event
from socterm.sigma.learning.judge import FIRES, Judge
from socterm.sigma.learning.memory import Entry
from socterm.sigma.learning.terms import Periodicity
from socterm.sigma.learning.values import Key

FEW: Final = "too few arrivals so far"
SAME: Final = "it belongs to the arrival before"
UNEVEN: Final = "the gaps are not even"
LATE: Final = "it came too late to be put in order"


class Arrivals(Entry):
    """`times` (µs) of the latest arrivals; `last` is the latest event, which may belong to one of them."""

    times: list[int]


class Rhythm(Judge[Periodicity, Arrivals]):
    """`periodicity`."""

    form = Arrivals

    def _judge(self, event: Event, key: Key) -> str:
        ts = event.ts
        entry = self.memory.get(key)
        if entry is None:
            self.memory.put(key, Arrivals(0, ts, [ts]))
            return FEW
        gap = ts - entry.last
        if gap < 0:
            return LATE
        entry.last = ts
        if gap < self.terms.min_gap:
            self.memory.put(key, entry)
            return SAME
        times = entry.times
        times.append(ts)
        del times[: -self.terms.min_events]
        self.memory.put(key, entry)
        if len(times) < self.terms.min_events:
            return FEW
        return FIRES if even(times, self.terms.max_jitter) else UNEVEN

    @staticmethod
    def weigh(entry: Arrivals) -> int:
        """Each arrival counts."""
        return len(entry.times)


def even(times: list[int], jitter: float) -> bool:
    """Whether no gap differs from the median of all by more than that share of it.

    >>> even([0, 60, 121, 180], 0.05), even([0, 60, 180], 0.05)
    (True, False)
    """
    gaps = [later - earlier for earlier, later in pairwise(times)]
    usual = median(gaps)
    return all(abs(gap - usual) <= jitter * usual for gap in gaps)
