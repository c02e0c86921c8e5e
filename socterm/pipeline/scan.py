"""Batch detection: logs merged by time, down the whole road in memory, findings out as they settle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Final

import msgspec

from socterm.alerts.model import Entity, Hit
from socterm.enrich import Enricher
from socterm.event import Event
from socterm.parsers.decoder import Decoder
from socterm.pipeline.detect import Detector
from socterm.pipeline.findings import Finding, Findings
from socterm.pipeline.keep import Keeper
from socterm.pipeline.merge import Feed, Merge
from socterm.pipeline.survey import Log
from socterm.sigma.learning.plan import Lists
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.watermark import LATENESS
from socterm.sources.base import Clock
from socterm.sources.finding import Skipped
from socterm.sources.whole import Place, Whole, WholeLog

BATCH: Final = 2000
"""Events after which what has settled is given out."""

Window = tuple[int, int]
"""[from, until) in µs. Events outside are read, for what decoders learn of them, and raise nothing."""


class Progress(msgspec.Struct):
    """How far a scan is. `files` were read to their end. `first` and `last` are event times (µs), 0 before
    any; `outside` counts events before or after the window that was asked for."""

    files: int = 0
    events: int = 0
    undecoded: int = 0
    outside: int = 0
    late: int = 0
    bytes_read: int = 0
    first: int = 0
    last: int = 0
    drops: dict[str, int] = {}


class Scan:
    """One scan of some logs with some rules.

    Go through `findings` to its end, or stop when you like and take what `rest` gives; then `close`.
    `piped` is what is read besides files, by the name of its log. `signals` asks for every hit of a rule
    instead of alerts. `now` (µs) replaces the files' own times as the reference of stamps without a year.
    With `keeper` everything goes into its store too. `lists` are what rules look fields up in.
    """

    def __init__(
        self,
        logs: Sequence[Log],
        rules: RuleSet,
        *,
        clock: Clock,
        tz: tzinfo = UTC,
        now: int | None = None,
        window: Window | None = None,
        signals: bool = False,
        lateness: int = LATENESS,
        enricher: Enricher | None = None,
        piped: dict[str, Whole] | None = None,
        keeper: Keeper | None = None,
        lists: Lists | None = None,
    ) -> None:
        self.progress = Progress()
        self.trouble: list[Skipped] = []
        """Files that could be read in part only, and why."""
        self.results = Findings(rules, self._place)
        self._clock = clock
        self._tz = tz
        self._window = window
        self._signals = signals
        self._fired: list[Finding] = []
        self._enricher = enricher or Enricher()
        self._piped = piped or {}
        self._sources: dict[str, Whole] = {}
        self._done_bytes = 0
        self._keeper = keeper
        self._detector = Detector(
            rules,
            tz=tz,
            lateness=lateness,
            next_episode=keeper.next_episode if keeper else 1,
            next_alert=keeper.next_alert if keeper else 1,
            lists=lists,
        )
        if keeper:
            self._detector.restore(keeper.clocks, keeper.episodes, keeper.learning)
            keeper.under(self._detector, tz)
            self.results.know(keeper.episodes)
        if signals:
            self._detector.hear(self._on_fire)
        self._merge = Merge(
            logs,
            self._open,
            self._detector.watermark,
            now=now,
            ready=self._ready,
            ended=self._ended,
            whole=keeper is not None,
        )

    def findings(self) -> Iterator[list[Finding]]:
        """Read everything; after each batch of events what was found for good, often nothing."""
        room = BATCH
        for feed, events in self._merge:
            self._carry(feed, events)
            room -= len(events)
            if room <= 0:
                room = BATCH
                self._detector.sweep()
                yield self._settled()
        self._detector.flush()
        yield self._settled()
        yield self.rest()

    def rest(self) -> list[Finding]:
        """What was found and has not settled, as far as it was seen: the scan ends here."""
        found = self._settled()
        return found if self._signals else found + self.results.rest()

    def close(self) -> None:
        """Let go of the files."""
        for feed in self._merge.open.values():
            self._account(feed)
            feed.source.close()

    def _carry(self, feed: Feed, events: list[Event]) -> None:
        keeper = self._keeper
        progress = self.progress
        ident = keeper.next_event if keeper else progress.events + 1
        for number, event in enumerate(events, ident):
            event.id = number
        progress.events += len(events)
        inside = events if self._window is None else self._inside(events, *self._window)
        detector = self._detector
        if inside:
            detector.feed(feed.name, inside)
        late = detector.late.pop(feed.name, 0)
        progress.late += late
        if keeper:
            keeper.carry(feed, events, late, detector.watermark.clocks.get(feed.name))

    def _inside(self, events: list[Event], start: int, end: int) -> list[Event]:
        inside = [event for event in events if start <= event.ts < end]
        self.progress.outside += len(events) - len(inside)
        return inside

    def _settled(self) -> list[Finding]:
        changes = self._detector.collect()
        if self._keeper:
            self._keeper.commit(changes, self._enricher, self._detector)
        else:
            self._detector.learned()  # what nobody keeps is not to pile up
        progress = self.progress
        progress.bytes_read = self._done_bytes + sum(f.source.bytes_read for f in self._merge.open.values())
        if self._signals:
            fired, self._fired = self._fired, []
            return fired
        return self.results.take(changes, self._detector.watermark.value())

    # -- what the merge asks for ---------------------------------------------------------

    def _open(self, log: Log) -> tuple[Whole, Decoder]:
        resume = self._keeper.resume(log.name) if self._keeper else None
        decoder = Decoder(log.name, tz=self._tz, form=log.form)
        if self._keeper:
            entries = self._keeper.remembered(log.name)
            decoder.restore(entries)
            self._enricher.restore(log.name, entries)
        source = self._piped.get(log.name) or WholeLog(log.name, log.files, clock=self._clock, resume=resume)
        self._sources[log.name] = source
        return source, decoder

    def _ready(self, events: list[Event]) -> None:
        """Events as they were read, in the order of their lines."""
        self._enricher.apply(events)
        progress = self.progress
        progress.undecoded += sum("event.dataset" not in event.fields for event in events)
        times = [event.ts for event in events]
        first, last = min(times), max(times)
        progress.first = min(first, progress.first) if progress.first else first
        progress.last = max(last, progress.last)

    def _ended(self, feed: Feed) -> None:
        """A log was read to its end."""
        self.progress.files += len(feed.log.files) or 1
        self._account(feed)

    def _account(self, feed: Feed) -> None:
        source = feed.source
        self._done_bytes += source.bytes_read
        for reason, times in source.stats().drops.items():
            self.progress.drops[reason] = self.progress.drops.get(reason, 0) + times
        self.trouble += source.notes

    # -- what findings ask for -----------------------------------------------------------

    def _place(self, source: str, position: int) -> Place:
        found = self._sources.get(source)
        return (source.removeprefix("file:"), position + 1) if found is None else found.place(position)

    def _on_fire(self, rule: Rule, entity: Entity, fired: Hit, evidence: Sequence[Hit]) -> None:
        self._fired.append(self.results.hit(rule, entity, fired, evidence))
