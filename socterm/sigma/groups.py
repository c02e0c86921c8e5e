"""One correlation (or alerting event rule) and its groups: windows that fire, episodes that collect.

A `Consumer` takes hits of one rule. For each group (the values of its group-by fields) it keeps a window,
which says when the rule is satisfied, and the open episodes, which say what belongs to one alert.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec

from socterm.alerts.episodes import Episode, Episodes
from socterm.alerts.model import Entity, EpisodeChange, Hit, key_of
from socterm.event import Event, Key
from socterm.sigma import apart
from socterm.sigma.entity import WHOM, entity_of
from socterm.sigma.model import Correlation, Rule
from socterm.sigma.windows import Counts, WaitingWindow, Window, window_maker

MAX_GROUPS = 100_000
"""Groups a rule keeps at once; beyond that the oldest go and are counted."""

EVICTIONS = 50
"""After so many times a hundredth of the groups went, others that keep them let go of them too."""

FULL = 1_000
"""From so many pending hits on, those too old for any window are let go now and then."""

MOST_EVIDENCE = 300
"""Hits handed up at one firing where each firing may go to another group above."""

NOTHING_CARRIED: dict[int, tuple[str, ...]] = {}
"""What a group's hits carry for the rules above, before any does; never written to."""

FEW_FIRINGS = 64
"""From so many on, those no base event can come behind any more are let go."""

MAX_PENDING = 20_000
"""Hits a group keeps for the correlations above it before it fires; and of those at which it fired."""


_UNLINKED: Any = None
"""In place of what only groups of rules in a chain have."""


class Group(msgspec.Struct, eq=False):
    """The state of one rule for one entity.

    `window` is the one with its latest hits, `apart` are those of hits far before (`socterm.sigma.apart`).
    `bucket` is when its episodes are to be looked at, `alarm` when its window has something to decide; -1:
    never. Only where `linked`, for a rule that takes part in a chain, does it have `pending` (hits for the
    rules above), `firings` (the latest hits at which it fired), `above` (its place in the rules above) and
    `carried` (by event, what the rules above need to know of it). `era` is odd while an exception
    hides it; events up to `past` are of earlier eras (`socterm.sigma.hushed`).
    """

    key: object
    entity: Entity
    window: Window | None
    open: list[Episode] = []
    bucket: int = -1
    alarm: int = -1
    pending: list[Hit] = _UNLINKED
    firings: list[Hit] = _UNLINKED
    above: dict[str, tuple[object, str]] = _UNLINKED
    carried: dict[int, tuple[str, ...]] = NOTHING_CARRIED
    apart: tuple[Window, ...] = ()
    era: int = 0
    past: int = 0

    @property
    def windows(self) -> tuple[Window, ...]:
        """All of its windows, the latest first."""
        return self.apart if self.window is None else (self.window, *self.apart)

    def home(self, ts: int) -> Episode | None:
        """The open episode of the present era that a moment (µs) lies in."""
        return next((e for e in self.open if e.lo <= ts <= e.hi and e.era == self.era), None)

    def begin(self) -> None:
        """Nothing fired and nothing is kept for the rules above."""
        self.pending = []
        self.firings = []
        self.carried = NOTHING_CARRIED


def _no_window() -> None:
    """An event rule is satisfied by each of its events."""


def _nothing_aside(_consumer: Consumer, _group: Group, _watermark: int) -> None:
    """No late hit was kept aside."""


def _nothing_kept() -> None:
    """Nobody else keeps groups."""


def _never_wanted(spec: Correlation) -> frozenset[str]:
    wanted = {ref for there, _ in spec.cases for ref in there}
    return frozenset(spec.refs) - wanted if spec.cases else frozenset()


class Consumer:
    """Everything socterm remembers about one rule that makes episodes.

    `silent`: it raises no alerts. `waits`: its windows are decided by the watermark only. `delay` (µs) is how
    long after the event the rules it refers to may come to a decision: its own watermark is so much lower.
    `absent` are rules whose events say that something did not fail to happen: they are no base events.
    `carry` are fields the rules above ask its events for. `reach` (µs) is how far behind the time of events
    a base event may still come, by way of a rule below. `hurry` is called before windows are let go that
    still keep late hits aside, `purge` when many groups went. `hushable`: an exception is or was for it.
    """

    __slots__ = (
        "_dirty", "_gone", "_name", "absent", "by_ref", "calculates", "carry", "carry_others", "chained",
        "counts", "delay", "episodes", "far", "gap", "groups", "hurry", "hushable", "key", "lateness",
        "linked", "new_window", "others", "parents", "purge", "reach", "rule", "silent", "span", "spec",
        "special", "waits",
    )  # fmt: skip

    def __init__(
        self, rule: Rule, episodes: Episodes, lateness: int, *, below: Sequence[Consumer] = ()
    ) -> None:
        chained = bool(below)
        delay = max((child.decision_after + lateness for child in below), default=0)
        spec = rule.correlation
        self.rule = rule
        self.spec = spec
        self.key = rule.key
        self.lateness = lateness + delay
        self.delay = delay
        self.reach: int = lateness + max(
            (child.reach + child.span + child.decision_after for child in below), default=0
        )
        self.span: int = spec.span if spec else 0
        self.far = 3 * self.span + self.lateness
        self.gap = max(rule.throttle, self.span)
        self.episodes = episodes
        self.chained = chained
        self.counts = Counts()
        self.new_window = window_maker(spec, self.lateness, self.counts) if spec else _no_window
        self.silent = not rule.alerting
        self.waits = isinstance(self.new_window(), WaitingWindow)
        self.hushable = False
        self.special = chained or self.waits
        self.carry: tuple[str, ...] = ()
        self.carry_others: dict[str, tuple[str, ...]] = {}
        self._dirty = episodes.dirty
        self.by_ref = spec is not None and spec.by_ref
        self.calculates = spec is not None and spec.calculates
        self.others = spec.others if spec else {}
        self.absent = _never_wanted(spec) if spec else frozenset()
        self.groups: dict[object, Group] = {}
        self.parents: list[tuple[Consumer, str]] = []
        self.linked = chained
        self.hurry: Callable[[Consumer, Group, int], None] = _nothing_aside
        self.purge: Callable[[], None] = _nothing_kept
        names = spec.fields[spec.refs[0]] if spec else ()
        self._name = names[0] if len(names) == 1 else ""
        self._gone = 0

    def add_parent(self, parent: Consumer, ref: str) -> None:
        """Hand what fires to a correlation above, which knows this rule as `ref`."""
        self.parents.append((parent, ref))
        self.linked = True

    def carry_fields(self, names: tuple[str, ...]) -> None:
        """What hits have to carry for the rules above: fields that the group does not tell."""
        self.carry = names
        self.special = self.chained or self.waits or bool(names) or self.hushable
        for parent, _ in self.parents:
            self.carry_others |= parent.carry_others
            if parent.spec is not None:
                self.carry_others |= parent.spec.others

    @property
    def decision_after(self) -> int:
        """How long (µs) after an event the rule may still come to be satisfied at it."""
        return self.delay + (self.span if self.waits else 0)

    def link(self) -> None:
        """Other correlations may stand above the rule now: its groups look for their places there anew.

        A group that had none above it hands up what is still in its window.
        """
        for group in self.groups.values():
            if group.pending is _UNLINKED:
                group.begin()
                group.pending = sorted((hit for one in group.windows for hit in one.buf), key=key_of)
            group.above = {}

    def close(self) -> None:
        """The rule is gone or means something else now: all it had under way settles."""
        for group in self.groups.values():
            for episode in group.open:
                self.episodes.settle(episode)
            group.open.clear()
        self.groups.clear()

    # -- finding the group ---------------------------------------------------------------

    def entity(self, event: Event) -> Entity:
        """Whom an event is about, where this is a rule on single events."""
        return entity_of(self.rule, event)

    def key_of_entity(self, entity: Entity) -> object:
        """The inverse of the entity a group shows."""
        if self.spec is None:
            return entity
        if self._name == WHOM:
            return "=".join(entity[0])
        if len(entity) == 1:
            return entity[0][1]
        return tuple(value for _, value in entity)

    def _entity(self, key: object) -> Entity:
        if self._name and self._name != WHOM:
            return ((self._name, key),)  # type: ignore[return-value]
        if self._name:
            name, _, value = str(key).partition("=")
            return ((name, value),)
        spec = self.spec
        if spec is None:
            return key  # type: ignore[return-value]
        names = spec.fields[spec.refs[0]]
        values = key if isinstance(key, tuple) else ()
        return tuple((name, str(value)) for name, value in zip(names, values, strict=False))

    def group(self, key: object) -> Group:
        """The group of a key, made if need be."""
        found = self.groups.get(key)
        return self.new_group(key) if found is None else found

    def new_group(self, key: object) -> Group:
        """A group for a key that has none."""
        if len(self.groups) >= MAX_GROUPS:
            self._evict()
        made = self.groups[key] = Group(key, self._entity(key), self.new_window())
        if self.linked:
            made.above = {}
            made.begin()
        return made

    def _evict(self) -> None:
        for group in list(islice(self.groups.values(), max(1, MAX_GROUPS // 100))):
            self.counts.evicted += 1
            for episode in group.open:
                self.episodes.settle(episode)
            group.open.clear()
            group.window = None
            del self.groups[group.key]
        self._gone += 1
        if self._gone % EVICTIONS == 0:
            self.purge()

    # -- taking hits ---------------------------------------------------------------------

    def take(
        self, group: Group, hit: Hit, order: Key, watermark: int, mark: Hit | None = None
    ) -> Sequence[Hit]:
        """A base event for a group; answers the hits at which the rule is newly satisfied.

        `order` is the hit's key; `mark` is what the window sees where that is not the hit itself (chains).
        """
        open_ = group.open
        ts = hit.ts
        window = group.window
        episode = open_[0] if len(open_) == 1 else None
        if (
            episode is not None
            and watermark <= ts
            and episode.hi <= ts <= episode.hi + self.gap
            and not episode.ended
            and episode.era == group.era
        ):
            episode.hi = ts
        else:
            if open_:
                self.settle(group, watermark)
            episode = self.episodes.join(
                open_, self.key, group.entity, self.gap, hit, watermark, era=group.era
            )
            window = group.window
            if window is not None and window.buf:
                window = apart.window_for(self, group, ts, watermark)
        if mark is not None and self.chained:
            hit = episode.once(hit)
        new = episode.new
        if not new:
            self._dirty[episode.id] = episode
        new.append(hit)
        episode.count += hit.weight
        if order > episode.last:
            episode.last = order
        elif order < episode.first:
            episode.first = order
        if window is None:
            return (hit,)
        if self.parents:
            pending = group.pending
            if pending and ts <= pending[-1].ts and order < key_of(pending[-1]):
                insort(pending, hit, key=key_of)
            else:
                pending.append(hit)
            if len(pending) > FULL:
                self._make_room(group, hit.ts)
        return window.feed(mark or hit)

    def found(self, group: Group, hit: Hit) -> None:
        """A base event, where others say that all is well: an episode of only those begins with it."""
        for episode in group.open:
            if episode.bare and episode.lo <= hit.ts <= episode.hi:
                episode.bare = False
                episode.first = episode.last = key_of(hit)

    def take_absent(self, group: Group, hit: Hit, mark: Hit, watermark: int) -> None:
        """An event that must not be there: the window has to know, the alert does not count it."""
        if group.open:
            self.settle(group, watermark)
        known = self.episodes.next_episode
        episode = self.episodes.join(
            group.open, self.key, group.entity, self.gap, hit, watermark, era=group.era
        )
        if episode.id >= known:
            episode.bare = True
        episode.new.append(hit if not hit.weight else _weightless(hit))
        if group.window is not None:
            group.window.feed(mark)

    def ripe(self, group: Group, watermark: int) -> Sequence[Hit]:
        """Where the rule waits for the watermark: the hits at which it is now known to be satisfied."""
        return group.window.advance(watermark) if self.waits and group.window is not None else ()

    def settle(self, group: Group, watermark: int, *, anew: bool = True) -> None:
        """Let go of the group's episodes that the watermark has passed; the window goes with the last.

        Without `anew` the caller throws the group away then: it needs no fresh window.
        """
        open_ = group.open
        before = watermark - self.gap
        if len(open_) == 1:
            if open_[0].hi >= before or open_[0].touched >= before:
                return
            passed = open_.copy()
        else:
            passed = [e for e in open_ if e.hi < before and e.touched < before]
            if not passed:
                return
        if group.window is not None and (group.window.late or group.apart or self.parents):
            self.hurry(self, group, watermark)
        for episode in passed:
            self.episodes.settle(episode)
        if len(passed) == len(open_):
            open_.clear()
            if anew:
                self.forget(group)
        else:
            open_[:] = [e for e in open_ if e not in passed]
            apart.let_go(group)
            if self.parents:
                over = max(e.hi for e in passed)
                group.firings = [hit for hit in group.firings if hit.ts > over]

    def forget(self, group: Group) -> None:
        """Start the group's condition anew."""
        group.window = self.new_window()
        group.apart = ()
        if self.linked:
            group.begin()

    def remember(self, group: Group, hit: Hit) -> None:
        """Keep a base event, in its order, until the rule fires and hands it to the correlations above."""
        pending = group.pending
        if pending and key_of(hit) < key_of(pending[-1]):
            insort(pending, hit, key=key_of)
        else:
            pending.append(hit)
        if len(pending) > FULL:
            self._make_room(group, hit.ts)

    def _make_room(self, group: Group, now: int) -> None:
        pending = group.pending
        if len(pending) % 500 == 1:
            oldest = now - self.span - self.lateness
            kept = [h for h in pending if h.ts > oldest]
            self.counts.evicted += max(0, len(kept) - MAX_PENDING)
            group.pending = kept[-MAX_PENDING:]

    def window_at(self, group: Group, fired: Hit) -> Sequence[Hit]:
        """The hits of the window that ends at this one, as far as it still holds them."""
        return next((found for one in group.windows if (found := one.inside(fired))), (fired,))

    def hand_up(self, group: Group, fired: Hit) -> list[Hit]:
        """Note that the rule fired; the base events to hand to the correlations above."""
        firings = group.firings
        if firings and key_of(fired) < key_of(firings[-1]):
            insort(firings, fired, key=key_of)
        else:
            firings.append(fired)
        oldest = firings[-1].ts - self.reach
        if len(firings) > FEW_FIRINGS and firings[len(firings) // 2].ts < oldest:
            del firings[: bisect_left(firings, oldest, key=_time)]
        if len(firings) > MAX_PENDING:
            del firings[: MAX_PENDING // 2]
        return self.covered(group, fired)

    def covered(self, group: Group, fired: Hit) -> list[Hit]:
        """The base events of the window that fired, less those handed up before.

        Where the event itself decides which group above it goes to, none is left out: another group may have
        got it. There the last `MOST_EVIDENCE` are all.
        """
        if not self.carry and len(group.pending) == 1 and group.pending[0] is fired:
            group.pending = []
            return [fired]
        pending = group.pending
        start = fired.ts - self.span
        if not self.carry and pending and pending[0].ts > start and key_of(pending[-1]) <= key_of(fired):
            group.pending = []
            return pending
        first = bisect_right(pending, start, key=_time)
        last = bisect_right(pending, key_of(fired), key=key_of)
        if self.carry:
            return pending[max(first, last - MOST_EVIDENCE) : last]
        delta = pending[first:last]
        del pending[first:last]
        return delta

    # -- after a restart -----------------------------------------------------------------

    def restore(self, change: EpisodeChange) -> Group:
        """Take an open episode back from the store; windows are rebuilt by `rebuild`."""
        group = self.group(self.key_of_entity(change.entity))
        marks = [h.ts for h in change.hits if h.value] if self.chained else [h.ts for h in change.hits]
        episode = self.episodes.restore(change, self.gap, marks)
        episode.bare = bool(self.absent) and all(h.value in self.absent for h in change.hits)
        if self.chained:
            seen: dict[int, int] = {}
            episode.seen = seen
            for hit in change.hits:
                if hit.value not in self.absent:
                    seen[hit.event] = max(hit.weight, seen.get(hit.event, 0))
        group.open.append(episode)
        if episode.era:
            self.hushable = self.special = True
        return group

    def rebuild(self, group: Group, hits: Iterable[Hit]) -> None:
        """Play the stored hits of a group's open episodes into a fresh window."""
        window = group.window
        ordered = sorted(hits, key=window.order if window else key_of)
        if window is None:
            return
        for hit in ordered:
            if self.parents and hit.value not in self.absent:
                group.pending.append(hit)  # in order; what is too old depends on what comes next
                if group.firings and key_of(group.firings[-1]) == key_of(hit):
                    self.covered(group, hit)  # several hits of the event at which it fired
            if self.chained and not hit.value:
                continue
            place = apart.window_for(self, group, hit.ts, hit.ts) or window
            for fired in place.feed(as_mark(hit) if self.chained else hit):
                if self.parents:
                    self.hand_up(group, fired)
        if isinstance(window, WaitingWindow):
            self._decide_again(group, window)

    def _decide_again(self, group: Group, window: WaitingWindow) -> None:
        """Go through what had been decided before the restart: as often as each episode says it fired.

        Decisions fall in the order of the hits, so the first are those that were made; later ones wait for
        the watermark as they did.
        """
        left = {episode.id: episode.signals for episode in group.open if not episode.ended}
        while any(left.values()) and (due := window.due()) is not None:
            for fired in window.advance(due):
                for episode in group.open:
                    if episode.lo <= fired.ts <= episode.hi and left.get(episode.id):
                        left[episode.id] -= 1
                if self.parents:
                    self.hand_up(group, fired)


def _time(hit: Hit) -> int:
    return hit.ts


def _weightless(hit: Hit) -> Hit:
    return Hit(hit.ts, hit.source, hit.position, hit.event, 0, hit.value)


def as_mark(hit: Hit) -> Hit:
    """The hit as the window of a chain sees it: one firing, whatever its base event weighs."""
    return hit if hit.weight == 1 else Hit(hit.ts, hit.source, hit.position, hit.event, 1, hit.value)
