"""Several logs as one stream in order of event time, each read as far as its turn has come.

What is handed over at once is a run of one log's events during which no other log has anything earlier by
more than the lateness bound: what live operation would see. Only as many logs are open as overlap in time.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final

import msgspec

from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder
from socterm.pipeline.survey import Log
from socterm.sigma.watermark import JUMP, NEVER, SourceClock, Watermark
from socterm.sources.whole import Whole

CHUNK: Final = 2000
"""Lines of one log that are read at once."""

AHEAD: Final = 64_000
"""Events of all open logs together that may be held; of each at least a few."""

PORTION: Final = 64
"""Lines of one log that are handed over at once where chunks stay whole and other logs are read beside it."""

OPEN: Final = 256
"""Logs read at the same time; of more that overlap some have to wait, and the watermark with them."""

WINDOW: Final = 32 << 20
"""Bytes of text of an unsorted log that are put in order at once."""

SORTING: Final = 4 * WINDOW
"""Bytes of text of all unsorted logs that are put in order at the same time; more are read as they stand."""

_PACKED: Final = 12
"""How much more text there is than bytes in a packed file, roughly; events of .evtx grow less."""

NO_TIME: Final = 1 << 62


class Feed:
    """One log being read: its decoder, and the events read ahead. `at` is the next one to hand over.

    Where chunks need not stay `whole`, the last event of a read is kept for the next one: what stands behind
    an event tells whether its time can be believed, however long nothing had happened before.
    """

    def __init__(self, log: Log, source: Whole, decoder: Decoder, *, put_in_order: bool, whole: bool) -> None:
        self.log = log
        self.name = log.name
        self.source = source
        self.decoder = decoder
        self.put_in_order = put_in_order
        self.whole = whole
        self.chunk: Chunk | None = None
        self._kept: list[Event] = []
        self.events: list[Event] = []
        self.at = 0
        self.turns: list[int] = []
        self._begun = False

    def _begin(self, events: list[Event]) -> None:
        """Lines before the first with a stamp are as old as the log, not as its last change."""
        for event in events:
            if event.time_from != "received":
                self._begun = True
                break
            event.ts = min(event.ts, self.log.first)

    def fill(self, limit: int, now: int | None, ready: Callable[[list[Event]], None], floor: int) -> bool:
        """Read ahead; False at the log's end. `ready` is called with the events of each read.

        A time before `floor` (µs) is not believed: what stands before it is not handed over earlier for it.
        """
        self.events, self._kept, self.at = self._kept, [], 0
        room = WINDOW if self.put_in_order else 0
        least = 1 if self.whole else 2
        over = True
        while (chunk := self.source.read(limit)) is not None:
            if now is not None:
                chunk = msgspec.structs.replace(chunk, now=now)
            self.chunk = chunk
            events = self.decoder.decode(chunk)
            if not self._begun:
                self._begin(events)
            ready(events)
            self.events += events
            room -= sum(map(len, chunk.lines))
            if room <= 0 and len(self.events) >= least:
                over = False
                break
        if self.put_in_order:
            self.events.sort(key=_time)
        # When each event is due: no later than those behind it, so that one wrong stamp holds nothing up.
        times = [event.ts for event in reversed(self.events)]
        if times and min(times) < floor:
            times = [ts if ts >= floor else NO_TIME for ts in times]
        self.turns = list(accumulate(times, min))
        self.turns.reverse()
        if not over and not self.whole:
            self._kept = [self.events.pop()]
            self.turns.pop()
        return bool(times)

    @property
    def due(self) -> int:
        """When the next event is due (µs); `NO_TIME` where its time and those behind it are not believed."""
        alone = self.whole and len(self.events) == 1
        return NO_TIME if alone else self.turns[self.at]

    def take(self, until: int) -> list[Event]:
        """The next events that are due by `until` (µs), at least one."""
        if self.turns[-1] <= until:
            end = len(self.events)
        else:
            end = max(self.at + 1, bisect_right(self.turns, until, self.at))
        taken = self.events[self.at : end] if self.at or end < len(self.events) else self.events
        self.at = end
        return taken


class Merge:
    """The logs as a stream of (feed, events).

    Clocks of the `watermark` are made when a log is opened and end with it, for there may be many thousands:
    what is over is one clock under `ENDED`, and for those that wait the one under `WAITING` holds it back.
    `whole` hands over chunks as they were read, in the order of their lines, for who keeps bookmarks.
    """

    WAITING: Final = "logs that wait for their turn"
    ENDED: Final = "logs that were read"

    def __init__(
        self,
        logs: Sequence[Log],
        open_log: Callable[[Log], tuple[Whole, Decoder]],
        watermark: Watermark,
        *,
        now: int | None = None,
        ready: Callable[[list[Event]], None],
        ended: Callable[[Feed], None],
        whole: bool = False,
    ) -> None:
        self.open: dict[str, Feed] = {}
        self._waiting = sorted(logs, key=lambda log: (log.first, log.name), reverse=True)
        self._open_log = open_log
        self._watermark = watermark
        self._clocks = watermark.clocks
        self._now = now
        self._ready = ready
        self._ended = ended
        self._whole = whole
        self._lateness = watermark.lateness
        self._heap: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[tuple[Feed, list[Event]]]:
        while self._heap or self._waiting:
            self._open_due()
            if not self._heap:
                continue
            _, name = heapq.heappop(self._heap)
            feed = self.open[name]
            self._believe(feed)
            yield feed, feed.take(NO_TIME if self._whole else self._until())
            if feed.at < len(feed.events) or self._fill(feed):
                heapq.heappush(self._heap, (self._turn(feed), name))
            else:
                self._end(feed)

    def close(self) -> None:
        """Let go of the open logs."""
        for feed in self.open.values():
            feed.source.close()

    def _until(self) -> int:
        """Up to when the log whose turn it is may go: not far beyond what others have next."""
        others = self._heap[0][0] if self._heap else NO_TIME
        if self._waiting and len(self.open) < OPEN:
            others = min(others, self._waiting[-1].first)
        return others + self._lateness

    def _open_due(self) -> None:
        """Open the logs whose time has come, and one in any case."""
        while self._waiting and len(self.open) < OPEN:
            first = self._waiting[-1].first
            if self._heap and first > self._heap[0][0] + self._lateness:
                break
            self._open(self._waiting.pop())
        if self._waiting:
            self._clocks[self.WAITING] = SourceClock(high=self._waiting[-1].first)
        else:
            self._clocks.pop(self.WAITING, None)

    def _open(self, log: Log) -> None:
        source, decoder = self._open_log(log)
        put_in_order = log.unsorted and not self._whole and self._room(log)
        feed = Feed(log, source, decoder, put_in_order=put_in_order, whole=self._whole)
        self.open[log.name] = feed
        clock = self._clocks.setdefault(log.name, SourceClock(high=log.first))
        if self._fill(feed):
            clock.high = min(clock.high, feed.turns[0])
            heapq.heappush(self._heap, (self._turn(feed), log.name))
        else:
            self._end(feed)

    def _room(self, log: Log) -> bool:
        """Whether there is memory left to put a log in order."""
        held = sum(_text_of(feed.log) for feed in self.open.values() if feed.put_in_order)
        return held + _text_of(log) <= SORTING

    def _fill(self, feed: Feed) -> bool:
        limit = max(CHUNK // 16, min(CHUNK, AHEAD // len(self.open)))
        if self._whole and (len(self.open) > 1 or self._waiting):
            limit = PORTION
        clock = self._clocks[feed.name]
        floor = max(clock.high, feed.log.first) - JUMP
        return feed.fill(limit, self._now, self._ready, floor)

    def _turn(self, feed: Feed) -> int:
        """When the next event of a log is due; soon where its time is not believed."""
        if feed.due < NO_TIME:
            return feed.due
        clock = self._clocks.get(feed.name)
        return min(feed.turns[feed.at], max(clock.high if clock else 0, feed.log.first) + JUMP)

    def _believe(self, feed: Feed) -> None:
        """The clock of a log in which nothing had happened for over an hour would wait for a second line."""
        clock = self._clocks.get(feed.name)
        if clock is not None and clock.high + JUMP < feed.due < NO_TIME:
            clock.high, clock.doubt, clock.behind = feed.due, NEVER, 0

    def _end(self, feed: Feed) -> None:
        self._ended(feed)
        feed.source.close()
        del self.open[feed.name]
        clock = self._clocks.pop(feed.name)
        ended = self._clocks.setdefault(self.ENDED, SourceClock())
        ended.high = max(ended.high, clock.high, clock.doubt)
        self._watermark.idle(self.ENDED)


def _text_of(log: Log) -> int:
    """The bytes of text held to put a log in order, as far as its files' sizes tell."""
    return min(WINDOW, _PACKED * sum(file.size for file in log.files) or WINDOW)


def _time(event: Event) -> int:
    return event.ts
