"""What a scan leaves in a store, as live operation would: events, alerts, bookmarks, in transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import msgspec

from socterm.alerts.model import EpisodeChange
from socterm.enrich import Enricher
from socterm.event import Event
from socterm.pipeline.detect import Detector, clock_from, clock_state
from socterm.pipeline.exceptions import ExceptionBook
from socterm.pipeline.merge import Feed
from socterm.pipeline.tally import count
from socterm.sigma.watermark import SourceClock
from socterm.sources.base import Clock, Resume
from socterm.store.ingest.batch import Batch, SourceState, StoredState
from socterm.store.ingest.writer import Writer

FTS_STEP = 20_000
"""Events whose words are indexed at once, when all is read."""


class Keeper:
    """Puts a scan into an open store. What the store has read before is not read again.

    Raises what `Writer.commit` raises: a scan whose store is full cannot go on.
    """

    def __init__(self, writer: Writer, stored: StoredState, *, clock: Clock) -> None:
        self.known = 0
        """Logs that this store had read before."""
        self.next_event = writer.next_event_id
        self.next_episode = writer.next_episode_id
        self.next_alert = writer.next_alert_id
        self.episodes: Sequence[EpisodeChange] = stored.episodes
        self.clocks = {s.name: clock_from(s.extra.get("clock")) for s in stored.sources if "clock" in s.extra}
        self.learning = stored.learning
        self.book: ExceptionBook | None = None
        self._writer = writer
        self._clock = clock
        self._states = {state.name: state for state in stored.sources}
        self._remembered = stored.decoders
        self._events: list[Event] = []
        self._touched: dict[str, Feed] = {}

    def resume(self, name: str) -> Resume:
        """Where the store's last reading of a log stopped, None where it was never read."""
        state = self._states.get(name)
        if state is None:
            return None
        self.known += 1
        return state.position, state.bookmark

    def remembered(self, name: str) -> list[tuple[str, str]]:
        """What decoder and enricher of a log knew when it was last read; given out once."""
        return self._remembered.pop(name, [])

    def carry(self, feed: Feed, events: list[Event], late: int, clock: SourceClock | None) -> None:
        """Take events that went through detection: all of one chunk, so that its bookmark follows them."""
        chunk = feed.chunk
        state = self._states.setdefault(feed.name, SourceState(name=feed.name))
        self.next_event += len(events)
        self._events += events
        count(state, events)
        state.lines += len(events)
        state.newest = max(state.newest, *(event.ts for event in events))
        state.late += late
        if chunk is not None:
            state.position = chunk.first + len(chunk.lines)
            state.bookmark = chunk.bookmark
        if clock is not None:
            state.extra = {"clock": clock_state(clock)}
        self._touched[feed.name] = feed

    def commit(self, changes: list[EpisodeChange], enricher: Enricher, detector: Detector) -> None:
        """Store what came since the last commit, and what it changed."""
        touched, self._touched = self._touched, {}
        events, self._events = self._events, []
        hits = detector.take_hits()
        learned = detector.learned()
        excepted, unfit = self.book.take() if self.book is not None else ({}, None)
        if not (events or changes or hits or learned or excepted or unfit):
            return
        sources, decoders = [], []
        for name, feed in touched.items():
            stats = feed.source.stats()
            state = self._states[name]
            state.drops, state.note = stats.drops, stats.note
            sources.append(msgspec.structs.replace(state))
            decoders += [(name, key, value) for key, value in feed.decoder.changes()]
            decoders += [(name, key, value) for key, value in enricher.changes(name)]
        self._writer.commit(
            Batch(
                events=events, decoders=decoders, sources=sources, episodes=changes, rule_hits=hits,
                now=self._clock(), counters=detector.counters(), learning=learned, excepted=excepted,
                unfit=unfit,
            )
        )  # fmt: skip

    def under(self, detector: Detector, tz: tzinfo) -> None:
        """Let the store's exceptions hold for a detector, as of now: a scan is soon over."""
        self.book = ExceptionBook(self._writer.exceptions_since, detector, tz)
        self.book.look(self._clock())

    def close(self) -> None:
        """Bring the full-text index up to what was stored."""
        while self._writer.feed_fts(FTS_STEP):
            pass
