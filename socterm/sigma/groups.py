"""One correlation (or alerting event rule) and its groups: windows that fire, episodes that collect.

A `Consumer` takes hits of one rule. For each group (the values of its group-by fields) it keeps a window,
which says when the rule is satisfied, and the open episodes, which say what belongs to one alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from socterm.alerts.episodes import Episode, Episodes
from socterm.alerts.model import Entity, EpisodeChange, Hit, key_of
from socterm.event import Event, Key
from socterm.sigma.entity import entity_of
from socterm.sigma.model import Rule
from socterm.sigma.windows import Counts, WaitingWindow, Window, window_maker

MAX_GROUPS = 100_000
"""Groups a rule keeps at once; beyond that the oldest go and are counted."""

FULL = 1_000
"""From so many pending hits on, those too old for any window are let go now and then."""

MAX_PENDING = 20_000
"""Hits a group keeps for the correlations above it before it fires."""


class Group:
    """The state of one rule for one entity.

    Only where `linked`, for a rule that takes part in a chain, does it have `pending` (hits for the rules
    above), `seen` (events its episodes have) and `above` (its place in the rules above).
    """

    __slots__ = ("above", "bucket", "entity", "key", "open", "pending", "seen", "window")

    above: dict[str, tuple[object, str]]
    pending: list[Hit]
    seen: set[int]

    def __init__(self, key: object, entity: Entity, window: Window | None, *, linked: bool) -> None:
        self.key = key
        self.entity = entity
        self.window = window
        self.open: list[Episode] = []
        self.bucket = -1
        if linked:
            self.pending = []
            self.seen = set()
            self.above = {}


def _no_window() -> None:
    """An event rule is satisfied by each of its events."""


class Consumer:
    """Everything socterm remembers about one rule that makes episodes."""

    def __init__(self, rule: Rule, episodes: Episodes, lateness: int, *, chained: bool) -> None:
        spec = rule.correlation
        self.rule = rule
        self.spec = spec
        self.key = rule.key
        self.lateness = lateness
        self.span = spec.span if spec else 0
        self.gap = max(rule.throttle, self.span)
        self.episodes = episodes
        self.chained = chained
        self.counts = Counts()
        self._window = window_maker(spec, lateness, self.counts) if spec else _no_window
        self.tumbling = isinstance(self._window(), WaitingWindow)
        self.special = chained or self.tumbling
        self._dirty = episodes.dirty
        self.by_ref = spec is not None and spec.by_ref
        self.groups: dict[object, Group] = {}
        self.parents: list[tuple[Consumer, str]] = []
        self.linked = chained
        names = spec.fields[spec.refs[0]] if spec else ()
        self._name = names[0] if len(names) == 1 else ""
        self.skipped = 0
        self.evicted = 0

    def add_parent(self, parent: Consumer, ref: str) -> None:
        """Hand what fires to a correlation above, which knows this rule as `ref`."""
        self.parents.append((parent, ref))
        self.linked = True

    def link(self) -> None:
        """Other correlations may stand above the rule now: its groups look for their places there anew.

        A group that had none above it hands up what is still in its window.
        """
        for group in self.groups.values():
            if not hasattr(group, "pending"):
                group.pending = list(group.window.buf) if group.window is not None else []
                group.seen = set()
            group.above = {}

    def close(self) -> None:
        """The rule is gone or means something else now: all it had under way settles."""
        for group in self.groups.values():
            for episode in group.open:
                self.episodes.settle(episode)
            group.open.clear()
        self.groups.clear()

    # -- finding the group ---------------------------------------------------------------

    def group_key(self, ref: str, event: Event) -> object | None:
        """The group an event of `ref` belongs to; None (and counted) where it lacks a group-by field."""
        spec = self.spec
        if spec is None:
            return entity_of(self.rule, event)
        names = spec.fields[ref]
        fields = event.fields
        if len(names) == 1:
            value = fields.get(names[0])
            if value is None or value == "":
                self.skipped += 1
                return None
            return value if type(value) is str else str(value)
        values = tuple(str(fields.get(name, "")) for name in names)
        if "" in values:
            self.skipped += 1
            return None
        return values

    def key_of_entity(self, entity: Entity) -> object:
        """The inverse of the entity a group shows."""
        if self.spec is None:
            return entity
        if len(entity) == 1:
            return entity[0][1]
        return tuple(value for _, value in entity)

    def _entity(self, key: object) -> Entity:
        if self._name:
            return ((self._name, key),)  # type: ignore[return-value]
        spec = self.spec
        if spec is None:
            return key  # type: ignore[return-value]
        names = spec.fields[spec.refs[0]]
        values = key if isinstance(key, tuple) else ()
        return tuple((name, str(value)) for name, value in zip(names, values, strict=False))

    def group(self, key: object) -> Group:
        """The group of a key, made if need be."""
        found = self.groups.get(key)
        if found is None:
            if len(self.groups) >= MAX_GROUPS:
                self._evict()
            found = self.groups[key] = Group(key, self._entity(key), self._window(), linked=self.linked)
        return found

    def _evict(self) -> None:
        for group in list(islice(self.groups.values(), MAX_GROUPS // 100)):
            self.evicted += 1
            for episode in group.open:
                self.episodes.settle(episode)
            group.open.clear()
            del self.groups[group.key]

    # -- taking hits ---------------------------------------------------------------------

    def take(
        self, group: Group, hit: Hit, order: Key, watermark: int, mark: Hit | None = None
    ) -> Sequence[Hit]:
        """A base event for a group; answers the hits at which the rule is newly satisfied.

        `order` is the hit's key; `mark` is what the window sees where that is not the hit itself (chains).
        """
        open_ = group.open
        ts = hit.ts
        episode = open_[0] if len(open_) == 1 else None
        if (
            episode is not None
            and watermark <= ts
            and episode.hi <= ts <= episode.hi + self.gap
            and not episode.ended
        ):
            episode.hi = ts
        else:
            if open_:
                self.settle(group, watermark)
            episode = self.episodes.join(open_, self.key, group.entity, self.gap, hit, watermark)
        self._dirty[episode.id] = episode
        episode.new.append(hit)
        episode.count += hit.weight
        if order > episode.last:
            episode.last = order
        elif order < episode.first:
            episode.first = order
        window = group.window
        if window is None:
            return (hit,)
        if self.parents:
            group.pending.append(hit)
            if len(group.pending) > FULL:
                self._make_room(group)
        return window.feed(mark or hit)

    def ripe(self, group: Group, watermark: int) -> Sequence[Hit]:
        """Where the rule waits for the end of its windows: the hits at which those now over fire."""
        window = group.window
        return window.advance(watermark) if isinstance(window, WaitingWindow) else ()

    def settle(self, group: Group, watermark: int, *, anew: bool = True) -> None:
        """Let go of the group's episodes that the watermark has passed; the window goes with the last.

        Without `anew` the caller throws the group away then: it needs no fresh window.
        """
        open_ = group.open
        before = watermark - self.gap
        if len(open_) == 1 and (open_[0].hi >= before or open_[0].touched >= before):
            return
        passed = [e for e in open_ if e.hi < before and e.touched < before]
        if not passed:
            return
        for episode in passed:
            self.episodes.settle(episode)
        if len(passed) == len(open_):
            open_.clear()
            if anew:
                self.forget(group)
        else:
            open_[:] = [e for e in open_ if e not in passed]

    def forget(self, group: Group) -> None:
        """Start the group's condition anew."""
        group.window = self._window()
        if self.linked:
            group.pending = []
            group.seen = set()

    def remember(self, group: Group, hit: Hit) -> None:
        """Keep a base event until the rule fires and hands it to the correlations above."""
        group.pending.append(hit)
        if len(group.pending) > FULL:
            self._make_room(group)

    def _make_room(self, group: Group) -> None:
        pending = group.pending
        if len(pending) % 500 == 1:
            oldest = pending[-1].ts - self.span - self.lateness
            kept = [h for h in pending if h.ts > oldest]
            self.evicted += max(0, len(kept) - MAX_PENDING)
            group.pending = kept[-MAX_PENDING:]

    def window_at(self, group: Group, fired: Hit) -> Sequence[Hit]:
        """The hits of the window that ends at this one, as far as it still holds them."""
        window = group.window
        if window is None:
            return (fired,)
        end, start = key_of(fired), fired.ts - self.span
        return [hit for hit in window.buf if hit.ts > start and key_of(hit) <= end] or (fired,)

    def covered(self, group: Group, fired: Hit) -> list[Hit]:
        """The base events of the window that fired, less those handed up before."""
        if len(group.pending) == 1 and group.pending[0] is fired:
            group.pending = []
            return [fired]
        end = key_of(fired)
        start = fired.ts - self.span
        delta: list[Hit] = []
        rest: list[Hit] = []
        for hit in group.pending:
            (delta if hit.ts > start and key_of(hit) <= end else rest).append(hit)
        group.pending = [h for h in rest if h.ts > start - self.lateness]
        return delta

    # -- after a restart -----------------------------------------------------------------

    def restore(self, change: EpisodeChange) -> Group:
        """Take an open episode back from the store; windows are rebuilt by `rebuild`."""
        group = self.group(self.key_of_entity(change.entity))
        marks = [h.ts for h in change.hits if h.value] if self.chained else [h.ts for h in change.hits]
        group.open.append(self.episodes.restore(change, self.gap, marks))
        return group

    def rebuild(self, group: Group, hits: Iterable[Hit]) -> None:
        """Play the stored hits of a group's open episodes into a fresh window."""
        order = group.window.order if group.window else key_of
        ordered = sorted(hits, key=order)
        if self.chained:
            group.seen = {h.event for h in ordered}
        window = group.window
        if window is None:
            return
        for hit in ordered:
            if self.parents:
                self.remember(group, hit)
            if self.chained and not hit.value:
                continue
            for fired in window.feed(as_mark(hit) if self.chained else hit):
                if self.parents:
                    self.covered(group, fired)


def as_mark(hit: Hit) -> Hit:
    """The hit as the window of a chain sees it: one firing, whatever its base event weighs."""
    return hit if hit.weight == 1 else Hit(hit.ts, hit.source, hit.position, hit.event, 1, hit.value)
