"""The ingest loop: reads what is there, carries it down the road, commits it, tells the views.

One thread runs it. A batch holds at most `BATCH` lines and waits at most 50 ms; everything a batch changed
(events, episodes, decoder memory, counters, bookmarks) commits in one transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from queue import SimpleQueue

import msgspec

from socterm.enrich import Enricher
from socterm.enrich.valuelists import ValueLists
from socterm.errors import StoreBusyError, StoreFullError
from socterm.event import Chunk, Event, Receipt
from socterm.parsers.decoder import Decoder
from socterm.pipeline.beside import Beside
from socterm.pipeline.detect import IDLE_AFTER, Detector, clock_from, clock_state
from socterm.pipeline.exceptions import ExceptionBook
from socterm.pipeline.feed import Feed
from socterm.pipeline.forms import Form, form_for
from socterm.pipeline.raising import Raising
from socterm.pipeline.retro import Retro
from socterm.pipeline.rulewatch import RuleWatch
from socterm.pipeline.status import IngestStatus, Lag, Rate
from socterm.pipeline.tally import count
from socterm.pipeline.upkeep import Upkeep
from socterm.sigma.learning.plan import lists_of
from socterm.sigma.model import RuleSet
from socterm.sigma.watermark import LATENESS
from socterm.sources.base import Source
from socterm.sources.opening import Opener
from socterm.store.ingest.batch import Batch, RulesState, SourceState, StoredState
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import Retention

BATCH = 2000

HEAVY = 2_048
"""Bytes of lines that fill a batch as one line does, where they are longer on the whole."""

PATIENCE = 0.05
"""Seconds a batch may wait for more lines."""

POLL = 0.25

OVERDUE = 1_000_000
"""µs after which what was read of a live source waits no longer for others whose clocks are behind."""

EMPTYING = 20_000_000
"""µs that the store gets at most, once all is to end, for what listeners have taken. Senders get less."""


class Pipeline:
    """Sources to store. `run` blocks until stopped, or with `once` until all is read and settled."""

    def __init__(
        self,
        writer: Writer,
        stored: StoredState,
        rules: RuleSet,
        opener: Opener,
        *,
        clock: Callable[[], int],
        tz: tzinfo = UTC,
        once: bool = False,
        mode: str = "ingesting",
        batch: int = BATCH,
        lateness: int = LATENESS,
        forms: Sequence[Form] = (),
        enricher: Enricher | None = None,
        lists: ValueLists | None = None,
        watch: RuleWatch | None = None,
        retention: Retention | None = None,
        beside: Sequence[Beside] = (),
    ) -> None:
        self.watch = watch
        self.beside = () if once else tuple(beside)
        self.retention = retention
        self.enricher = enricher or Enricher()
        self.lists = lists or ValueLists()
        self.lists.use(lists_of(rules))
        self.writer = writer
        self.opener = opener
        self.clock = clock
        self.tz = tz
        self.once = once
        self.mode = mode
        self.forms = forms
        self.batch = batch
        self.wake = threading.Event()
        self.error = ""
        self.turns = 0
        """Rounds of the loop: does not grow while it is stuck."""
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.detector = Detector(
            rules,
            tz=tz,
            lateness=lateness,
            next_episode=writer.next_episode_id,
            next_alert=writer.next_alert_id,
            lists=self.lists,
        )
        clocks = {s.name: clock_from(s.extra.get("clock")) for s in stored.sources if "clock" in s.extra}
        self.detector.restore(clocks, stored.episodes, stored.learning)
        self.exceptions = ExceptionBook(writer.exceptions_since, self.detector, tz)
        self.raising = Raising(writer, self.detector.episodes)
        self.retro = Retro(writer.path, clock=clock)
        self._states = {state.name: state for state in stored.sources}
        self._decoder_entries = stored.decoders
        self._feeds: list[Feed] = []
        self._next_event = writer.next_event_id
        self._pending: list[Event] = []
        self._receipts: list[Receipt] = []
        self._touched: dict[str, Feed] = {}
        self._lag = Lag()
        self._rate = Rate()
        self._listeners: list[Callable[[], None]] = []
        self._audit_seen = stored.audit_seen
        self._until = 0
        self._upkeep = Upkeep(writer, retention, clock=clock, fail=self._fail)
        self._rules_state: RulesState | None = None
        self._reloads, self._reloaded = 0, ""
        self._status = self._make_status()

    # -- what others ask -----------------------------------------------------------------

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call back from the ingest thread after each commit."""
        self._listeners.append(callback)

    def status(self) -> IngestStatus:
        """The state as of the last turn of the loop; safe from any thread."""
        return self._status

    def refresh(self) -> IngestStatus:
        """The state now; only from the ingest thread or after it ended."""
        self._status = self._make_status()
        return self._status

    def between(self, work: Callable[[], None]) -> None:
        """Have something done in the ingest thread, between two batches; from any thread."""
        self._work.put(work)
        self.wake.set()

    def failed(self, error: BaseException) -> None:
        """The loop ended by an error: views show it."""
        self.error = f"ingest stopped: {error}"
        self._status = self._make_status()
        self._tell()

    # -- the loop ------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Ingest until `stop` is set."""
        next_look = 0
        self.opener.start(self.wake.set)
        if self.watch is not None and not self.once:
            self.watch.start(self.wake.set)
        for part in self.beside:
            part.start()
        try:
            while not stop.is_set():
                now = self.clock()
                if now >= next_look or self.opener.hurried:
                    next_look = now + 1_000_000
                    self._look_around(now)
                    if self.raising.look():
                        self._commit(stop)
                self._hear_decisions()
                self._take_rules(stop)
                while not self._work.empty():
                    self._work.get()()
                if self.exceptions.look(now):
                    self._commit(stop)
                moved = self._gather(now)
                if self._pending or self._touched:
                    self._commit(stop)
                if not moved:
                    if self._finished():
                        break
                    self._rest(now, stop)
                self.turns += 1
            if stop.is_set():
                self._empty(stop)
        finally:
            for feed in self._feeds:
                feed.source.close()
            self.opener.close()  # before what is beside: its senders hear from there that nothing is stored
            self.retro.close()
            for part in self.beside:
                part.close()
            if self.watch is not None:
                self.watch.close()
        if not stop.is_set():
            self.detector.flush()
            self._commit(stop)
            self._upkeep.finish()

    def _empty(self, stop: threading.Event) -> None:
        """Store what listeners have taken: nobody will send it again."""
        self._feeds, others = [feed for feed in self._feeds if feed.end()], self._feeds
        while not (all(feed.over for feed in self._feeds) or self._time_is_up() or self.error):
            self.turns += 1
            if not self._gather(self.clock()):
                self.wake.wait(POLL)
                self.wake.clear()
            if self._pending or self._touched:
                self._commit(stop)
        for feed in self._feeds:
            feed.source.close()  # what that cuts off, and what was not read, is counted
        while not self.error and any(feed.ahead is not None for feed in self._feeds):
            self._gather(self.clock())
            self._commit(stop)
        self._feeds = others
        if self._touch_changed():
            self._commit(stop)

    def _time_is_up(self) -> bool:
        """Whether the time is over that the store has from the first time this is asked."""
        now = self.clock()
        if not self._until:
            self._until = now + EMPTYING
        return now >= self._until

    def _touch_changed(self) -> bool:
        """Have what sources lost or refused since stored, though no line of theirs came; whether any did."""
        changed = [feed for feed in self._feeds if feed.changed()]
        self._touched.update((feed.state.name, feed) for feed in changed)
        return bool(changed)

    def _finished(self) -> bool:
        """Whether nothing will ever come again: all files read whole, standard input at its end."""
        if self._pending or (self.opener.waiting or not self._feeds):
            return self.once and not self._pending and not self._feeds
        return all(feed.over for feed in self._feeds)

    def _look_around(self, now: int) -> None:
        """Take on sources that appeared, keep the lease, refresh what views see."""
        for source in self.opener.poll():
            self._add(source, now)
        self._touch_changed()
        self.enricher.look()
        if not self.once:
            self.retro.look(self.enricher.feeds)
        self.lists.look()
        try:
            self.writer.heartbeat(now)
        except (StoreFullError, StoreBusyError) as full:
            self.error = str(full)
        self._status = self._make_status()

    def _add(self, source: Source, now: int) -> None:
        state = self._states.get(source.name) or SourceState(name=source.name)
        self._states[source.name] = state
        decoder = Decoder(source.name, tz=self.tz, form=form_for(self.forms, source.name))
        entries = self._decoder_entries.pop(source.name, [])
        decoder.restore(entries)
        self.enricher.restore(source.name, entries)
        feed = Feed(source, decoder, state, now)
        self._feeds.append(feed)
        self.detector.watermark.clock(source.name)
        source.start(self.wake.set)
        bookmark = source.bookmark()
        if not state.lines and bookmark is not None:
            state.bookmark = bookmark
            self._touched[state.name] = feed

    def _hear_decisions(self) -> None:
        self._audit_seen, decisions = self.writer.closed_since(self._audit_seen)
        for alert, verb in decisions:
            self.detector.decided(alert, verb)

    def _take_rules(self, stop: threading.Event) -> None:
        """Go on under the rules as they are by now; what that settles commits together with them."""
        reload = self.watch.take() if self.watch is not None else None
        if reload is None:
            return
        if reload.rules is not self.detector.rules:
            self.lists.use(lists_of(reload.rules))
            self.detector.replace(reload.rules, reload.matcher)
        self._rules_state = reload.state
        if reload.text:
            self._reloads, self._reloaded = self._reloads + 1, reload.text
        self._commit(stop)
        self._status = self._make_status()
        self._tell()

    def _gather(self, now: int) -> bool:
        """Carry what is there down the road, slowest source first, until the batch is full."""
        room = self.batch
        moved = False
        feeds = self._feeds
        while room > 0:
            for feed in feeds:
                feed.fill(room, now)
            ready = [feed for feed in feeds if feed.ahead is not None]
            if not ready:
                self._lag.caught_up()
                break
            feed = ready[0] if len(ready) == 1 else self._next(ready, now)
            chunk, feed.ahead = feed.ahead, None
            if chunk is not None:
                room -= max(1, self._carry(feed, chunk), sum(map(len, chunk.lines)) // HEAVY)
                feed.quiet_since = now
                moved = True
        for feed in feeds:
            if feed.ahead is None and (
                feed.done or now - feed.quiet_since > IDLE_AFTER or (self.once and not moved)
            ):
                self.detector.watermark.idle(feed.source.name)
        return moved

    def _next(self, ready: list[Feed], now: int) -> Feed:
        """The one whose clock is slowest, so that times come in order; but first a live one that waits long.

        A source can bring old times faster than anybody takes them: it would go first for ever.
        """
        waiting = min((feed for feed in ready if feed.source.live), key=lambda f: f.filled, default=None)
        if waiting is not None and now - waiting.filled >= OVERDUE:
            return waiting
        clocks = self.detector.watermark.clocks
        return min(ready, key=lambda f: clocks[f.source.name].high)

    def _carry(self, feed: Feed, chunk: Chunk) -> int:
        events = feed.decoder.decode(chunk)
        self.enricher.apply(events)
        ident = self._next_event
        newest = feed.state.newest
        for event in events:
            event.id = ident
            ident += 1
            if event.ts > newest:
                newest = event.ts
        self._next_event = ident
        state = feed.state
        state.position = chunk.first + len(chunk.lines)
        state.bookmark = chunk.bookmark
        state.lines += len(events)
        count(state, events)
        state.newest = newest
        self.detector.feed(chunk.source, events)
        self._pending.extend(events)
        self._receipts.extend(chunk.receipts)
        self._touched[state.name] = feed
        return len(events)

    # -- the transaction -----------------------------------------------------------------

    def _commit(self, stop: threading.Event) -> None:
        self.detector.sweep()
        touched = tuple(self._touched.values())
        batch = self._make_batch()
        while True:
            try:
                self.writer.commit(batch)
                break
            except (StoreFullError, StoreBusyError) as full:
                self.error = str(full)
                self._status = self._make_status()
                self._tell()
                self.turns += 1
                # Who has a busy store lets go of it; a full disk nobody empties in time.
                if stop.wait(1.0) and (isinstance(full, StoreFullError) or self._time_is_up()):
                    return
        self.error = ""
        for feed in touched:
            feed.committed()
        now = self.clock()
        self._rate.add(now, len(batch.events))
        self._upkeep.after_batch(len(batch.events))
        self._tell()

    def _make_batch(self) -> Batch:
        events, self._pending = self._pending, []
        receipts, self._receipts = self._receipts, []
        rules, self._rules_state = self._rules_state, None
        touched, self._touched = self._touched, {}
        sources = []
        decoders = []
        now = self.clock()
        excepted, unfit = self.exceptions.take()
        asked, raised = self.raising.take()
        for name, feed in touched.items():
            stats = feed.source.stats()
            state = feed.state
            state.drops = feed.drops(stats)
            state.note = stats.note
            feed.rate.add(now, state.lines - feed.told)
            feed.told = state.lines
            state.rate = feed.rate.value(now)
            state.late += self.detector.late.pop(name, 0)
            state.extra = {"clock": clock_state(self.detector.watermark.clocks[name])}
            sources.append(msgspec.structs.replace(state))
            decoders += [(name, key, value) for key, value in feed.decoder.changes()]
            decoders += [(name, key, value) for key, value in self.enricher.changes(name)]
        return Batch(
            events=events,
            decoders=decoders,
            sources=sources,
            episodes=self.detector.collect() + asked,
            rule_hits=self.detector.take_hits(),
            now=now,
            rules=rules,
            counters=self.detector.counters(),
            learning=self.detector.learned(),
            excepted=excepted,
            unfit=unfit,
            raised=raised,
            receipts=receipts,
        )

    def _fail(self, why: str) -> None:
        self.error = why

    # -- quiet times ---------------------------------------------------------------------

    def _rest(self, now: int, stop: threading.Event) -> None:
        """Nothing to read: use the time for the index, let time pass in the detector, wait to be woken."""
        if self._upkeep.step():
            return
        quiet = min((now - f.quiet_since for f in self._feeds), default=0)
        self.detector.rest(quiet, None if self.once else now)
        if self.detector.changed:
            self._commit(stop)
        self.wake.wait(0.0 if self.once else POLL)
        self.wake.clear()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def _make_status(self) -> IngestStatus:
        now = self.clock()
        sources = tuple(feed.status(now) for feed in self._feeds)
        backlog = sum(max(0, s.backlog) for s in sources)
        return IngestStatus(
            mode=self.mode,
            rate=self._rate.value(now),
            lag=self._lag.value(now, backlog),
            lines=sum(s.lines for s in sources),
            understood=sum(s.decoded for s in sources),
            backlog=backlog,
            late=sum(f.state.late for f in self._feeds),
            drops=sum(sum(s.drops.values()) for s in sources),
            sources=sources,
            error=self.error,
            hints=self._hints(),
            reloads=self._reloads,
            reloaded=self._reloaded,
            left_out=self.detector.left_out(),
        )

    def _hints(self) -> tuple[str, ...]:
        """What a person should know, one line each."""
        hints = self.enricher.hints + self.lists.hints + self.detector.notes()
        hints += self.watch.notes if self.watch is not None else ()
        parts = (self.retro, *self.beside, *((self.retention,) if self.retention is not None else ()))
        return hints + tuple(part.note for part in parts if part.note)
