"""Which alerts say less about the same thing as another one, and are folded under it.

Pure: a function of the set of alerts, whatever order they came in. An alert is *under* another if that one's
rule supersedes its rule, their entities agree on every field that both name, on one at least, and their times
overlap or come within the reach of the one above. Of several the gravest counts, then the earliest. What is
under an alert that is itself under another is *part of* the topmost one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

import msgspec

from socterm.alerts.model import Entity

_TELLING = 4
"""Fields of an entity by which it is looked up; one that has more is compared by the others afterwards."""

Shape = tuple[str, ...]
"""The names of an entity's fields, sorted."""

Place = tuple[str, Shape, Entity]
"""Where alerts are filed: rule, shape, and some of the entity's fields with their values."""


class Extent(msgspec.Struct, frozen=True, gc=False):
    """What decides what an alert is part of, or has for parts.

    Times and `reach` are µs; `rank` is the level's, greater is graver; `entity` is sorted by name.
    `supersedes` are keys of rules, those superseded by way of others included.
    """

    id: int
    rule: str
    entity: Entity
    first: int
    last: int
    rank: int = 0
    supersedes: tuple[str, ...] = ()
    reach: int = 0

    @property
    def shape(self) -> Shape:
        """The names of its entity's fields."""
        return tuple(name for name, _ in self.entity)

    @property
    def order(self) -> tuple[object, ...]:
        """Gravest first, then earliest; what is left to tell them apart depends on no order of arrival.

        An alert that only goes on keeps its place: what stands under it need not be looked at again.
        """
        return (-self.rank, self.first, self.rule, self.entity, self.id)


def entity_of(pairs: Iterable[tuple[str, str]]) -> Entity:
    """An entity as extents have it."""
    return tuple(sorted(dict(pairs).items()))


def closure(direct: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Rule → all rules it supersedes, also by way of others, sorted.

    Rules that supersede each other in a circle say the same: none of them stands above another of it.
    """
    reached = {rule: _reached(rule, direct) for rule in direct}
    return {
        rule: tuple(sorted(key for key in found if rule != key and rule not in reached.get(key, ())))
        for rule, found in reached.items()
    }


def _reached(rule: str, direct: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [rule]
    while waiting:
        for key in direct.get(waiting.pop(), ()):
            if key not in found:
                found.add(key)
                waiting.append(key)
    return found


def agree(one: Entity, other: Entity) -> bool:
    """Whether two entities are the same in every field that both name, and name one in common.

    >>> agree((("source.ip", "192.0.2.1"), ("user.name", "ann")), (("user.name", "ann"),))
    True
    >>> agree((("source.ip", "192.0.2.1"),), (("user.name", "ann"),))
    False
    """
    mine = dict(one)
    common = [(name, value) for name, value in other if name in mine]
    return bool(common) and all(mine[name] == value for name, value in common)


def meet(above: Extent, below: Extent) -> bool:
    """Whether their times overlap or come within the reach of the one above."""
    return above.first - above.reach <= below.last and below.first <= above.last + above.reach


def covers(above: Extent, below: Extent) -> bool:
    """Whether one alert can stand above another."""
    return below.rule in above.supersedes and meet(above, below) and agree(above.entity, below.entity)


# -- where alerts are looked for ----------------------------------------------------------------------------


def places(extent: Extent) -> Iterator[Place]:
    """Where an alert is filed: once for everything that another's entity can have in common with its own."""
    rule, shape, entity = extent.rule, extent.shape, extent.entity
    least = 1 if len(entity) <= _TELLING else 0
    told = entity[:_TELLING]
    for size in range(least, len(told) + 1):
        for some in combinations(told, size):
            yield rule, shape, some


def place_for(entity: Entity, rule: str, shape: Shape) -> Place | None:
    """Where alerts of that rule and shape are filed that agree with an entity; None where none can."""
    common = tuple(pair for pair in entity if pair[0] in shape)
    if not common:
        return None
    told = shape[:_TELLING]
    return rule, shape, tuple(pair for pair in common if pair[0] in told)


class _Shelf:
    """Alerts of one place that are alike in rank, reach and what they supersede, the earliest first."""

    def __init__(self) -> None:
        self._alerts: list[Extent] = []
        self._lasts: list[int] | None = None

    def add(self, extent: Extent) -> None:
        self._alerts.append(extent)
        self._lasts = None

    def earliest(self, below: Extent) -> Extent | None:
        """The first in order that stands above an alert."""
        alerts = self._alerts
        if self._lasts is None:
            alerts.sort(key=lambda extent: extent.order)
            self._lasts, latest = [], alerts[0].last
            for extent in alerts:
                latest = max(latest, extent.last)
                self._lasts.append(latest)
        reach = alerts[0].reach
        for at in range(bisect_left(self._lasts, below.first - reach), len(alerts)):
            extent = alerts[at]
            if extent.first - reach > below.last:
                return None
            if meet(extent, below) and agree(extent.entity, below.entity):
                return extent
        return None


class Above:
    """Alerts that supersede others, filed so that the one above an alert is found without trying all."""

    def __init__(self, alerts: Iterable[Extent] = ()) -> None:
        self._rules: dict[str, set[tuple[str, Shape]]] = defaultdict(set)
        self._filed: dict[Place, dict[tuple[int, int, tuple[str, ...]], _Shelf]] = defaultdict(dict)
        for extent in alerts:
            self.add(extent)

    def add(self, extent: Extent) -> None:
        """One more; what supersedes nothing is not kept."""
        if not extent.supersedes:
            return
        for rule in extent.supersedes:
            self._rules[rule].add((extent.rule, extent.shape))
        alike = (extent.rank, extent.reach, extent.supersedes)
        for place in places(extent):
            self._filed[place].setdefault(alike, _Shelf()).add(extent)

    def of(self, below: Extent) -> Extent | None:
        """The alert directly above one; None where there is none."""
        best: Extent | None = None
        for rule, shape in self._rules.get(below.rule, ()):
            place = place_for(below.entity, rule, shape)
            shelves = self._filed.get(place) if place is not None else None
            for (_, _, supersedes), shelf in (shelves or {}).items():
                found = shelf.earliest(below) if below.rule in supersedes else None
                if found is not None and (best is None or found.order < best.order):
                    best = found
        return best


def top(alert: int, under: Callable[[int], int], order: Callable[[int], tuple[object, ...]]) -> int:
    """The topmost alert above one, itself where none is. `under` gives the one directly above, or 0.

    Where rules were changed in between, alerts can stand above each other in a circle: then the first of
    them in order is the top of all.
    """
    way = [alert]
    while above := under(way[-1]):
        if above in way:
            return min(way[way.index(above) :], key=order)
        way.append(above)
    return way[-1]


def parts(alerts: Iterable[Extent]) -> dict[int, tuple[int, int]]:
    """Alert → (the one directly above it, the topmost one), for those that have one above.

    The topmost is 0 for the one that is the top of a circle.
    """
    known = {extent.id: extent for extent in alerts}
    above = Above(known.values())
    under = {extent.id: found.id for extent in known.values() if (found := above.of(extent)) is not None}
    tops = {alert: top(alert, lambda one: under.get(one, 0), lambda one: known[one].order) for alert in under}
    return {alert: (under[alert], head if head != alert else 0) for alert, head in tops.items()}
