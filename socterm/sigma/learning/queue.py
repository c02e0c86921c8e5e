"""Events that wait for their turn to be judged by rules that remember."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from typing import Final

from socterm.event import Event
from socterm.sigma.learning.plan import Keys

FOREVER: Final = 1 << 62

Waiting = tuple[int, str, int, int, Event, Keys]
"""Time, source, position: the order. Then the number of its coming, the event, the rules it waits for."""


class Queue:
    """What waits, in the order of events, and what the store is still to hear of it.

    `came` counts what ever came. Events without an id are not stored.
    """

    def __init__(self) -> None:
        self.came = 0
        self._heap: list[Waiting] = []
        self._new: dict[int, Keys] = {}
        self._fewer: dict[int, Keys] = {}
        self._released: list[int] = []

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self._heap)

    @property
    def first(self) -> int:
        """The time (µs) of the earliest event; `FOREVER` where none waits."""
        return self._heap[0][0] if self._heap else FOREVER

    def put(self, event: Event, keys: Keys, *, stored: bool = False) -> None:
        """Let an event wait for some rules; the store may know that."""
        self.came += 1
        heapq.heappush(self._heap, (event.ts, event.source, event.position, self.came, event, keys))
        if event.id and not stored:
            self._new[event.id] = keys

    def pop(self) -> tuple[Event, Keys]:
        """The earliest waits no more."""
        *_, event, keys = heapq.heappop(self._heap)
        self._release(event.id)
        return event, keys

    def _release(self, event: int) -> None:
        self._fewer.pop(event, None)
        if self._new.pop(event, None) is None and event:
            self._released.append(event)

    def narrow(self, rules: Collection[str]) -> None:
        """Only these rules go on: for others nothing waits any more."""
        left: list[Waiting] = []
        for ts, source, position, number, event, keys in self._heap:
            still = tuple(key for key in keys if key in rules)
            if not still:
                self._release(event.id)
                continue
            left.append((ts, source, position, number, event, still))
            if still != keys and event.id:
                noted = self._new if event.id in self._new else self._fewer
                noted[event.id] = still
        heapq.heapify(left)
        self._heap = left

    @property
    def changed(self) -> bool:
        """Whether `changes` has anything to say."""
        return bool(self._new or self._fewer or self._released)

    def changes(self) -> tuple[list[tuple[int, Keys]], list[int]]:
        """Ids of events that wait, with their rules, and of those that do no more, since the last call."""
        held = [*self._new.items(), *self._fewer.items()]
        released = self._released
        self._new, self._fewer, self._released = {}, {}, []
        return held, released
