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
            while len(self._seen) > KEYS:
                self._seen.popitem(last=False)
            while times and not 0 <= now - times[0] < self._span:  # past, or before the clock was set back
                times.popleft()
            if len(times) >= self._most:
                return max(1, -(-(times[0] + self._span - now) // 1_000_000))
            times.append(now)
        return 0
