"""One line over the stream: how many events per slice of time, slices with alerts in another colour and height mark."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on, work

from socterm.console.lines import Span, sp
from socterm.console.messages import HistogramRead
from socterm.console.readers import Store, bars
from socterm.console.widgets.bars import BLOCKS, Bar, Part
from socterm.console.words import number, span
from socterm.store.rows import Bucket

MINUTE = 60_000_000
SPANS = (15 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE)


class Histogram(Bar):
    """The last quarter of an hour before the newest event."""

    ground = "background"

    def __init__(self, store: Store) -> None:
        super().__init__(id="histogram")
        self.store = store
        self.buckets: list[Bucket] = []
        self.total = 0
        self.span = SPANS[0]

    @work(thread=True, exclusive=True, exit_on_error=False, group="histogram")
    def load(self, now: int) -> None:
        """Read the bars that end now, one per two cells at most."""
        found = bars(self.store, now, self.span, max(8, min(90, self.size.width - 34)))
        self.post_message(HistogramRead(found, sum(bucket.events for bucket in found)))

    @on(HistogramRead)
    def take(self, message: HistogramRead) -> None:
        """Show them."""
        self.buckets, self.total = message.buckets, message.total
        self.refresh()

    def parts(self) -> Sequence[Part]:
        """Label, bars, total."""
        top = max((bucket.events for bucket in self.buckets), default=0)
        spans: list[Span] = []
        for bucket in self.buckets:
            block = " " if not bucket.events else BLOCKS[min(7, bucket.events * 7 // max(1, top))]
            spans.append(sp(block, "hot" if bucket.alerted else "graph"))
        return [
            Part((sp(f" last {span(self.span).removesuffix(' 0 s')}  ", "dim"),), 2),
            Part(tuple(spans), 0),
            Part((sp(f"  {self.total:,} events" if self.total < 1e7 else f"  {number(self.total)} events", "dim"),), 1),
        ]
