"""Between matching and correlating: events of rules that remember wait for their turn, then are judged.

What is fed to the correlator for them carries their own time as the watermark: nothing earlier can come. An
event that does come after the watermark is judged at once, and counted.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
from typing import Any, Final

from socterm.event import Event
from socterm.sigma.learning.absence import Absence
from socterm.sigma.learning.changes import LearningChanges, RuleMemory, StoredLearning
from socterm.sigma.learning.judge import Judge
from socterm.sigma.learning.memory import LIMIT
from socterm.sigma.learning.plan import Keys, Lists, Planner
from socterm.sigma.learning.queue import FOREVER, Queue
from socterm.sigma.learning.rhythm import Rhythm
from socterm.sigma.learning.sightings import FirstSeen, Rare
from socterm.sigma.learning.surge import Surge
from socterm.sigma.learning.terms import (
    GeoSpeed,
    NewValue,
    Periodicity,
    Rarity,
    Silence,
    Spike,
    shape_of,
)
from socterm.sigma.learning.travel import Travel
from socterm.sigma.learning.values import Key
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.watermark import NEVER

HELD: Final = 100_000
"""Events that wait at once; of more, the earliest are judged before their time and counted."""

TIMERS: Final = 10_000
"""Moments to be waited for beyond which those of forgotten keys are looked for."""

Feed = Callable[[Event, Keys, int], None]

_JUDGES: Final[dict[type, Any]] = {
    NewValue: FirstSeen,
    Rarity: Rare,
    GeoSpeed: Travel,
    Spike: Surge,
    Periodicity: Rhythm,
    Silence: Absence,
}


def needed(rules: RuleSet) -> bool:
    """Whether any rule remembers something or looks something up."""
    return any(rule.learning is not None or rule.lookup is not None for rule in rules.rules.values())


class Learner:
    """All rules of a set that remember. `feed` is what hears of events that rules fire on.

    `due` is the time (µs) of the next thing to do: when the watermark passes it, `advance` has work. With
    `mute` nothing ever fires: rules only learn.
    """

    def __init__(
        self, rules: RuleSet, feed: Feed, *, lists: Lists | None = None, limit: int = LIMIT,
        room: int = HELD, mute: bool = False,
    ) -> None:  # fmt: skip
        self.judges: dict[str, Judge[Any, Any]] = {
            rule.key: judge_of(rule, rules, limit) for rule in rules.rules.values() if rule.learning
        }
        self.mark = NEVER
        self.due = FOREVER
        self.crowded = 0
        """Events judged before their time for want of room."""
        self._feed = feed
        self._rules = frozenset(rules.rules)
        self._titles = {key: " ".join(rules.rules[key].info.title.split())[:80] for key in self.judges}
        self._room = room
        self._mute = mute
        self._planner = Planner(rules, lists or {})
        self._plan = self._planner.plan
        self._shapes = {r.key: shape_of(r.learning) for r in rules.rules.values() if r.learning is not None}
        self._anew: set[str] = set(self.judges)
        self._held = Queue()
        self._timers: list[tuple[int, str, Key]] = []
        self._most_timers = TIMERS
        self._void: list[str] = []
        self._reached = NEVER
        self._quiet = 0
        self._ticked: tuple[int, int] | None = None

    # -- events --------------------------------------------------------------------------

    def feed(self, event: Event, keys: Keys, watermark: int) -> None:
        """Take an event and the keys of all rules it matched; the watermark is µs after this event."""
        gated, now, held = self._plan(keys)
        if gated:
            _, now, held = self._planner.passed(event, keys)
        if now:
            self._feed(event, now, watermark)
        if not held:
            return
        self.mark = max(self.mark, watermark)
        if event.ts < self.mark:
            self._judge(event, held, self.mark, late=True)
            return
        if len(held) == 1 and not self._mute and self._taken(held[0], event):
            return
        self._held.put(event, held)
        if len(self._held) > self._room:
            self.crowded += 1
            self.advance(self._held.first + 1)
        self._look()

    def _taken(self, key: str, event: Event) -> bool:
        judge = self.judges.get(key)
        if judge is None or not judge.at_once(event):
            return False
        if judge.due:
            self._keep_time(judge)
            self._look()
        return True

    def _release(self) -> None:
        """Judge the earliest of those that wait."""
        event, keys = self._held.pop()
        self._reached = max(self._reached, event.ts)
        self._judge(event, keys, event.ts)

    def _judge(self, event: Event, keys: Keys, watermark: int, *, late: bool = False) -> None:
        fired = []
        for key in keys:
            judge = self.judges.get(key)
            if judge is None:
                fired.append(key)
                continue
            judge.course.late += late
            if not judge.see(event, mute=self._mute):
                fired.append(key)
            if judge.due:
                self._keep_time(judge)
        if fired:
            self._feed(event, tuple(fired), watermark)

    # -- time ----------------------------------------------------------------------------

    def advance(self, watermark: int) -> None:
        """Judge what the watermark (µs) has passed, in order, and ring what was asked for until then."""
        self.mark = max(self.mark, watermark)
        held = self._held
        while True:
            event_at, timers = held.first, self._timers
            timer_at = timers[0][0] if timers else FOREVER
            if min(event_at, timer_at) >= watermark:
                break
            if event_at <= timer_at:
                self._release()
            else:
                self._ring()
        self._look()

    def _ring(self) -> None:
        at, rule, key = heapq.heappop(self._timers)
        judge = self.judges.get(rule)
        if judge is None:
            return
        fired = judge.ring(at, key)
        judge.moved = True
        self._keep_time(judge)
        if fired is not None and not self._mute:
            self._feed(fired, (rule,), fired.ts)

    def _keep_time(self, judge: Judge[Any, Any]) -> None:
        for at, key in judge.due:
            heapq.heappush(self._timers, (at, judge.rule, key))
        judge.due.clear()
        if len(self._timers) > self._most_timers:
            self._clear_timers()

    def _clear_timers(self) -> None:
        """Keys that had to be forgotten are not waited for: there may be any number of them."""
        judges = self.judges
        self._timers = [timer for timer in self._timers if judges[timer[1]].waits_for(timer[2])]
        heapq.heapify(self._timers)
        self._most_timers = max(TIMERS, 2 * len(self._timers))

    def _look(self) -> None:
        timers = self._timers
        self.due = min(self._held.first, timers[0][0] if timers else FOREVER)

    def tick(self, now: int, patience: int) -> None:
        """All there was to read has been read at `now` (wall clock, µs).

        What has waited for longer than `patience` (µs) since such a moment need not wait any more: whatever
        the watermark says, nothing that belongs before it is still to come. A stamp in the future waits on.
        """
        if not self._held:
            self._ticked = None
            return
        if self._ticked is None:
            self._ticked = (now, self._held.came)
            return
        since, count = self._ticked
        if now - since < patience:
            return
        waited = [ts for ts, _, _, number, _, _ in self._held if number <= count and ts <= now]
        self._ticked = (now, self._held.came)
        if waited:
            self.advance(max(waited) + 1)

    def rest(self, watermark: int, quiet: int, patience: int) -> None:
        """Nothing has come for `quiet` µs of wall time, more than `patience`: time passes all the same."""
        passed = quiet - self._quiet if 0 < self._quiet <= quiet else quiet - patience
        self._quiet = quiet
        if self._reached != NEVER or self.mark != NEVER:
            self._reached = max(self._reached, self.mark) + passed
        self.advance(max(watermark, self._reached))

    def back(self, watermark: int, high: int) -> None:
        """The clock was wrong and goes back to `high`: forget what cannot have been yet."""
        self.mark = self._reached = watermark
        for judge in self.judges.values():
            judge.rewind(high)
            judge.moved = True

    def flush(self, end: int) -> None:
        """The end of a replay, whose clocks say `end`: judge all that waits, ring until then."""
        last = max([end, *(held[0] for held in self._held)])
        if last != NEVER:
            self.advance(last + 1)

    # -- keeping -------------------------------------------------------------------------

    @property
    def changed(self) -> bool:
        """Whether `changes` has anything to say."""
        return bool(self._held.changed or self._void) or any(
            judge.moved or judge.memory.changed for judge in self.judges.values()
        )

    def changes(self) -> LearningChanges:
        """What was learned, and who waits, since the last call."""
        held, released = self._held.changes()
        found = LearningChanges(held=held, released=released, void=self._void)
        self._void = []
        for key, judge in self.judges.items():
            if not (judge.moved or judge.memory.changed):
                continue
            judge.course.evicted = judge.memory.evicted
            judge.moved = False
            found.rules.append(
                RuleMemory(key, self._shapes[key], judge.course, judge.memory.changes(), key in self._anew)
            )
            self._anew.discard(key)
        return found

    def restore(self, stored: StoredLearning) -> None:
        """Go on from what the store has; a rule that remembers something else by now begins anew."""
        for memory in stored.rules:
            judge = self.judges.get(memory.rule)
            if judge is not None and self._shapes[memory.rule] == memory.shape:
                rows = [(key, value) for key, value in memory.entries if value is not None]
                judge.restore(memory.course, rows)
                self._anew.discard(memory.rule)
                self._keep_time(judge)
        for event, keys in stored.held:
            self._held.put(event, keys, stored=True)
        self._held.narrow(self._rules)
        self._look()

    def begins_anew(self, rule: str) -> bool:
        """Whether the store has nothing of use for a rule."""
        return rule in self._anew or rule not in self.judges

    def adopt(self, former: Learner, waited_for: Collection[str]) -> None:
        """Take over what the learner of an earlier rule set knows: of every rule that remembers the same.

        What others knew is forgotten. Events go on waiting for the rules `waited_for`.
        """
        self._void = former._void
        for key, judge in former.judges.items():
            mine = self.judges.get(key)
            if mine is None or self._shapes[key] != former._shapes[key]:
                self._void.append(key)
                continue
            mine.take_over(judge)
            mine.moved = True
            if key not in former._anew:
                self._anew.discard(key)
            self._keep_time(mine)
        self.mark, self._reached, self._quiet = former.mark, former._reached, former._quiet
        self._ticked, self.crowded = former._ticked, former.crowded
        self._held = former._held
        self._held.narrow(waited_for)
        self._look()

    def notes(self) -> tuple[str, ...]:
        """What a person should know, one line each: always the same while it lasts."""
        full = [key for key, judge in self.judges.items() if judge.memory.evicted]
        said = [
            f"rule {self._titles[key]}: its memory is full; what it has not seen for longest goes "
            "(socterm learn counts)"
            for key in full
        ]
        if self.crowded:
            said.append(
                "more events wait for rules that remember than fit: some are judged before their time"
            )
        return tuple(said)

    def counters(self) -> dict[str, int]:
        """What is to be shown of all rules together."""
        courses = [judge.course for judge in self.judges.values()]
        return {
            "learning_evicted": sum(judge.memory.evicted for judge in self.judges.values()),
            "learning_late": sum(course.late for course in courses),
            "learning_skipped": sum(course.skipped for course in courses),
            "learning_crowded": self.crowded,
        }


def judge_of(rule: Rule, rules: RuleSet, limit: int = LIMIT) -> Judge[Any, Any]:
    """What judges the events of a rule that remembers."""
    made = _JUDGES[type(rule.learning)]
    if made is Absence:
        return Absence(rule, rule.learning, limit=limit, asked=_asked(rule.key, rules.rules.values()))  # type: ignore[arg-type]
    found: Judge[Any, Any] = made(rule, rule.learning, limit=limit)
    return found


def _asked(key: str, rules: Any) -> tuple[str, ...]:
    """The fields that correlations on a rule, and those on them, read of its events."""
    found: list[str] = []
    above = {key}
    for rule in rules:  # what a rule refers to stands before it
        spec = rule.correlation
        for ref in above.intersection(spec.refs) if spec is not None else ():
            above.add(rule.key)
            found += [*spec.fields.get(ref, ()), *spec.counted.get(ref, ())]
            found += [spec.field] if isinstance(spec.field, str) else spec.field
    return tuple(dict.fromkeys(name for name in found if name))
