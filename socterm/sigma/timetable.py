"""When which group has to be looked at again: a calendar of event time, in minutes and seconds."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from socterm.sigma.groups import Consumer, Group

MINUTE = 60_000_000
SECOND = 1_000_000

Entry = tuple[Consumer, Group]


class Timetable:
    """Groups by the watermark (µs) at which something about them is over.

    A group stands under one time, `Group.bucket`; what it stood under before is passed over.
    """

    def __init__(self) -> None:
        self._entries: dict[int, list[Entry]] = {}
        self._times: list[int] = []

    def put(self, consumer: Consumer, group: Group) -> None:
        """Note when the group is next due: its episodes to the minute, its window to the second."""
        open_ = group.open
        if len(open_) == 1:
            (only,) = open_
            due = (only.hi if only.hi > only.touched else only.touched) + only.gap
        else:
            due = min((episode.deadline for episode in open_), default=0)
        when = ((due + consumer.delay) // MINUTE + 1) * MINUTE
        if consumer.waits and group.window is not None:
            over = group.window.due()
            if over is not None:
                when = min(when, ((over + consumer.delay) // SECOND + 1) * SECOND)
        if group.bucket == when:
            return
        group.bucket = when
        entries = self._entries.get(when)
        if entries is None:
            entries = self._entries[when] = []
            heapq.heappush(self._times, when)
        entries.append((consumer, group))

    def due(self, watermark: int, *, thorough: bool) -> list[Entry]:
        """The groups to look at now; each has to be `put` again, or dropped.

        `thorough` also gives those whose minute is not yet over.
        """
        last = watermark + MINUTE if thorough else watermark
        found = []
        while self._times and self._times[0] <= last:
            when = heapq.heappop(self._times)
            for consumer, group in self._entries.pop(when):
                if group.bucket == when:
                    group.bucket = -1
                    found.append((consumer, group))
        return found

    def purge(self, alive: Callable[[Consumer, Group], bool]) -> None:
        """Let go of groups that are gone, long before their time comes."""
        for entries in self._entries.values():
            entries[:] = [entry for entry in entries if alive(*entry)]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self._times.clear()
