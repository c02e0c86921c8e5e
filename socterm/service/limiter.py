"""How often somebody may do something: so many times in a span, counted for each key by itself."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

KEYS: Final = 10_000
"""Keys that are remembered; of more the ones that were quiet longest are forgotten."""


class Limiter:
    """`most` times in `span` µs for each key; safe from any thread. `clock` is in µs."""

    def __init__(self, most: int, span: int, clock: Callable[[], int]) -> None:
        self._most = most
        self._span = span
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[int]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Count one more: 0 where it is allowed, else the seconds until the next one is."""
        now = self._clock()
        with self._lock:
            times = self._seen.setdefault(key, deque())
            self._seen.move_to_end(key)
            self._forget(now)
            while times and not self._counts(times[0], now):
                times.popleft()
            if len(times) >= self._most:
                return max(1, -(-(times[0] + self._span - now) // 1_000_000))
            times.append(now)
        return 0

    def _counts(self, time: int, now: int) -> bool:
        """Not past, nor of before the clock was set back."""
        return 0 <= now - time < self._span

    def _forget(self, now: int) -> None:
        """Those of whom nothing counts any more: times of many, kept for ever, fill the memory."""
        while len(self._seen) > 1:
            times = next(iter(self._seen.values()))
            if len(self._seen) <= KEYS and times and self._counts(times[-1], now):
                return
            self._seen.popitem(last=False)

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._seen)
