"""From matched rules to episodes: every event rule and correlation fed in one pass, chains included.

Pure: no clock and no I/O. The watermark comes in with each event; what changed goes out through the
`Episodes` it was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from socterm.alerts.episodes import Episodes
from socterm.alerts.model import Entity, EpisodeChange, Hit, key_of
from socterm.event import Event
from socterm.sigma import chains, hushed
from socterm.sigma.brief import LONG, brief
from socterm.sigma.exceptions import OWN, InForce
from socterm.sigma.groups import Consumer, Group
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.steps import Plan, Step, first_of, hits_of, places, plan_of
from socterm.sigma.timetable import Alarms, Timetable
from socterm.sigma.watermark import LATENESS
from socterm.sigma.windows import BEHIND
from socterm.sigma.wiring import Wiring

NOTHING_TAKEN: list[object] = []
"""For events that stand in each rule's groups once; never written to."""

MAX_PLANS = 20_000
"""Combinations of matched rules whose steps are kept."""

END = (1 << 62) - 1
"""A watermark that has passed everything."""

OnFire = Callable[[Rule, Entity, Hit, Sequence[Hit]], None]
"""Told of each firing of a rule that raises alerts: the rule, whom it is about, the hit at which it fired
and the hits of its window, as far as the window still holds them."""


class Correlator:
    """Feeds matched events to every rule that makes alerts or that a correlation is built on.

    `on_fire`, where set, is told of every firing. `exceptions` keep events from rules; see `except_`.
    """

    def __init__(self, rules: RuleSet, episodes: Episodes, *, lateness: int = LATENESS) -> None:
        self.episodes = episodes
        self.lateness = lateness
        self.on_fire: OnFire | None = None
        self.exceptions: InForce | None = None
        self._fired: Counter[str] = Counter()
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._times = Timetable()
        self._alarms = Alarms()
        self._behind: dict[str, dict[int, Group]] = {}
        self._behind_since = 0
        self._past = Counter({"skipped": 0, "not_numbers": 0, "evicted": 0})
        self._wiring = Wiring(rules, episodes, lateness, self._hurry, self._purge)

    def replace(self, rules: RuleSet, going_on: Collection[str]) -> None:
        """Take another rule set. Rules `going_on` keep windows and episodes; what others had settles."""
        self.catch_up()
        self._fired = Counter(self.take_hits())
        self._plans = {}
        before = self._wiring
        self._wiring = Wiring(
            rules, self.episodes, self.lateness, self._hurry, self._purge, before=before, going_on=going_on
        )
        for key, consumer in before.consumers.items():
            if self._wiring.consumers.get(key) is not consumer:
                self._past.update(_left_out(consumer))
                consumer.close()
            elif consumer.parents:
                consumer.link()

    def except_(self, exceptions: InForce | None) -> None:
        """The exceptions in force from now on; what has been counted stays counted."""
        self.exceptions = exceptions
        for key in exceptions.silenced if exceptions is not None else ():
            consumer = self._wiring.consumers.get(key)
            if consumer is not None:
                consumer.hushable = consumer.special = True

    def consumer(self, key: str) -> Consumer | None:
        """What is remembered about a rule; None where it neither alerts nor counts."""
        return self._wiring.consumers.get(key)

    # -- one event -----------------------------------------------------------------------

    def feed(self, event: Event, keys: tuple[str, ...], watermark: int) -> None:  # noqa: PLR0915 - written out
        """Take an event and the keys of the event rules it matched; the watermark is µs after this event."""
        if self.exceptions is not None:
            keys = self.exceptions.heard(event, keys)
        if len(event.raw) > LONG:
            event = brief(event)
        plan = self._plans.get(keys)
        if plan is None:
            plan = self._plan(keys)
        plan.seen += 1
        if watermark >= self._alarms.next:
            self._ring(watermark)
        fields = event.fields
        ts, source, position, ident, weight = event.ts, event.source, event.position, event.id, event.repeat
        order = (ts, source, position)
        plain: Hit | None = None
        taken: list[object] = NOTHING_TAKEN
        key: Any
        value: Any
        for step in plan.steps if weight else plan.echoes:
            consumer, groups, _, field, key_of_event, counted, value, turn = step
            if turn == 1:
                taken = []
            if field:
                key = fields.get(field)
                if key.__class__ is not str or not key:
                    if (key is None or key == "") and field not in consumer.others:
                        consumer.counts.skipped += 1
                    else:
                        self._spread(step, event, watermark, taken)
                    continue
            else:
                key = key_of_event(event)
                if key is None:
                    self._spread(step, event, watermark, taken)
                    continue
            if counted:
                value = fields.get(counted)
                if value.__class__ is not str or not value:
                    self._spread(step, event, watermark, taken)
                    continue
            if value:
                own = weight if not turn or first_of(key, taken) else 0
                hit = Hit(ts, source, position, ident, own, value)
            else:
                if plain is None:
                    plain = Hit(ts, source, position, ident, weight)
                hit = plain
            group = groups.get(key)
            if group is None:
                group = consumer.new_group(key)
            if consumer.special:
                self._take_special(consumer, group, hit, watermark, event)
                continue
            fired = consumer.take(group, hit, order, watermark)
            if fired is BEHIND:
                self._put_behind(consumer, group, watermark)
            else:
                for one in fired:
                    self._fire(consumer, group, one, watermark)
                if consumer.parents and chains.behind(group, hit, fired):
                    chains.supplement(self.episodes, consumer, group, hit)
            if group.bucket < 0:
                self._times.put(consumer, group)

    def _plan(self, keys: tuple[str, ...]) -> Plan:
        if len(self._plans) >= MAX_PLANS:
            self._fired.update(self.take_hits())
            self._plans.clear()
        plan = self._plans[keys] = plan_of(found for key in keys for found in self._fed_by(key))
        return plan

    def _fed_by(self, key: str) -> Iterable[tuple[Consumer, str]]:
        feeds = self._wiring.feeds
        if not key.startswith(OWN):
            return feeds.get(key, ())
        own = key.removeprefix(OWN)
        return [found for found in feeds.get(own, ()) if found[0].key != own]

    def take_hits(self) -> dict[str, int]:
        """How often each rule matched since the last call."""
        hits, self._fired = self._fired, Counter()
        for keys, plan in self._plans.items():
            if plan.seen:
                for key in keys:
                    if not key.startswith(OWN):
                        hits[key] += plan.seen
                plan.seen = 0
        return dict(hits)

    def _spread(self, step: Step, event: Event, watermark: int, taken: list[object]) -> None:
        """An event whose groups and values are not simply one text each."""
        consumer = step.consumer
        for key, hit in hits_of(event, places(step, event), taken if step.turn else []):
            self._take_special(consumer, consumer.group(key), hit, watermark, event)

    def _take_special(self, consumer: Consumer, group: Group, hit: Hit, watermark: int, event: Event) -> None:
        """An event for a rule that is a chain, waits for the watermark, or carries something for others."""
        watermark -= consumer.delay
        mark = None
        consumer.settle(group, watermark)
        if consumer.hushable:
            hushed.turn(self.exceptions, consumer, group)
        if consumer.carry:
            mark, hit = hit, chains.carry(consumer, group, hit, event)
        if consumer.absent and (mark or hit).value in consumer.absent:
            consumer.take_absent(group, hit, mark or hit, watermark)
        else:
            if consumer.chained:
                seen = mark or hit
                mark = Hit(hit.ts, hit.source, hit.position, hit.event, 1, seen.value)
            fired = self._take(consumer, group, hit, watermark, mark)
            if consumer.absent:
                consumer.found(group, hit)
            for one in fired:
                self._fire(consumer, group, one, watermark)
            if consumer.parents and fired is not BEHIND and chains.behind(group, hit, fired):
                chains.supplement(self.episodes, consumer, group, hit)
        self._note_times(consumer, group)

    def _note_times(self, consumer: Consumer, group: Group) -> None:
        if group.bucket < 0:
            self._times.put(consumer, group)
        if consumer.waits:
            self._alarms.put(consumer, group)

    def _take(
        self, consumer: Consumer, group: Group, hit: Hit, watermark: int, mark: Hit | None
    ) -> Sequence[Hit]:
        fired = consumer.take(group, hit, key_of(hit), watermark, mark)
        if fired is BEHIND:
            self._put_behind(consumer, group, watermark)
        return fired

    # -- firing --------------------------------------------------------------------------

    def _fire(self, consumer: Consumer, group: Group, fired: Hit, watermark: int) -> None:
        """A rule is satisfied; the watermark is that of the rule."""
        silent = consumer.silent or (
            consumer.hushable and hushed.kept(self.exceptions, consumer, group, fired)
        )
        if not silent and self.on_fire is not None:
            self.on_fire(consumer.rule, group.entity, fired, consumer.window_at(group, fired))
        if not silent or consumer.waits:
            episode = group.home(fired.ts)
            if episode is not None and silent:
                self.episodes.note(episode)
            elif episode is not None:
                self.episodes.fire(episode, 1, fired)
        if consumer.spec is not None:
            self._fired[consumer.key] += 1
        if consumer.parents:
            delta = chains.heaviest_first(consumer.hand_up(group, fired))
            for parent, ref in consumer.parents:
                self._signal(parent, ref, consumer, group, fired, delta, watermark + consumer.delay)

    def _signal(
        self,
        parent: Consumer,
        ref: str,
        consumer: Consumer,
        child: Group,
        fired: Hit,
        delta: list[Hit],
        watermark: int,
    ) -> None:
        """Hand a child's firing, with the base events it rests on, to a correlation of correlations."""
        place = chains.above(parent, ref, consumer, child, fired)
        if place is None:
            return
        group, value = place
        watermark -= parent.delay
        mark = Hit(fired.ts, fired.source, fired.position, fired.event, 1, value)
        parent.settle(group, watermark)
        if parent.hushable:
            hushed.turn(self.exceptions, parent, group)
        if ref in parent.absent:
            self._take_absence(parent, group, consumer, child, mark, watermark)
            return
        if len(delta) == 1 and delta[0] is fired:
            weight = fired.weight
        else:
            weight = next((h.weight for h in delta if h.event == fired.event), 0)
        anchor = Hit(fired.ts, fired.source, fired.position, fired.event, weight, value)
        if parent.carry:
            anchor = self._carry_on(parent, group, consumer, child, anchor)
        again = self._take(parent, group, anchor, watermark, mark)
        if parent.absent:
            parent.found(group, anchor)
        if delta and (delta[0] is not fired or len(delta) > 1):
            chains.add_evidence(self.episodes, parent, group, fired, delta)
        for hit in again:
            self._fire(parent, group, hit, watermark)
        if parent.parents and again is not BEHIND and chains.behind(group, anchor, again):
            chains.supplement(self.episodes, parent, group, anchor)
        self._note_times(parent, group)

    def _take_absence(
        self, parent: Consumer, group: Group, consumer: Consumer, child: Group, mark: Hit, watermark: int
    ) -> None:
        hit = self._carry_on(parent, group, consumer, child, mark) if parent.carry else mark
        parent.take_absent(group, hit, mark, watermark)
        self._note_times(parent, group)

    def _carry_on(self, parent: Consumer, group: Group, consumer: Consumer, child: Group, hit: Hit) -> Hit:
        known = chains.told(consumer, child, hit)
        return chains.carrying(group, hit, tuple(known.get(name, "") for name in parent.carry))

    # -- late hits kept aside ------------------------------------------------------------

    def _put_behind(self, consumer: Consumer, group: Group, watermark: int) -> None:
        if not self._behind:
            self._behind_since = watermark + consumer.delay
            self._alarms.wake(self._behind_since + self.lateness)
        self._behind.setdefault(consumer.key, {})[id(group)] = group

    def catch_up(self) -> None:
        """Judge what late hits change; rules before those above them. Has to be done before every commit."""
        watermark = self._behind_since
        while self._behind:
            key = min(self._behind, key=self._wiring.rank.__getitem__)
            consumer = self._wiring.consumers[key]
            for group in self._behind.pop(key).values():
                self._catch_up(consumer, group, watermark - consumer.delay)

    def _hurry(self, consumer: Consumer, group: Group, watermark: int) -> None:
        """The group is about to settle: what was kept aside of it has to be judged first."""
        behind = self._behind.get(consumer.key)
        if behind is not None and behind.pop(id(group), None) is not None:
            if not behind:
                del self._behind[consumer.key]
            self._catch_up(consumer, group, watermark)

    def _catch_up(self, consumer: Consumer, group: Group, watermark: int) -> None:
        for window in group.windows:
            late = window.late or ()
            for fired in window.catch_up():
                self._fire(consumer, group, fired, watermark)
            if consumer.parents and late:
                first, last = min(late, key=key_of), max(hit.ts for hit in late)
                chains.supplement(self.episodes, consumer, group, first, last)

    # -- the passing of time -------------------------------------------------------------

    def sweep(self, watermark: int, *, thorough: bool = False) -> None:
        """Settle what the watermark has passed. When it runs changes nothing but memory.

        Groups due within the last minute may be left for later, unless `thorough`: needed before a
        watermark goes back, so that what is settled by then does not depend on when this ran.
        """
        self._ring(watermark)
        for consumer, group in self._times.due(watermark, thorough=thorough):
            self._sweep_group(consumer, group, watermark - consumer.delay)

    def back(self, watermark: int) -> None:
        """The watermark was wrong and goes back to this (µs): what seemed late was not."""
        for consumer in self._wiring.consumers.values():
            mark = watermark - consumer.delay
            for group in consumer.groups.values():
                hurried = [episode for episode in group.open if episode.touched > mark]
                for episode in hurried:
                    episode.touched = mark
                    self.episodes.touch(episode)
                if hurried:
                    self._times.put(consumer, group)

    def _sweep_group(self, consumer: Consumer, group: Group, watermark: int) -> None:
        if consumer.groups.get(group.key) is not group:
            return
        consumer.settle(group, watermark, anew=False)
        if group.open:
            self._times.put(consumer, group)
        else:
            del consumer.groups[group.key]

    def _ring(self, watermark: int) -> None:
        """Let waiting windows decide, each at its own time: to the rules above it is not late then."""
        self.catch_up()
        while (due := self._alarms.ring(watermark)) is not None:
            when, entries = due
            for consumer, group in entries:
                if consumer.groups.get(group.key) is group:
                    for fired in consumer.ripe(group, when - consumer.delay):
                        self._fire(consumer, group, fired, when - consumer.delay)
                    self._alarms.put(consumer, group)
            self.catch_up()

    def _purge(self) -> None:
        for times in (self._times, self._alarms):
            times.purge(lambda consumer, group: consumer.groups.get(group.key) is group)

    def flush(self) -> None:
        """The end of a replay: everything settles. Consumers in order, so that chains still fire."""
        self._ring(END)
        for consumer in self._wiring.consumers.values():
            for group in consumer.groups.values():
                consumer.settle(group, END, anew=False)
            consumer.groups.clear()
        self._times.clear()
        self._alarms.clear()

    # -- decisions and restarts ----------------------------------------------------------

    def end(self, alert: int) -> None:
        """The alert was closed: its episode takes no more events; later ones must satisfy the rule anew."""
        self.catch_up()
        episode = self.episodes.by_alert.get(alert)
        if episode is None or episode.ended:
            return
        consumer = self._wiring.consumers.get(episode.rule)
        episode.ended = True
        self.episodes.touch(episode)
        if consumer is not None:
            group = consumer.groups.get(consumer.key_of_entity(episode.entity))
            if group is not None:
                consumer.forget(group)

    def revive(self, alert: int) -> None:
        """The closing was undone: the episode goes on where it was."""
        episode = self.episodes.by_alert.get(alert)
        if episode is not None and episode.ended:
            episode.ended = False
            self.episodes.touch(episode)

    def restore(self, changes: Sequence[EpisodeChange]) -> None:
        """Take the open episodes of the store back after a restart; rules that are gone settle theirs."""
        groups: dict[int, tuple[Consumer, Group, list[Hit]]] = {}
        known: dict[int, list[EpisodeChange]] = {}
        for change in changes:
            consumer = self._wiring.consumers.get(change.rule)
            if consumer is None:
                orphan = self.episodes.restore(change, 0, ())
                self.episodes.settle(orphan)
                continue
            group = consumer.restore(change)
            entry = groups.setdefault(id(group), (consumer, group, []))
            known.setdefault(id(group), []).append(change)
            if not change.ended:
                entry[2].extend(chains.bare_hits(consumer, group, change.hits))
        for consumer, group, hits in groups.values():
            if consumer.hushable:
                hushed.restored(group, known[id(group)])
            consumer.rebuild(group, hits)
            self._note_times(consumer, group)

    # -- what was left out ---------------------------------------------------------------

    def counters(self) -> dict[str, int]:
        """Events left out for want of a field or because a value is no number, and state let go."""
        total = Counter(self._past)
        for consumer in self._wiring.consumers.values():
            total.update(_left_out(consumer))
        return dict(total)

    def rule_counters(self) -> dict[str, dict[str, int]]:
        """The same rule by rule, for those that left anything out."""
        found = {key: _left_out(consumer) for key, consumer in self._wiring.consumers.items()}
        return {key: counts for key, counts in found.items() if any(counts.values())}


def _left_out(consumer: Consumer) -> dict[str, int]:
    counts = consumer.counts
    return {"skipped": counts.skipped, "not_numbers": counts.not_numbers, "evicted": counts.evicted}
