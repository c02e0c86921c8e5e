"""Lines on their way from the thread of a listener to the ingest thread that reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from socterm.sources.base import Wake, no_wake

UNSTORED: Final = "taken and not stored"
"""The reason under which a listener counts lines that are still in its queue when it is closed."""

OVERHEAD: Final = 64
"""Bytes that a line costs in a queue beyond its own, so that empty ones are bounded too."""


class Inbox:
    """A queue that one thread puts lines into and another takes them from, without a lock.

    Each counts what passed it in a number that the other only reads. `position` is that of the next line to
    be taken, `lost` how many were cleared away. `wake` is called once for all that is put between two takes.
    """

    def __init__(self, position: int) -> None:
        self.position = position
        self.wake: Wake = no_wake
        self.lost = 0
        self._lines: deque[bytes] = deque()
        self._senders: deque[str] = deque()
        self._came = 0
        self._went = 0
        self._told = False

    @property
    def size(self) -> int:
        """Bytes that wait, `OVERHEAD` for each line in it; may miss what the other thread does meanwhile."""
        return self._came - self._went

    def put(self, lines: Iterable[bytes], senders: Iterable[str], size: int) -> None:
        """Add lines and who sent each, in the thread that puts; `size` has `OVERHEAD` for each in it."""
        self._came += size
        self._senders.extend(senders)  # before the lines, by which the other thread counts
        self._lines.extend(lines)
        if not self._told:
            self._told = True
            self.wake()

    def take(self, limit: int) -> tuple[int, list[bytes], list[str]]:
        """(position of the first, the oldest lines, who sent each), in the thread that takes."""
        self._told = False
        waiting, senders = self._lines, self._senders
        lines = [waiting.popleft() for _ in range(min(limit, len(waiting)))]
        sent = [senders.popleft() for _ in lines]
        self._went += sum(map(len, lines)) + OVERHEAD * len(lines)
        first = self.position
        self.position += len(lines)
        return first, lines, sent

    def clear(self) -> None:
        """What waits is gone, and counted in `lost`."""
        self.lost += len(self._lines)
        self._lines.clear()
        self._senders.clear()

    def __len__(self) -> int:
        return len(self._lines)
