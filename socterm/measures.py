"""What this process measures of itself: how long, how often, how much waits. `GET /metrics` tells it.

These are counters of a process and begin with it, unlike those of the store. Whoever does the work adds to
them, from any thread; nothing else reads them.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple


class Taken(NamedTuple):
    """How long it took so far: (seconds, how often it took at most these), how often, seconds in all."""

    buckets: list[tuple[float, int]]
    times: int
    total: float


class Durations:
    """How long something takes, as a histogram: `bounds` are seconds, growing."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._lock = threading.Lock()
        self._each = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        """Once more."""
        with self._lock:
            self._each[bisect.bisect_left(self._bounds, seconds)] += 1
            self._total += seconds

    def taken(self) -> Taken:
        """As it stands; a bucket counts what is in those before, too.

        >>> found = Durations([0.1, 1])
        >>> found.add(0.05), found.add(7)
        (None, None)
        >>> found.taken()
        Taken(buckets=[(0.1, 1), (1, 1)], times=2, total=7.05)
        """
        with self._lock:
            each, total = list(self._each), self._total
        reached = 0
        buckets = []
        for bound, count in zip(self._bounds, each, strict=False):
            reached += count
            buckets.append((bound, reached))
        return Taken(buckets, sum(each), total)


class Counts:
    """How often something happened, by what it was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, int] = {}

    def add(self, what: str, number: int = 1) -> None:
        """So often more."""
        with self._lock:
            self._found[what] = self._found.get(what, 0) + number

    def counted(self) -> dict[str, int]:
        """As it stands."""
        with self._lock:
            return dict(self._found)


class Queues:
    """How many bytes wait in memory, by whose they are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes: dict[str, Callable[[], int]] = {}

    def watch(self, name: str, size: Callable[[], int]) -> None:
        """Ask `size` for them, from any thread, until `forget`."""
        with self._lock:
            self._sizes[name] = size

    def forget(self, name: str) -> None:
        """There is no such queue any more."""
        with self._lock:
            self._sizes.pop(name, None)

    def waiting(self) -> dict[str, int]:
        """As it stands."""
        with self._lock:
            sizes = dict(self._sizes)
        return {name: size() for name, size in sizes.items()}


COMMITS: Final = Durations((0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
"""Batches that were stored."""

ANSWERS: Final = Durations((0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300))
"""Turns that a model had, in which it was asked one thing or several."""

ALERTS: Final = Counts()
"""Alerts that were raised, by level."""

CUT: Final = Counts()
"""Connections to the service that it has ended itself, by reason."""

QUEUES: Final = Queues()
"""What came and is not stored yet."""
