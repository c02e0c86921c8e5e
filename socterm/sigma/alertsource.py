"""Our own alerts as events: what rules over alerts see, once for each alert, and what they make of it.

An alert is told of when the watermark has passed the hit that first satisfied its rule: by then no line
within the lateness bound can change which hit that is, so what is told, and in which order, is the same
however the lines came. Its base events up to that hit are its evidence; what is built on alerts counts each
of them once.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

from socterm.alerts.episodes import Episode, Episodes
from socterm.alerts.model import EpisodeChange, Hit, key_of
from socterm.event import Event
from socterm.sigma import chains
from socterm.sigma.alertevent import alert_event, rule_fields
from socterm.sigma.alertrules import looking, standing_on_alerts
from socterm.sigma.correlate import Correlator
from socterm.sigma.engine import Matcher
from socterm.sigma.groups import Consumer, Group
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.steps import hits_of, places
from socterm.sigma.timetable import MINUTE
from socterm.sigma.watermark import NEVER

END: Final = 1 << 62

Due = tuple[int, int, int, str, int, str, str, int]
"""When, how deep, the key of the hit, rule, entity: the order in which alerts are told of; then a number."""


class AlertCorrelator(Correlator):
    """The correlations and alerting rules over alerts: each hit of theirs is an alert."""

    def __init__(self, rules: RuleSet, episodes: Episodes, *, lateness: int) -> None:
        super().__init__(rules, episodes, lateness=lateness)
        self._chain()

    def replace(self, rules: RuleSet, going_on: Collection[str]) -> None:
        """As of any correlator."""
        super().replace(rules, going_on)
        self._chain()

    def _chain(self) -> None:
        """An alert counts as one, whatever its base events weigh: as a firing does in a chain."""
        for consumer in self._wiring.consumers.values():
            consumer.chained = consumer.linked = consumer.special = True
            consumer.reach = END  # base events of an alert may be as old as they like

    def take(self, alert: Event, keys: tuple[str, ...], evidence: Iterable[Hit], watermark: int) -> None:
        """An alert that satisfied these event rules, with its base events, each once."""
        if self.exceptions is not None:
            keys = self.exceptions.heard(alert, keys)
        plan = self._plans.get(keys)
        if plan is None:
            plan = self._plan(keys)
        plan.seen += 1
        others = [_plain(base) for base in evidence if base.event != alert.id]
        taken: list[object] = []
        found: list[tuple[object, Hit]]
        for step in plan.steps:
            if step.turn <= 1:
                taken = []
            consumer = step.consumer
            if consumer.spec is None:
                own = Hit(alert.ts, alert.source, alert.position, alert.id, alert.repeat, step.ref)
                found = [(consumer.entity(alert), own)]
            else:
                found = hits_of(alert, places(step, alert), taken)
            for key, hit in found:
                self._take_one(consumer, consumer.group(key), hit, others, alert, watermark)
        self.catch_up()

    def _take_one(
        self, consumer: Consumer, group: Group, hit: Hit, others: list[Hit], alert: Event, watermark: int
    ) -> None:
        """An alert for a group; what it rests on has to be there when the rule fires at it."""
        consumer.settle(group, watermark)
        fresh: list[Hit] = []
        if consumer.parents:
            fresh = [base for base in others if not any(episode.has(base) for episode in group.open)]
            for base in fresh:
                consumer.remember(group, base)
        self._take_special(consumer, group, hit, watermark + consumer.delay, alert)
        home = group.home(hit.ts) if others else None
        if home is not None:
            for base in others:
                if not home.has(base):
                    home.add(home.once(base))
        if consumer.parents:
            first = min(fresh, key=key_of, default=hit)
            if chains.behind(group, first):
                last = max(base.ts for base in (*fresh, hit))
                chains.supplement(self.episodes, consumer, group, first, last)


def _plain(hit: Hit) -> Hit:
    """A base event of an alert, without what it meant to the rule that raised the alert."""
    return Hit(hit.ts, hit.source, hit.position, hit.event, hit.weight)


class AlertSource:
    """Rules over alerts: tells them of each alert, in the order of event time, and lets them raise theirs.

    `main` raises the alerts on logs. Ids and what is to be stored go through the same `episodes`.
    """

    def __init__(self, rules: RuleSet, episodes: Episodes, main: Correlator, *, tz: tzinfo = UTC) -> None:
        self.episodes = episodes
        self._main = main
        self._tz = tz
        self._due: list[tuple[Due, Episode]] = []
        self._mark = NEVER
        self._rules: dict[str, Rule] = {}
        self._own = RuleSet({}, [])
        self._take_rules(rules)
        self.correlator = AlertCorrelator(self._own, episodes, lateness=0)
        self._find_places()
        if self._bound:
            self.correlator = AlertCorrelator(self._own, episodes, lateness=self._bound)
        for key in episodes.witnessed:
            self._begin(key, seen_now=True)

    def part(self, going_on: Collection[str]) -> None:
        """Other rules are to come: tell of the alerts of rules that do not go on while these still stand."""
        self.gather(self._mark)
        while parting := sorted(entry for entry in self._due if entry[1].rule not in going_on):
            self._due = [entry for entry in self._due if entry[1].rule in going_on]
            heapq.heapify(self._due)
            for due, episode in parting:
                self._tell_if_so(due, episode)
            self.gather(self._mark)

    def replace(self, rules: RuleSet, going_on: Collection[str]) -> None:
        """Go on with other rules, after `part`. A rule over alerts is not told what was raised before it."""
        seen = self.episodes.witnessed
        self._take_rules(rules)
        self.correlator.replace(self._own, going_on)
        self._find_places()
        for key in seen ^ self.episodes.witnessed:
            self._begin(key, seen_now=key in self.episodes.witnessed)

    def _take_rules(self, rules: RuleSet) -> None:
        self.keys = standing_on_alerts(rules)
        self._rules = rules.rules
        self._common: dict[str, dict[str, Any]] = {}
        self._own = RuleSet({key: rules.rules[key] for key in rules.rules if key in self.keys}, [])
        self._matcher = Matcher(self._own, tz=self._tz)
        self._named = looking(rules)
        self.episodes.witnessed = frozenset(
            rule.key
            for rule in rules.rules.values()
            if rule.alerting and any(self._sees(key, rule.key) for key in self._named)
        )

    def _find_places(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}
        self._bound = max((self._place(key)[0] for key in self.episodes.witnessed), default=0)

    def _sees(self, rule: str, other: str) -> bool:
        """Whether an event rule over alerts looks at the alerts of another rule."""
        named = self._named[rule]
        return other not in self.keys if named is None else other in named

    def _place(self, key: str) -> tuple[int, int]:
        """How long (µs) after an event the rule may be satisfied at it, and how many alerts deep it is."""
        found = self._places.get(key)
        if found is None:
            self._places[key] = (0, 0)  # for one that a set made by hand leads in a circle
            rule = self._rules[key]
            below = rule.correlation.refs if rule.correlation else self._below(key)
            after = max((self._place(ref)[0] for ref in below), default=0)
            depth = max((self._place(ref)[1] for ref in below), default=0) + (key in self._named)
            consumer = self._consumer(key)
            if consumer is not None and consumer.decision_after:
                after += consumer.decision_after + MINUTE  # a sweep may come a minute late
            found = self._places[key] = (after, depth)
        return found

    def _consumer(self, key: str) -> Consumer | None:
        return (self.correlator if key in self.keys else self._main).consumer(key)

    def _below(self, key: str) -> list[str]:
        if key not in self._named:
            return []
        named = self._named[key]
        known = self._rules if named is None else named
        return [other for other in known if self._rules[other].alerting and self._sees(key, other)]

    def _begin(self, key: str, *, seen_now: bool) -> None:
        """Episodes under way of a rule whose alerts others begin to look at, or cease to."""
        consumer = self._consumer(key)
        for group in consumer.groups.values() if consumer is not None else ():
            for episode in group.open:
                held = (hit for window in group.windows for hit in window.buf)
                kept = sorted((hit for hit in held if episode.lo <= hit.ts <= episode.hi), key=key_of)
                episode.past = kept if seen_now and not episode.alert else None

    # -- telling -------------------------------------------------------------------------

    def restore(self, changes: Sequence[EpisodeChange]) -> None:
        """Take back open episodes of rules over alerts; theirs say what is still to be told."""
        self.correlator.restore(changes)

    def advance(self, watermark: int, *, thorough: bool = False) -> None:
        """Tell of all alerts that the watermark (µs) has passed, then settle what time has passed.

        `thorough`: leave nothing for later, for the watermark is about to go back.
        """
        self.tell(watermark)
        self.correlator.sweep(watermark - self._bound, thorough=thorough)

    def flush(self) -> None:
        """The end of a replay: all is told of, everything settles."""
        while self.episodes.fresh or self._due:
            self.tell(END)
            self.correlator.flush()
        self.correlator.flush()

    @property
    def due(self) -> int:
        """The time (µs) which the watermark has to pass for the next alert to be told of, as far as `gather`
        knows."""
        return self._due[0][0][0] if self._due else END

    def tell(self, watermark: int) -> None:
        """Tell of all alerts that the watermark (µs) has passed. Has to be done there and then: an event that
        comes later still, however late it is, was not known to the alert."""
        self.gather(watermark)
        # What has settled is told of now: it will not be there after a restart. What was joined to another
        # has nothing left to tell, and must not hurry the rest.
        settled = [due[0] + 1 for due, episode in self._due if episode.over and episode.fired is not None]
        top = max(watermark, *settled) if settled else watermark
        while self._due and self._due[0][0][0] < top:
            if self._is_late(*self._due[0]):
                self._main.catch_up()
                self.gather(watermark)
            self._tell_if_so(*heapq.heappop(self._due))
            self.gather(watermark)

    def _is_late(self, due: Due, episode: Episode) -> bool:
        return due[0] > due[2] + self._place(episode.rule)[0]

    def _tell_if_so(self, due: Due, episode: Episode) -> None:
        """Tell of an alert, unless an earlier hit has turned out to be the one that satisfied its rule, or
        late hits are still coming."""
        fired = episode.fired
        if fired is None or key_of(fired) != due[2:5]:
            return
        if not episode.over and self._mark < END and self._is_late(due, episode):
            quiet = episode.touched + self._main.lateness
            if quiet > due[0]:
                heapq.heappush(self._due, ((quiet, *due[1:]), episode))
                return
        self._tell_of(episode, fired, due[0])

    def gather(self, watermark: int) -> None:
        """Put alerts whose first hit is new to us in their place.

        One that comes after the watermark (µs) waits until no late hits have come for as long as any may be
        kept aside: which of them was the first does not depend on when they are judged then.
        """
        self._mark = watermark
        fresh, self.episodes.fresh = self.episodes.fresh, []
        for episode in fresh:
            fired = episode.fired
            if fired is not None and episode.rule in self._rules:
                after, depth = self._place(episode.rule)
                at = fired.ts + after
                if at < watermark < END and not episode.over:
                    at = max(at, episode.touched + self._main.lateness)
                due = (at, depth, *key_of(fired), episode.rule, repr(episode.entity), episode.id)
                heapq.heappush(self._due, (due, episode))

    def _tell_of(self, episode: Episode, fired: Hit, due: int) -> None:
        rule = self._rules[episode.rule]
        common = self._common.get(rule.key)
        if common is None:
            common = self._common[rule.key] = rule_fields(rule)
        alert = alert_event(rule, common, episode.entity, fired)
        keys = tuple([key for key in self._matcher.match(alert) if self._sees(key, rule.key)])
        evidence = self._evidence(episode, fired) if keys else {}
        episode.tell()
        if not episode.over:
            self.episodes.touch(episode)
        if keys:
            alert.repeat = evidence[fired.event].weight if fired.event in evidence else fired.weight
            self.correlator.take(alert, keys, evidence.values(), due - self._bound)

    def _evidence(self, episode: Episode, fired: Hit) -> dict[int, Hit]:
        """The base events of an alert up to the hit that first satisfied its rule, by id."""
        consumer = self._consumer(episode.rule)
        absent = consumer.absent if consumer is not None else frozenset()
        found: dict[int, Hit] = {}
        for hit in (*(episode.past or ()), *episode.new):
            if key_of(hit) <= key_of(fired) and hit.value not in absent:
                known = found.get(hit.event)
                if known is None or known.weight < hit.weight:
                    found[hit.event] = hit
        return found
