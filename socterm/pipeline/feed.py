"""One source on the road of the pipeline."""

from __future__ import annotations

from socterm.event import Chunk
from socterm.parsers.decoder import Decoder
from socterm.pipeline.status import Rate, SourceStatus
from socterm.sources.base import Answering, Listener, Source, SourceStats
from socterm.store.ingest.batch import SourceState


class Feed:
    """One source on the road: its decoder, its counters and the chunk read ahead."""

    def __init__(self, source: Source, decoder: Decoder, state: SourceState, now: int) -> None:
        self.source = source
        self.decoder = decoder
        self.state = state
        self.ahead: Chunk | None = None
        self.filled = now
        """Since when (µs) it waits to go on."""
        self.quiet_since = now
        self.rate = Rate()
        self.told = state.lines
        self.done = False
        self._before = state.drops

    def fill(self, limit: int, now: int) -> None:
        """Read ahead if nothing is."""
        if self.ahead is None and not self.done:
            self.filled = now
            self.ahead = self.source.read(limit)
            self.done = self.ahead is None and self.source.done

    def end(self) -> bool:
        """Have it take nothing more, if others send to it; whether it may still have something to carry."""
        if not isinstance(self.source, Listener):
            return False
        self.source.end()
        return True

    def committed(self) -> None:
        """Tell a source that answers its senders how far all of it is stored."""
        if isinstance(self.source, Answering):
            self.source.committed(self.state.position)

    def changed(self) -> bool:
        """Whether it has lost or refused something, or has a note, that is not stored yet."""
        stats = self.source.stats()
        return (self.drops(stats), stats.note) != (self.state.drops, self.state.note)

    def drops(self, stats: SourceStats) -> dict[str, int]:
        """What was lost or refused since the store began: a source counts from its own start."""
        before = self._before
        return {reason: before.get(reason, 0) + stats.drops.get(reason, 0) for reason in before | stats.drops}

    @property
    def over(self) -> bool:
        """Whether nothing of it is still to be carried, now or ever."""
        return self.done and self.ahead is None

    def status(self, now: int) -> SourceStatus:
        """How it is doing at `now` (µs)."""
        stats, state = self.source.stats(), self.state
        return SourceStatus(
            name=state.name, lines=state.lines, decoded=state.decoded, backlog=stats.backlog,
            age=now - state.newest if state.newest else -1,
            drops=self.drops(stats), note=stats.note, done=self.done,
        )  # fmt: skip
