"""Rules over stored events: what they would have raised, when, on whom, and what of it is known already.

Events are read in the order they were stored and judged in the order they happened: matches wait until
nothing earlier can come any more, which the minute roll-up tells. So a back-test of logs that were taken in
one after another says what live operation over all of them at once would have said. Nothing here writes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, tzinfo
from typing import Final

import msgspec
from msgspec.structs import replace

from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.pipeline.rulecheck import with_seen
from socterm.pipeline.wouldbe import Gathering, WouldBe
from socterm.query import Query
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.exceptions import InForce, Tally
from socterm.sigma.learning.plan import Lists
from socterm.sigma.model import Rule, RuleSet
from socterm.store.doors.history import Stretch
from socterm.store.protocols import History
from socterm.store.rows import EventRow
from socterm.taxonomy.logsources import BY_ACTION, LOGSOURCES, logsources_told, serves

MOST_ALERTS: Final = 20_000
"""Alerts that are told of one by one; all are counted."""

MOST_WAITING: Final = 200_000
"""Matches that wait for earlier ones at most; beyond it the earliest go on, and are counted as hurried."""

SAMPLES: Final = 10
_EVER: Final = 1 << 62

_DATASETS = {
    dataset: {source for key, found in BY_ACTION.items() if key[0] == dataset for source in found}.union(told)
    for dataset, told in LOGSOURCES.items()
}

Found = tuple[Event, tuple[str, ...]]


class Progress(msgspec.Struct):
    """How far it is: ids looked at of how many, events read, matches and alerts so far."""

    done: int = 0
    of: int = 0
    events: int = 0
    matches: int = 0
    alerts: int = 0


class Report(msgspec.Struct):
    """What a back-test found. `keys` are its rules; times are µs, `days` by day since the epoch, UTC.

    `matches` counts the events that the rules' own parts matched, `hits` those behind alerts (by repeat).
    `days` and `entities` give (hits, alerts). `hidden` counts by exception number, `filtered` by filter what
    these kept away. Of the `number` alerts, `covered` are stored already, and of `known` others all events
    are evidence of some alert. `samples` are ids of events. `complete` is False where it was stopped.
    """

    keys: tuple[str, ...]
    stretch: Stretch
    progress: Progress
    first: int = 0
    last: int = 0
    matches: int = 0
    hits: int = 0
    number: int = 0
    days: dict[int, tuple[int, int]] = {}
    entities: list[tuple[str, int, int]] = []
    distinct: int = 0
    alerts: list[WouldBe] = []
    covered: int = 0
    known: int = 0
    hidden: dict[int, int] = {}
    filtered: dict[str, int] = {}
    left_out: dict[str, dict[str, int]] = {}
    hurried: int = 0
    samples: tuple[int, ...] = ()
    complete: bool = True

    @property
    def new(self) -> int:
        """Alerts that nothing stored tells of yet."""
        return self.number - self.covered - self.known


class Backtest:
    """One back-test of some rules of a set, with all they are built on. `run` it once.

    `exceptions` are (number, document) of those in force; `lists` are what rules look fields up in.
    """

    def __init__(
        self,
        rules: RuleSet,
        keys: Collection[str],
        *,
        tz: tzinfo = UTC,
        lists: Lists | None = None,
        exceptions: Iterable[tuple[int, str]] = (),
    ) -> None:
        self._keys = tuple(keys)
        alone = together(rules, self._keys)
        self._event_rules = [rule for rule in alone.rules.values() if rule.detection is not None]
        self._filters = {rule.key: rule.filters for rule in self._event_rules if rule.filters}
        self._matcher = Matcher(RuleSet({rule.key: _own(rule) for rule in self._event_rules}, []), tz=tz)
        self._tz = tz
        self._detector = Detector(alone, tz=tz, lists=lists)
        self._tally = Tally()
        entries = list(exceptions)
        if entries:
            self._detector.except_(InForce(entries, alone, tally=self._tally, tz=tz))
        self._gathering = Gathering(alone.rules, self._keys, MOST_ALERTS)
        self._waiting: list[tuple[int, str, int, int, Found]] = []
        self._alerted: set[int] = set()
        self._filtered: Counter[str] = Counter()
        self._early: list[int] = []
        self._hurried = 0
        self._first, self._last = 0, 0
        self.progress = Progress()

    def run(
        self,
        history: History,
        stretch: Stretch,
        query: Query | None = None,
        *,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> Report:
        """Go over the events of a stretch, those that match `query` where there is one.

        Between reads `stop` is asked whether to end, and `tell` hears of the progress. From a worker thread.
        """
        self.progress.of = stretch.size
        coming = history.coming(stretch)
        complete = True
        for portion in history.portions(stretch, query, datasets=self._wanted):
            self._match(portion.rows)
            reached = coming.after(portion.high - 1)
            self._judge(self._last + 1 if reached is None else reached)
            self.progress.done = min(portion.high - 1 - stretch.low, stretch.size)
            tell(self.progress)
            if stop():
                complete = False
                break
        self._judge(_EVER)
        self._detector.flush()
        self._gathering.take(self._detector.collect())
        self._gathering.rest()
        self.progress.alerts = self._gathering.number
        tell(self.progress)
        return self._report(history, stretch, complete=complete)

    # -- events to matches ---------------------------------------------------------------

    def _wanted(self, dataset: str | None) -> bool:
        """Whether any of the rules may be asked about events of a dataset."""
        sources = _DATASETS.get(dataset or "syslog")
        if sources is None:
            return True
        return any(serves(rule.logsource, source) for rule in self._event_rules for source in sources)

    def _match(self, rows: list[EventRow]) -> None:
        events = [_event(row) for row in rows]
        self.progress.events += len(events)
        for row, event, keys in zip(rows, events, self._matcher.match_all(events), strict=True):
            if event.ts > self._last:
                self._last = event.ts
            if event.ts < self._first or not self._first:
                self._first = event.ts
            if not keys:
                continue
            kept = self._unfiltered(event, keys) if self._filters else keys
            if not kept:
                continue
            self.progress.matches += 1
            if row.alerted:
                self._alerted.add(event.id)
            if len(self._early) < SAMPLES:
                self._early.append(event.id)
            heapq.heappush(self._waiting, (event.ts, event.source, event.position, event.id, (event, kept)))

    def _unfiltered(self, event: Event, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Of the rules that match by themselves those that no filter keeps the event from."""
        kept = []
        for key in keys:
            filters = self._filters.get(key, ())
            kept_by = next((f.key for f in filters if not evaluate(f.detection, event, self._tz)), None)
            if kept_by is None:
                kept.append(key)
            else:
                self._filtered[kept_by] += 1
        return tuple(kept)

    def _ripe(self, reached: int) -> Iterator[Found]:
        """The matches before a time (µs), in order."""
        waiting = self._waiting
        while waiting and (waiting[0][0] < reached or len(waiting) > MOST_WAITING):
            if waiting[0][0] >= reached:
                self._hurried += 1
            yield heapq.heappop(waiting)[-1]

    def _judge(self, reached: int) -> None:
        """Let the rules have what nothing earlier can come to any more; time has come to `reached` (µs)."""
        self._detector.feed_matched(self._ripe(reached), min(reached, self._last))
        self._detector.sweep()
        self._detector.learned()  # what nobody keeps is not to pile up
        self._gathering.take(self._detector.collect())
        self.progress.alerts = self._gathering.number

    # -- the report ----------------------------------------------------------------------

    def _report(self, history: History, stretch: Stretch, *, complete: bool) -> Report:
        got = self._gathering
        found = sorted(got.alerts, key=lambda one: (one.first, one.rule, one.entity))
        same = history.raised([(one.rule, one.entity, one.first[0], one.last[0]) for one in found])
        alerts = [
            replace(one, covered=ident, alerted=sum(event in self._alerted for event in one.events))
            for one, ident in zip(found, same, strict=True)
        ]
        entities = sorted(got.entities.items(), key=lambda item: (-item[1][0], item[0]))
        return Report(
            keys=self._keys,
            stretch=stretch,
            progress=self.progress,
            first=self._first,
            last=self._last,
            matches=self.progress.matches,
            hits=got.hits,
            number=got.number,
            days=dict(sorted(got.days.items())),
            entities=[(_said(entity), *counts) for entity, counts in entities],
            distinct=len(entities),
            alerts=alerts,
            covered=sum(1 for one in alerts if one.covered),
            known=sum(1 for one in alerts if not one.covered and one.alerted == len(one.events)),
            hidden={ident: times for ident, (times, _) in self._tally.take().items()},
            filtered=dict(self._filtered),
            left_out={
                key: counts for key, counts in self._detector.left_out().items() if any(counts.values())
            },
            hurried=self._hurried,
            samples=_samples(alerts) or tuple(self._early),
            complete=complete,
        )


def together(rules: RuleSet, keys: Collection[str]) -> RuleSet:
    """Some rules, raising alerts, with all they are built on or look at; in the order of the set."""
    needed: dict[str, Rule] = {}
    for key in keys:
        for part in with_seen(rules.rules[key], rules).rules.values():
            if part.key not in needed or part.key == key:
                needed[part.key] = part
    return RuleSet({key: needed[key] for key in rules.rules if key in needed}, [])


def _own(rule: Rule) -> Rule:
    """The rule before filters: what these keep away is counted."""
    return rule if rule.unfiltered is None else replace(rule, detection=rule.unfiltered)


def _event(row: EventRow) -> Event:
    return Event(
        row.ts, row.source, row.position, row.raw, row.fields, row.logsources or logsources_told(row.fields),
        row.kind, row.repeat, id=row.id,
    )  # fmt: skip


def _said(entity: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(value for _, value in entity)


def _samples(alerts: list[WouldBe]) -> tuple[int, ...]:
    """Some events behind alerts throughout the time, each once: the first of each, then their second ones."""
    chosen: dict[int, None] = {}
    some = alerts[:: max(1, len(alerts) // SAMPLES)]
    for depth in range(SAMPLES):
        chosen |= dict.fromkeys(one.events[depth] for one in some if depth < len(one.events))
    return tuple(sorted(list(chosen)[:SAMPLES]))
