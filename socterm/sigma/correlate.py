"""From matched rules to episodes: every event rule and correlation fed in one pass, chains included.

Pure: no clock and no I/O. The watermark comes in with each event; what changed goes out through the
`Episodes` it was given.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from socterm.alerts.episodes import Episodes
from socterm.alerts.model import Entity, EpisodeChange, Hit, key_of
from socterm.event import Event
from socterm.sigma.groups import Consumer, Group
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.watermark import LATENESS
from socterm.sigma.windows import WaitingWindow

MINUTE = 60_000_000


class Step(NamedTuple):
    """One thing to do with an event: hand it to a rule under the name of the rule it matched.

    `field` is the one group-by field, "" where there are none or several. The window's value is that of
    the field `counted`, else the constant `value`. `turn` numbers the steps of a correlation the event is
    handed to under several names; 0 where there is only one.
    """

    consumer: Consumer
    groups: dict[object, Group]
    ref: str
    field: str
    counted: str
    value: str
    turn: int


def _step(consumer: Consumer, ref: str, turn: int) -> Step:
    spec = consumer.spec
    names = spec.fields[ref] if spec else ()
    counted = spec.field if spec and spec.counted else ""
    by_ref = spec is not None and (consumer.by_ref or consumer.chained)
    return Step(
        consumer,
        consumer.groups,
        ref,
        names[0] if len(names) == 1 else "",
        counted,
        ref if by_ref and not counted else "",
        turn,
    )


class Plan:
    """What to do with events that matched the same rules, and how many there were.

    `echoes` are the steps for a line that tells of something another line has counted (repeat 0): it can
    be an alert of its own, but no base event of a correlation.
    """

    __slots__ = ("echoes", "seen", "steps")

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.echoes = [step for step in steps if step.consumer.spec is None]
        self.seen = 0


def _first(key: object, taken: list[object]) -> bool:
    """Whether a group gets the event for the first time: fitting two of its rules, it is still one event."""
    if key in taken:
        return False
    taken.append(key)
    return True


OnFire = Callable[[Rule, Entity, Hit, Sequence[Hit]], None]
"""Told of each firing of a rule that raises alerts: the rule, whom it is about, the hit at which it fired
and the hits of its window, as far as the window still holds them."""


class Correlator:
    """Feeds matched events to every rule that makes alerts or that a correlation is built on.

    `on_fire`, where set, is told of every firing.
    """

    def __init__(self, rules: RuleSet, episodes: Episodes, *, lateness: int = LATENESS) -> None:
        self.episodes = episodes
        self.lateness = lateness
        self.on_fire: OnFire | None = None
        self._fired: Counter[str] = Counter()
        self._consumers: dict[str, Consumer] = {}
        self._feeds: dict[str, list[tuple[Consumer, str]]] = {}
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._buckets: dict[int, list[tuple[Consumer, Group]]] = {}
        self._minutes: list[int] = []
        self._silent: set[str] = set()
        self._past = Counter({"skipped": 0, "evicted": 0})
        for rule in rules.rules.values():
            self._wire(rules, rule.key)

    def replace(self, rules: RuleSet, going_on: Collection[str]) -> None:
        """Take another rule set. Rules `going_on` keep windows and episodes; what others had settles."""
        self._fired = Counter(self.take_hits())
        before = self._consumers
        self._consumers, self._feeds, self._plans, self._silent = {}, {}, {}, set()
        for key in rules.rules:
            self._wire(rules, key, before.get(key) if key in going_on else None)
        for key, consumer in before.items():
            if self._consumers.get(key) is not consumer:
                self._past.update(skipped=consumer.skipped, evicted=consumer.evicted)
                consumer.close()
            elif consumer.parents:
                consumer.link()

    def _wire(self, rules: RuleSet, key: str, known: Consumer | None = None) -> None:
        rule = rules.rules[key]
        spec = rule.correlation
        if spec is None and not rule.alerting:
            return
        chained = spec is not None and any(
            ref in self._consumers and rules.rules[ref].correlation for ref in spec.refs
        )
        if known is not None:
            consumer = known
            consumer.rule = rule
            consumer.parents = []
        else:
            consumer = Consumer(rule, self.episodes, self.lateness, chained=chained)
        self._consumers[key] = consumer
        if not rule.alerting:
            self._silent.add(key)
        if spec is None:
            self._feeds.setdefault(key, []).append((consumer, key))
            return
        for ref in spec.refs:
            if rules.rules[ref].correlation is not None:
                self._consumers[ref].add_parent(consumer, ref)
            else:
                self._feeds.setdefault(ref, []).append((consumer, ref))

    # -- one event -----------------------------------------------------------------------

    def feed(self, event: Event, keys: tuple[str, ...], watermark: int) -> None:
        """Take an event and the keys of the event rules it matched; the watermark is µs after this event."""
        plan = self._plans.get(keys)
        if plan is None:
            plan = self._plan(keys)
        plan.seen += 1
        fields = event.fields
        ts, source, position, ident, weight = event.ts, event.source, event.position, event.id, event.repeat
        order = (ts, source, position)
        plain: Hit | None = None
        taken: list[object] = []
        key: Any
        value: Any
        for consumer, groups, ref, field, counted, value, turn in plan.steps if weight else plan.echoes:
            if turn == 1:
                taken = []
            if field:
                key = fields.get(field)
                if key.__class__ is not str or not key:
                    if key is None or key == "":
                        consumer.skipped += 1
                        continue
                    key = str(key)
            else:
                key = consumer.group_key(ref, event)
                if key is None:
                    continue
            if counted:
                value = fields.get(counted)
                if value.__class__ is not str or not value:
                    if value is None or value == "":
                        consumer.skipped += 1
                        continue
                    value = str(value)
            if value:
                own = weight if not turn or _first(key, taken) else 0
                hit = Hit(ts, source, position, ident, own, value)
            else:
                if plain is None:
                    plain = Hit(ts, source, position, ident, weight)
                hit = plain
            group = groups.get(key)
            if group is None:
                group = consumer.group(key)
            if consumer.special:
                self._take_special(consumer, group, hit, watermark, event)
            else:
                for fired in consumer.take(group, hit, order, watermark):
                    self._fire(consumer, group, fired, watermark, event)
            if consumer.parents and group.window is not None and group.window.buf[-1] is not hit:
                self._supplement(consumer, group, hit)
            if group.bucket < 0:
                self._enlist(consumer, group)

    def _plan(self, keys: tuple[str, ...]) -> Plan:
        refs: dict[str, list[str]] = {}
        for key in keys:
            for consumer, ref in self._feeds.get(key, ()):
                refs.setdefault(consumer.key, []).append(ref)
        steps = []
        for consumer_key, found in refs.items():
            consumer = self._consumers[consumer_key]
            if consumer.by_ref and consumer.spec:
                found.sort(key=consumer.spec.refs.index, reverse=True)
            else:
                found = found[:1]
            several = len(found) > 1
            steps += [_step(consumer, ref, n if several else 0) for n, ref in enumerate(found, 1)]
        plan = self._plans[keys] = Plan(steps)
        return plan

    def take_hits(self) -> dict[str, int]:
        """How often each rule matched since the last call."""
        hits, self._fired = self._fired, Counter()
        for keys, plan in self._plans.items():
            if plan.seen:
                for key in keys:
                    hits[key] += plan.seen
                plan.seen = 0
        return dict(hits)

    def _take_special(self, consumer: Consumer, group: Group, hit: Hit, watermark: int, event: Event) -> None:
        """An event for a rule that is a chain, or that waits for the end of its windows."""
        mark = None
        if consumer.chained:
            consumer.settle(group, watermark)
            mark = Hit(hit.ts, hit.source, hit.position, hit.event, 1, hit.value)
            if hit.event in group.seen:
                hit = Hit(hit.ts, hit.source, hit.position, hit.event, 0, hit.value)
            group.seen.add(hit.event)
        if consumer.tumbling:
            self._ripen(consumer, group, watermark)
        for fired in consumer.take(group, hit, event.key, watermark, mark):
            self._fire(consumer, group, fired, watermark, event)

    def _fire(self, consumer: Consumer, group: Group, fired: Hit, watermark: int, event: Event) -> None:
        if consumer.key not in self._silent:
            if self.on_fire is not None:
                self.on_fire(consumer.rule, group.entity, fired, consumer.window_at(group, fired))
            for episode in group.open:
                if episode.lo <= fired.ts <= episode.hi:
                    self.episodes.fire(episode, 1)
                    break
        if consumer.spec is not None:
            self._fired[consumer.key] += 1
        if consumer.parents:
            delta = consumer.covered(group, fired)
            for parent, ref in consumer.parents:
                self._signal(parent, ref, group, fired, delta, watermark, event)

    def _above(
        self, parent: Consumer, ref: str, child: Group, fired: Hit, event: Event | None
    ) -> tuple[Group, str] | None:
        """The parent's group a child's firing belongs to, and the value its window counts."""
        known_above = child.above.get(parent.key)
        if known_above is not None:
            return parent.group(known_above[0]), known_above[1]
        spec = parent.spec
        if spec is None:
            return None
        known = dict(child.entity)
        own = event is not None and event.key == (fired.ts, fired.source, fired.position)
        values = []
        lasting = True
        for name in (*spec.fields[ref], *([spec.field] if spec.counted else [])):
            value = known.get(name)
            if value is None and own and event is not None:
                value = event.fields.get(name)
                lasting = False
            if value is None or value == "":
                parent.skipped += 1
                return None
            values.append(str(value))
        value = values.pop() if spec.counted else ref
        key = values[0] if len(values) == 1 else tuple(values)
        if lasting:
            child.above[parent.key] = (key, value)
        return parent.group(key), value

    def _signal(
        self,
        parent: Consumer,
        ref: str,
        child: Group,
        fired: Hit,
        delta: list[Hit],
        watermark: int,
        event: Event,
    ) -> None:
        """Hand a child's firing, with the base events it rests on, to a correlation of correlations."""
        above = self._above(parent, ref, child, fired, event)
        if above is None:
            return
        group, value = above
        parent.settle(group, watermark)
        if parent.tumbling:
            self._ripen(parent, group, watermark)
        weight = 0
        if fired.event not in group.seen:
            weight = next((h.weight for h in delta if h.event == fired.event), 0)
            group.seen.add(fired.event)
        mark = Hit(fired.ts, fired.source, fired.position, fired.event, 1, value)
        anchor = Hit(fired.ts, fired.source, fired.position, fired.event, weight, value)
        again = parent.take(group, anchor, key_of(anchor), watermark, mark)
        if len(delta) > 1 or (delta and delta[0] is not fired):
            self._add_evidence(parent, group, fired, delta)
        for hit in again:
            self._fire(parent, group, hit, watermark, event)
        if group.bucket < 0:
            self._enlist(parent, group)

    def _add_evidence(self, parent: Consumer, group: Group, fired: Hit, delta: list[Hit]) -> None:
        """Base events of a child's window become evidence of the parent's episode, each once."""
        home = next((e for e in group.open if e.lo <= fired.ts <= e.hi), None)
        if home is None:
            return
        for hit in delta:
            if hit.event in group.seen:
                continue
            group.seen.add(hit.event)
            plain = Hit(hit.ts, hit.source, hit.position, hit.event, hit.weight)
            home.add(plain)
            self.episodes.touch(home)
            if parent.parents:
                parent.remember(group, plain)

    def _supplement(self, consumer: Consumer, group: Group, hit: Hit) -> None:
        """A late event inside windows that fired before it came: hand it up as further evidence."""
        window = group.window
        if window is None or consumer.tumbling or not window.buf or key_of(window.buf[-1]) <= key_of(hit):
            return
        for fired in window.fires():
            delta = consumer.covered(group, fired)
            for parent, ref in consumer.parents if delta else ():
                above = self._above(parent, ref, group, fired, None)
                if above is not None:
                    self._add_evidence(parent, above[0], fired, delta)
                    if parent.parents:
                        self._supplement(parent, above[0], delta[0])

    # -- the passing of time -------------------------------------------------------------

    def _enlist(self, consumer: Consumer, group: Group) -> None:
        open_ = group.open
        due = open_[0].deadline if len(open_) == 1 else min((e.deadline for e in open_), default=0)
        if isinstance(group.window, WaitingWindow) and (over := group.window.due()) is not None:
            due = min(due, over)
        minute = due // MINUTE + 1
        group.bucket = minute
        bucket = self._buckets.get(minute)
        if bucket is None:
            bucket = self._buckets[minute] = []
            heapq.heappush(self._minutes, minute)
        bucket.append((consumer, group))

    def sweep(self, watermark: int, *, thorough: bool = False) -> None:
        """Settle what the watermark has passed. When it runs changes nothing but memory.

        Groups due within the last minute may be left for later, unless `thorough`: needed before a
        watermark goes back, so that what is settled by then does not depend on when this ran.
        """
        last = watermark + MINUTE if thorough else watermark
        while self._minutes and self._minutes[0] * MINUTE <= last:
            for consumer, group in self._buckets.pop(heapq.heappop(self._minutes)):
                self._sweep_group(consumer, group, watermark)

    def _sweep_group(self, consumer: Consumer, group: Group, watermark: int) -> None:
        if consumer.groups.get(group.key) is not group:
            return
        if consumer.tumbling:
            self._ripen(consumer, group, watermark)
        consumer.settle(group, watermark, anew=False)
        if group.open:
            self._enlist(consumer, group)
        else:
            del consumer.groups[group.key]

    def _ripen(self, consumer: Consumer, group: Group, watermark: int) -> None:
        for fired in consumer.ripe(group, watermark):
            self._fire(consumer, group, fired, watermark, Event(fired.ts, "", -1, "", {}))

    def flush(self) -> None:
        """The end of a replay: everything settles. Consumers in order, so that chains still fire."""
        for consumer in self._consumers.values():
            for group in list(consumer.groups.values()):
                self._sweep_group(consumer, group, 1 << 62)
        self._buckets.clear()
        self._minutes.clear()

    # -- decisions and restarts ----------------------------------------------------------

    def end(self, alert: int) -> None:
        """The alert was closed: its episode takes no more events; later ones must satisfy the rule anew."""
        episode = self.episodes.by_alert.get(alert)
        if episode is None or episode.ended:
            return
        consumer = self._consumers.get(episode.rule)
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
        for change in changes:
            consumer = self._consumers.get(change.rule)
            if consumer is None:
                orphan = self.episodes.restore(change, 0, ())
                self.episodes.settle(orphan)
                continue
            group = consumer.restore(change)
            entry = groups.setdefault(id(group), (consumer, group, []))
            if not change.ended:
                entry[2].extend(change.hits)
        for consumer, group, hits in groups.values():
            consumer.rebuild(group, hits)
            self._enlist(consumer, group)

    def counters(self) -> dict[str, int]:
        """Events left out for want of a group-by field, and groups evicted for want of room."""
        return {
            "skipped": self._past["skipped"] + sum(c.skipped for c in self._consumers.values()),
            "evicted": self._past["evicted"] + sum(c.evicted for c in self._consumers.values()),
        }
