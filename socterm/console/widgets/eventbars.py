"""Bars over the Events list: how what passes the filter is spread over time, and where the cursor is in it.

Without a filter they come from the minute roll-up. With one the log is gone through in short reads, newest
first; the bars grow meanwhile and say how far it is, and another filter ends it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from textual import on
from textual.message import Message

from socterm.console.lines import Span, sp
from socterm.console.readers import parse_filter
from socterm.console.widgets.bars import BLOCKS, Part
from socterm.console.widgets.histogram import MINUTE, Histogram
from socterm.console.widgets.reader import in_thread
from socterm.console.words import number, stamp
from socterm.errors import QueryError
from socterm.query import Query
from socterm.query.tree import And, Node
from socterm.query.tree import Span as TimeSpan
from socterm.store.rows import Bucket

SIDES = (36, 48)
"""Cells beside the bars, for the two times and the number: within a day, and where times need dates."""

MOST = 120


@dataclass
class BarsRead(Message):
    """Bars over the log. `share` is how much of it has been looked at; `upto` the newest event in it."""

    version: int
    start: int
    end: int
    buckets: list[Bucket] = field(default_factory=list)
    share: float = 1.0
    upto: int = 0


def asked(query: Query | None) -> tuple[int | None, int | None]:
    """The stretch of time (µs) that every hit of a query lies in; None for an open end."""
    tree: Node | None = query.tree if query is not None else None
    spans = [
        node for node in (tree.items if isinstance(tree, And) else (tree,)) if isinstance(node, TimeSpan)
    ]
    low = max((span.low for span in spans if span.low is not None), default=None)
    high = min((span.high for span in spans if span.high is not None), default=None)
    return low, high


class EventBars(Histogram):
    """The whole log, or what passes the filter."""

    text = ""
    cursor_ts = 0
    version = 0
    start = 0
    share = 1.0
    _upto = -1
    _cells = 0
    _counting = False
    _began = _not_before = 0.0

    def narrow(self, text: str) -> None:
        """Count anew, for another filter."""
        self.text = text
        self._again()
        self.load()

    @property
    def _several(self) -> bool:
        """Whether the bars stand for more than one day."""
        return stamp(self.start, self.tz)[:10] != stamp(self.end, self.tz)[:10]

    def _again(self) -> None:
        self.version += 1
        self._upto, self._counting, self._not_before = -1, False, 0.0

    def load(self) -> None:
        """Look whether there is news to count."""
        cells = max(0, min(MOST, self.size.width - SIDES[self._several]))
        if cells != self._cells:
            self._cells = cells
            self._again()
        if cells and not self._counting and time.monotonic() >= self._not_before:
            self._counting, self._began = True, time.monotonic()
            self.count(self.version, self.text, self.now(), cells, self._upto)

    @in_thread("histogram")
    def count(self, version: int, text: str, now: int, cells: int, known: int) -> None:
        """Count what passes the filter, slice by slice."""
        try:
            query = parse_filter(text, now)
        except QueryError:
            self.post_message(BarsRead(version, 0, 0))
            return
        newest = self.store.events.newest_id()
        if newest == known:
            self.post_message(BarsRead(version, -1, 0, upto=newest))
            return
        start, end = self._stretch(query, newest)
        if query is None or end <= start:
            buckets = self.store.events.histogram(start, end, cells)
            self.post_message(BarsRead(version, start, end, buckets, upto=newest))
        else:
            self._go_through(version, query, (start, end), cells, newest)

    def _stretch(self, query: Query | None, newest: int) -> tuple[int, int]:
        """The whole minutes between the first and the last event looked at."""
        reads = self.store.events
        ends = reads.get([*reads.ids(None, limit=1, oldest_first=True), newest])
        low, high = asked(query)
        times = [event.ts for event in ends] or [0]
        start = min(times) if low is None else max(low, min(times))
        end = max(times) if high is None else min(high, max(times))
        return start // MINUTE * MINUTE, (end // MINUTE + 1) * MINUTE

    def _go_through(
        self, version: int, query: Query, times: tuple[int, int], cells: int, newest: int
    ) -> None:
        """Read by read, newest first, telling of each."""
        start, end = times
        counts = [0] * cells
        stretch = self.store.history.stretch(start, end)
        for places in self.store.history.places(stretch, query):
            if version != self.version:
                return
            for place in places.rows:
                at = (place.ts - start) * cells // (end - start)
                counts[min(max(at, 0), cells - 1)] += 1
            share = (stretch.high - places.low) / max(1, stretch.size + 1)
            self._tell(version, times, counts, min(0.999, share), newest)
        self._tell(version, times, counts, 1.0, newest)

    def _tell(
        self, version: int, times: tuple[int, int], counts: Sequence[int], share: float, newest: int
    ) -> None:
        start, end = times
        edges = [start + (end - start) * index // len(counts) for index in range(len(counts))]
        buckets = [Bucket(edge, count, 0) for edge, count in zip(edges, counts, strict=True)]
        self.post_message(BarsRead(version, start, end, buckets, share, newest))

    def read_failed(self) -> None:
        """Look again with the next second."""
        self._counting = False

    @on(BarsRead)
    def take_bars(self, message: BarsRead) -> None:
        """Show them."""
        if message.version != self.version:
            return
        if message.share >= 1.0:
            self._counting, self._upto = False, message.upto
            # What is slow to count is counted seldom: a tenth of the time at most goes into it.
            self._not_before = time.monotonic() + 10 * (time.monotonic() - self._began)
        if message.start >= 0:
            self.start, self.end, self.share = message.start, message.end, message.share
            self.buckets = message.buckets
            self.refresh()

    def parts(self) -> Sequence[Part]:
        """From when, bars, until when, how many."""
        if not self.buckets or self.end <= self.start:
            return [Part((sp(" counting …", "dim"),))] if self._counting else []
        total = sum(bucket.events for bucket in self.buckets)
        top = max((bucket.events for bucket in self.buckets), default=0)
        here = (self.cursor_ts - self.start) * len(self.buckets) // (self.end - self.start)
        spans: list[Span] = []
        for place, bucket in enumerate(self.buckets):
            block = " " if not bucket.events else BLOCKS[min(7, bucket.events * 7 // max(1, top))]
            look = "hot" if bucket.alerted else "graph"
            spans.append(sp("╵" if block == " " else block, "count") if place == here else sp(block, look))
        first, last = (stamp(ts, self.tz)[5 if self._several else 11 : 16] for ts in (self.start, self.end))
        said = f"{total:,}" if total < 1e7 else number(total)
        if self.share < 1.0:
            said += f" · {self.share:.0%} looked at"
        return [
            Part((sp(f" {first} ", "dim"),), 2),
            Part(tuple(spans), 0),
            Part((sp(f" {last}", "dim"),), 2),
            Part((sp(f"  {said}", "dim"),), 1),
        ]
