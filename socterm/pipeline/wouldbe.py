"""The alerts that a rule would have raised on stored events, gathered from what its episodes become."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from socterm.alerts.audit import alert_key
from socterm.alerts.model import Entity, EpisodeChange
from socterm.sigma.model import Rule
from socterm.store.ingest.raising import Asked

DAY = 86_400_000_000
"""µs"""


class WouldBe(Asked, frozen=True):
    """One alert of a back-test, as it could be asked for.

    `alerted` of its events are evidence of stored alerts already; `covered` is the stored alert of the same
    rule and entity that it overlaps, 0 for none.
    """

    alerted: int = 0
    covered: int = 0

    @property
    def key(self) -> str:
        """What the alert would be known by on every machine."""
        return alert_key(self.rule, self.entity, self.first)


class _Episode:
    __slots__ = ("change", "days", "events", "weights")

    def __init__(self) -> None:
        self.change: EpisodeChange | None = None
        self.events = array("q")
        self.weights = array("q")
        self.days: Counter[int] = Counter()

    def add(self, change: EpisodeChange) -> None:
        self.change = change
        for hit in change.hits:
            self.events.append(hit.event)
            self.weights.append(hit.weight)
            self.days[hit.ts // DAY] += hit.weight

    def absorb(self, other: _Episode) -> None:
        self.events += other.events
        self.weights += other.weights
        self.days += other.days


class Gathering:
    """Takes the changes of a back-test's episodes; `alerts` are those that settled, the first `most` of them.

    Only episodes of the rules `keys` count. `number` counts all alerts, `hits` and `days` what they count.
    """

    def __init__(self, rules: Mapping[str, Rule], keys: Collection[str], most: int) -> None:
        self.alerts: list[WouldBe] = []
        self.number = 0
        self.hits = 0
        self.days: dict[int, tuple[int, int]] = {}
        self.entities: dict[Entity, tuple[int, int]] = {}
        self._rules = rules
        self._keys = keys
        self._most = most
        self._open: dict[int, _Episode] = {}

    def take(self, changes: Iterable[EpisodeChange]) -> None:
        """What became of episodes since the last call."""
        for change in changes:
            if change.rule not in self._keys:
                continue
            held = self._open.setdefault(change.id, _Episode())
            held.add(change)
            if change.merged_into:
                del self._open[change.id]
                self._open.setdefault(change.merged_into, _Episode()).absorb(held)
            elif change.dropped or change.settled:
                del self._open[change.id]
                self._settled(held)

    def rest(self) -> None:
        """The back-test was stopped: what is under way is taken as far as it was seen."""
        held, self._open = self._open, {}
        for one in held.values():
            self._settled(one)

    def _settled(self, held: _Episode) -> None:
        change = held.change
        if change is None or not change.alert:
            return
        self.number += 1
        self.hits += change.count
        for day, hits in held.days.items():
            self.days[day] = _more(self.days.get(day), hits, int(day == change.first[0] // DAY))
        self.days.setdefault(change.first[0] // DAY, (0, 1))
        self.entities[change.entity] = _more(self.entities.get(change.entity), change.count, 1)
        if len(self.alerts) >= self._most:
            return
        weights: dict[int, int] = {}
        for event, weight in zip(held.events, held.weights, strict=True):
            weights[event] = max(weight, weights.get(event, 0))
        ordered = sorted(weights)
        self.alerts.append(
            WouldBe(
                change.rule, self._rules[change.rule].info, change.entity, change.first, change.last,
                change.count, change.signals, tuple(ordered), tuple(weights[event] for event in ordered),
            )
        )  # fmt: skip


def _more(known: tuple[int, int] | None, hits: int, alerts: int) -> tuple[int, int]:
    before = known or (0, 0)
    return before[0] + hits, before[1] + alerts
