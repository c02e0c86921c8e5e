"""One line over the stream: how many events per slice of time, slices with alerts in another colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from textual import on

from socterm.console.lines import Span, sp
from socterm.console.messages import HistogramRead
from socterm.console.readers import Store, bars
from socterm.console.widgets.bars import BLOCKS, Bar, Part
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.words import number, stamp
from socterm.store.rows import Bucket

MINUTE = 60_000_000
SPAN = 15 * MINUTE


class Histogram(Reader, Bar):
    """The last quarter of an hour; where the newest event is older than that, the one before it."""

    ground = "background"

    def __init__(self, store: Store, *, now: Callable[[], int], tz: tzinfo) -> None:
        super().__init__(id="histogram")
        self.store = store
        self.now = now
        self.tz = tz
        self.buckets: list[Bucket] = []
        self.end = 0

    def load(self) -> None:
        """Read the bars, one a cell of what room there is."""
        room = self.size.width - 36
        if room > 0:
            self.read_bars(self.now(), min(90, room))

    def on_resize(self) -> None:
        """Another width: another number of bars."""
        self.load()

    @in_thread("histogram")
    def read_bars(self, now: int, count: int) -> None:
        """Read them from the roll-up."""
        self.post_message(HistogramRead(*bars(self.store, now, SPAN, count)))

    @on(HistogramRead)
    def take(self, message: HistogramRead) -> None:
        """Show them."""
        self.buckets, self.end = message.buckets, message.end
        self.refresh()

    def parts(self) -> Sequence[Part]:
        """Label, bars, total."""
        total = sum(bucket.events for bucket in self.buckets)
        old = self.now() - self.end > MINUTE
        top = max((bucket.events for bucket in self.buckets), default=0)
        spans: list[Span] = []
        for bucket in self.buckets:
            block = " " if not bucket.events else BLOCKS[min(7, bucket.events * 7 // max(1, top))]
            spans.append(sp(block, "hot" if bucket.alerted else "graph"))
        return [
            Part((sp(f" {self._when()}  " if old else " last 15 min  ", "dim"),), 2),
            Part(tuple(spans), 0),
            Part((sp(f"  {total:,} events" if total < 1e7 else f"  {number(total)} events", "dim"),), 1),
        ]

    def _when(self) -> str:
        """The end of the bars; where it is of another day that is said in the room there is."""
        said = stamp(self.end, self.tz)
        today = said[:10] == stamp(self.now(), self.tz)[:10]
        return f"15 min to {said[11:16]}" if today else f"to {said[5:16]}"
