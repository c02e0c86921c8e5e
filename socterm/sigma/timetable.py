"""When which group has to be looked at again: a calendar of event time."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from socterm.sigma.groups import Consumer, Group

MINUTE = 60_000_000
SECOND = 1_000_000

Entry = tuple[Consumer, Group]


class Timetable:
    """Groups by the minute of the watermark (µs) at which an episode of theirs may settle: `Group.bucket`."""

    def __init__(self) -> None:
        self._entries: dict[int, list[Entry]] = {}
        self._times: list[int] = []

    def put(self, consumer: Consumer, group: Group) -> None:
        """Note when the first of the group's episodes is over."""
        open_ = group.open
        if len(open_) == 1:
            (only,) = open_
            due = (only.hi if only.hi > only.touched else only.touched) + only.gap
        else:
            due = min((episode.deadline for episode in open_), default=0)
        when = group.bucket = ((due + consumer.delay) // MINUTE + 1) * MINUTE
        bucket = self._entries.get(when)
        if bucket is None:
            bucket = self._entries[when] = []
            heapq.heappush(self._times, when)
        bucket.append((consumer, group))

    def due(self, watermark: int, *, thorough: bool) -> list[Entry]:
        """The groups to look at now; each has to be `put` again, or dropped.

        `thorough` also gives those whose minute is not yet over.
        """
        last = watermark + MINUTE if thorough else watermark
        found: list[Entry] = []
        while self._times and self._times[0] <= last:
            found += self._entries.pop(heapq.heappop(self._times))
        return found

    def purge(self, alive: Callable[[Consumer, Group], bool]) -> None:
        """Let go of groups that are gone, long before their time comes."""
        for entries in self._entries.values():
            entries[:] = [entry for entry in entries if alive(*entry)]

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
        self._times.clear()


class Alarms(Timetable):
    """Groups by the second of the watermark at which their windows have something to decide: `Group.alarm`.

    A group may stand under a time that is no longer its own; it is passed over then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.next = 1 << 62

    def put(self, consumer: Consumer, group: Group) -> None:
        """Note when the group's window has something to decide, if it has."""
        over = group.window.due() if group.window is not None else None
        if over is None:
            return
        when = ((over + consumer.delay) // SECOND + 1) * SECOND
        if group.alarm == when:
            return
        group.alarm = when
        _enter(self._entries, self._times, when, (consumer, group))
        self.next = self._times[0]

    def wake(self, at: int) -> None:
        """Something else is to be done at this watermark (µs): `next` shall not be later."""
        self.next = min(self.next, at)

    def ring(self, watermark: int) -> tuple[int, list[Entry]] | None:
        """The first second that is over, and its groups; None where there is none up to the watermark."""
        if not self._times or self._times[0] > watermark:
            self.next = self._times[0] if self._times else 1 << 62
            return None
        when = heapq.heappop(self._times)
        entries = [entry for entry in self._entries.pop(when) if entry[1].alarm == when]
        for _, group in entries:
            group.alarm = -1
        return when, entries

    def clear(self) -> None:
        """Forget all."""
        super().clear()
        self.next = 1 << 62


def _enter(entries: dict[int, list[Entry]], times: list[int], when: int, entry: Entry) -> None:
    bucket = entries.get(when)
    if bucket is None:
        bucket = entries[when] = []
        heapq.heappush(times, when)
    bucket.append(entry)
