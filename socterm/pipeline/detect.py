"""Detection as one step of the road: events in, changed episodes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

import msgspec

from socterm.alerts.episodes import Episodes
from socterm.alerts.model import EpisodeChange
from socterm.event import Event
from socterm.sigma.alertrules import on_logs, standing_on_alerts
from socterm.sigma.alertsource import AlertSource
from socterm.sigma.changes import going_on, tuned
from socterm.sigma.correlate import Correlator, OnFire
from socterm.sigma.engine import Matcher
from socterm.sigma.exceptions import InForce
from socterm.sigma.learning.changes import LearningChanges, StoredLearning
from socterm.sigma.learning.plan import Lists
from socterm.sigma.learning.queue import FOREVER
from socterm.sigma.learning.stage import Learner, needed
from socterm.sigma.model import RuleSet
from socterm.sigma.watermark import JUMP, LATENESS, NEVER, SourceClock, Watermark

IDLE_AFTER = 5_000_000
"""µs of wall time without a line after which a source no longer holds the watermark."""

HISTORY = "history"
"""The source under which stored events are gone through anew: one order, one clock."""


class Detector:
    """Rules, windows, episodes and the watermark of one ingest.

    Holds no file and no clock; `restore` puts it where the store says it was.
    """

    def __init__(
        self,
        rules: RuleSet,
        *,
        tz: tzinfo = UTC,
        lateness: int = LATENESS,
        next_episode: int = 1,
        next_alert: int = 1,
        lists: Lists | None = None,
    ) -> None:
        self.rules = rules
        self.exceptions: InForce | None = None
        self._lists = lists
        self._tz = tz
        self.episodes = Episodes(next_episode, next_alert)
        self.matcher = Matcher(rules, tz=tz)
        self.correlator = Correlator(on_logs(rules), self.episodes, lateness=lateness)
        self.alerts = self._make_alerts()
        self.learner = self._make_learner(needed(rules))
        self.watermark = Watermark(lateness)
        self.late: dict[str, int] = {}

    def replace(self, rules: RuleSet, matcher: Matcher | None = None) -> None:
        """Go on with other rules; those whose terms are the same keep their windows and episodes.

        `matcher` is one made for these rules, where there is one: making it is most of the work.
        """
        same = going_on(self.rules, rules)
        waited_for = same | tuned(self.rules, rules)
        self.rules = rules
        self.matcher = matcher or Matcher(rules, tz=self._tz)
        if self.alerts is not None:
            self.alerts.part(same)
        self.correlator.replace(on_logs(rules), same)
        if self.alerts is None:
            self.alerts = self._make_alerts()
        else:
            self.alerts.replace(rules, same)
        self.except_(self.exceptions)
        former, self.learner = self.learner, self._make_learner(needed(rules) or self.learner is not None)
        if former is not None and self.learner is not None:
            self.learner.adopt(former, waited_for)

    def except_(self, exceptions: InForce | None) -> None:
        """The exceptions in force from the next event on; None for none."""
        self.exceptions = exceptions
        self.correlator.except_(exceptions)
        if self.alerts is not None:
            self.alerts.correlator.except_(exceptions)

    def _make_alerts(self) -> AlertSource | None:
        """None where no rule looks at alerts."""
        if not standing_on_alerts(self.rules):
            return None
        return AlertSource(self.rules, self.episodes, self.correlator, tz=self._tz)

    def _make_learner(self, wanted: bool) -> Learner | None:
        """None where no rule remembers or looks anything up: then nothing stands in an event's way."""
        return Learner(self.rules, self.correlator.feed, lists=self._lists) if wanted else None

    def restore(
        self,
        clocks: dict[str, SourceClock],
        open_episodes: Sequence[EpisodeChange],
        learned: StoredLearning | None = None,
    ) -> None:
        """Go on from a store: each source's clock, the episodes under way, what rules learned."""
        self.watermark.clocks.update(clocks)
        for name in clocks:
            self.watermark.idle(name)
        alerts = self.alerts
        over = alerts.keys if alerts is not None else frozenset[str]()
        self.correlator.restore([change for change in open_episodes if change.rule not in over])
        if alerts is not None:
            alerts.restore([change for change in open_episodes if change.rule in over])
        if learned is not None and learned.held and self.learner is None:
            self.learner = self._make_learner(True)
        if self.learner is not None and learned is not None:
            self.learner.restore(learned)

    def feed(self, source: str, events: Sequence[Event]) -> None:
        """Take events of one source, in its order."""
        clock = self.watermark.clock(source)
        others = self.watermark.others(source)
        lateness = self.watermark.lateness
        learner, alerts, episodes = self.learner, self.alerts, self.episodes
        feed = self.correlator.feed if learner is None else learner.feed
        due = self._due()
        high = clock.high
        calm = clock.calm
        late = 0
        for event, keys in zip(events, self.matcher.match_all(events), strict=True):
            ts = event.ts
            if calm and high < ts <= high + JUMP:
                high = ts  # what `see` would do, without the call
            elif ts != high or not calm:
                clock.high = high
                clock.see(ts)
                if clock.high < high:
                    self._turn_back(min(high, others) - lateness, min(clock.high, others) - lateness)
                high = clock.high
                calm = clock.calm
            mark = (high if high < others else others) - lateness
            if ts < mark:
                late += 1
            if mark > due:
                if learner is not None:
                    learner.advance(mark)
                if alerts is not None:
                    alerts.tell(mark)
                due = self._due()
            if keys:
                feed(event, keys, mark)
                if alerts is not None and episodes.fresh:
                    alerts.gather(mark)
                    due = self._due()
                elif learner is not None and learner.due < due:
                    due = learner.due
        clock.high = high
        if late:
            self.late[source] = self.late.get(source, 0) + late

    def feed_matched(self, found: Iterable[tuple[Event, tuple[str, ...]]], reached: int) -> None:
        """Take events of the past with the keys of what they match, in their order whatever their sources.

        Only events that match need come. Nothing before `reached` (µs) is to follow.
        """
        clock = self.watermark.clock(HISTORY)
        for event, keys in found:
            mark = event.ts
            if mark > self._due():
                self._pass(mark)
            (self.correlator if self.learner is None else self.learner).feed(event, keys, mark)
            if self.alerts is not None and self.episodes.fresh:
                self.alerts.gather(mark)
        clock.high = max(clock.high, reached + self.watermark.lateness)

    def _pass(self, mark: int) -> None:
        """Time has come to a moment (µs)."""
        if self.learner is not None:
            self.learner.advance(mark)
        if self.alerts is not None:
            self.alerts.tell(mark)

    def _due(self) -> int:
        """The time (µs) of the next thing to do as soon as the watermark passes it."""
        learner = FOREVER if self.learner is None else self.learner.due
        return learner if self.alerts is None else min(learner, self.alerts.due)

    def _turn_back(self, before: int, after: int) -> None:
        """A clock was wrong: what it had let go of is gone, wherever a batch ends."""
        if self.learner is not None:
            self.learner.advance(before)
            self.learner.back(after, max(clock.high for clock in self.watermark.clocks.values()))
        self.correlator.sweep(before, thorough=True)
        if self.alerts is not None:
            self.alerts.advance(before, thorough=True)
        if after < before:
            self.correlator.back(after)

    def sweep(self) -> None:
        """Settle what time has passed."""
        value = self.watermark.value()
        if self.learner is not None and value > self.learner.due:
            self.learner.advance(value)
        self.correlator.sweep(value)
        if self.alerts is not None:
            self.alerts.advance(value)

    def rest(self, quiet: int, now: int | None = None) -> None:
        """Nothing is left to read; all sources have been quiet for `quiet` µs.

        `now` is the wall clock of live sources: with it what has waited for long waits no more.
        """
        if now is not None:
            self.watermark.confirm(now)
            if self.learner is not None:
                self.learner.tick(now, IDLE_AFTER)
        if quiet > IDLE_AFTER:
            self.watermark.rest(quiet)
            if self.learner is not None:
                self.learner.rest(self.watermark.value(), quiet, IDLE_AFTER)
            self.sweep()

    def flush(self) -> None:
        """The end of a replay: everything settles."""
        if self.learner is not None:
            clocks = self.watermark.clocks.values()
            # A last line whose time nothing confirmed any more is believed.
            self.learner.flush(max((max(clock.high, clock.doubt) for clock in clocks), default=NEVER))
        self.correlator.flush()
        if self.alerts is not None:
            self.alerts.flush()

    @property
    def changed(self) -> bool:
        """Whether there is something to store that no event of a batch brought."""
        return self.episodes.changed or (self.learner is not None and self.learner.changed)

    def learned(self) -> LearningChanges | None:
        """What rules learned since the last call; None where none remembers anything."""
        return None if self.learner is None else self.learner.changes()

    def notes(self) -> tuple[str, ...]:
        """What to tell people of rules that remember, and of those that had to let go, one line each."""
        full = tuple(
            f"rule {key}: more entities or events than it can follow at once; the oldest are let go"
            for key, counts in self.left_out().items()
            if counts["evicted"]
        )
        return full + (() if self.learner is None else self.learner.notes())

    def left_out(self) -> dict[str, dict[str, int]]:
        """What correlations could not use, by rule: events lacking a field, no numbers, state let go."""
        found = self.correlator.rule_counters()
        return found if self.alerts is None else found | self.alerts.correlator.rule_counters()

    def counters(self) -> dict[str, int]:
        """What rules that remember had to leave out or let go."""
        return {} if self.learner is None else self.learner.counters()

    def hear(self, on_fire: OnFire) -> None:
        """Be told of each firing, also of rules over alerts."""
        self.correlator.on_fire = on_fire
        if self.alerts is not None:
            self.alerts.correlator.on_fire = on_fire

    def collect(self) -> list[EpisodeChange]:
        """The episodes that changed since the last call."""
        return self.episodes.collect()

    def decided(self, alert: int, verb: str) -> None:
        """A person closed or reopened an alert: its episode ends, or goes on."""
        correlator = self.correlator
        episode = self.episodes.by_alert.get(alert)
        if self.alerts is not None and episode is not None and episode.rule in self.alerts.keys:
            correlator = self.alerts.correlator
        if verb == "close":
            correlator.end(alert)
        elif verb == "reopen":
            correlator.revive(alert)

    def take_hits(self) -> dict[str, int]:
        """How often each rule matched since the last call."""
        hits = self.correlator.take_hits()
        return hits if self.alerts is None else hits | self.alerts.correlator.take_hits()


def clock_state(clock: SourceClock) -> list[int]:
    """A source's clock as plain JSON."""
    return [clock.high, clock.doubt, clock.behind]


def clock_from(state: object) -> SourceClock:
    """The inverse of `clock_state`; a fresh clock for anything else."""
    try:
        return msgspec.convert(state, SourceClock)
    except msgspec.ValidationError:
        return SourceClock()
