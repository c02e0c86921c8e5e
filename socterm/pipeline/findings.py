"""What a scan reports: one alert, or with signals one rule hit, as a row with the lines behind it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from socterm.alerts.audit import alert_key
from socterm.alerts.model import Entity, EpisodeChange, Hit, RuleInfo, key_of
from socterm.event import Key
from socterm.pipeline.parts import Parts
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.watermark import NEVER
from socterm.sources.whole import Place

COMPACT: Final = 4096
"""Hits of one episode that are held as they are; more are packed to 16 bytes each."""

Locate = Callable[[str, int], Place]
"""(source, position) → where that line stands."""


class Finding(msgspec.Struct, frozen=True):
    """One alert, settled or as far as it was seen, or one hit of a rule.

    `count` is occurrences, `first` and `last` are µs, `events` the lines it rests on in order of time.
    `id` is the alert's on every machine, "" of a hit; `part_of` that of the alert it is part of. `sole` is
    what all its events agree on, as far as its rule asks: (field, value).
    """

    rule: str
    info: RuleInfo
    entity: Entity
    count: int
    first: int
    last: int
    events: tuple[Place, ...]
    id: str = ""
    part_of: str = ""
    sole: Entity = ()


class _Held:
    """One episode under way, and where the lines are that it rests on."""

    __slots__ = ("change", "hits", "packed", "sources", "values")

    def __init__(self, sources: _Names) -> None:
        self.change: EpisodeChange | None = None
        self.hits: list[Hit] = []
        self.packed = array("q")
        self.sources = sources
        self.values: set[str] = set()

    def add(self, hits: Sequence[Hit]) -> None:
        self.hits += hits
        if len(self.hits) > COMPACT:
            number = self.sources.number
            for hit in self.hits:
                self.packed.extend((hit.ts, number(hit.source) << 44 | hit.position))
            self.hits = []

    def note(self, hits: Sequence[Hit]) -> None:
        """Remember their values, two at most: more than one is all that is asked."""
        if len(self.values) < 2:
            self.values.update(hit.value for hit in hits)

    def absorb(self, other: _Held) -> None:
        self.values |= other.values
        self.packed += other.packed
        self.add(other.hits)

    def lines(self) -> list[Key]:
        """Order keys of the lines, each once, in order."""
        keys = {key_of(hit) for hit in self.hits}
        names, low = self.sources.names, (1 << 44) - 1
        for ts, code in zip(self.packed[::2], self.packed[1::2], strict=True):
            keys.add((ts, names[code >> 44], code & low))
        return sorted(keys)


class _Names:
    """Sources by number, for packed hits."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = len(self.names)
            self.names.append(name)
        return found


class Findings:
    """Turns changes of episodes into findings; `levels` counts those given out, `parts` those among them that
    are part of others.

    An alert is given out once: when it has settled and it is certain what it is part of, or by `rest` as far
    as it was seen.
    """

    def __init__(self, rules: RuleSet, locate: Locate) -> None:
        self.levels: Counter[str] = Counter()
        self._rules = rules
        self._agreeing = frozenset(key for key, rule in rules.rules.items() if rule.info.sole)
        self._locate = locate
        self._names = _Names()
        self._held: dict[int, _Held] = {}
        self._parts = Parts(rules)

    @property
    def parts(self) -> int:
        """How many of those given out are part of others."""
        return self._parts.number

    def know(self, episodes: Iterable[EpisodeChange]) -> None:
        """Episodes under way since an earlier reading: given out only where something comes to them."""
        for change in episodes:
            held = self._held[change.id] = _Held(self._names)
            self._add(held, change)

    def _add(self, held: _Held, change: EpisodeChange) -> None:
        held.add(change.hits)
        if change.rule in self._agreeing:
            held.note(change.hits)

    def take(self, changes: Iterable[EpisodeChange], watermark: int = NEVER) -> list[Finding]:
        """The alerts that are certain with these changes, in order of their first event."""
        settled = []
        for change in changes:
            held = self._held.get(change.id)
            if held is None:
                held = self._held[change.id] = _Held(self._names)
            self._add(held, change)
            held.change = change
            if change.merged_into:
                del self._held[change.id]
                self._held.setdefault(change.merged_into, _Held(self._names)).absorb(held)
            elif change.dropped:
                del self._held[change.id]
            elif change.settled:
                del self._held[change.id]
                settled.append(held)
        found = [self._parts.add(finding) for finding in self._found(settled)]
        open_ = (held.change for held in self._held.values() if held.change is not None)
        found += [self._parts.certain(watermark, open_)]
        return self._given([finding for some in found for finding in some])

    def rest(self) -> list[Finding]:
        """The alerts that have not settled, as far as they were seen."""
        held, self._held = self._held, {}
        found = [self._parts.add(finding) for finding in self._found(held.values())]
        return self._given([finding for some in (*found, self._parts.rest()) for finding in some])

    def hit(self, rule: Rule, entity: Entity, fired: Hit, evidence: Sequence[Hit]) -> Finding:
        """One firing of a rule as a finding of its own."""
        self.levels[rule.info.level] += 1
        hits = sorted({key_of(hit): hit for hit in (*evidence, fired)}.values(), key=key_of)
        places = tuple(self._locate(hit.source, hit.position) for hit in hits if hit.source)
        count = sum(hit.weight for hit in hits)
        return Finding(rule.key, rule.info, entity, count, hits[0].ts, fired.ts, places)

    def _found(self, episodes: Iterable[_Held]) -> list[Finding]:
        found = []
        for held in episodes:
            change = held.change
            rule = self._rules.rules.get(change.rule) if change is not None else None
            if change is None or rule is None or not change.alert:
                continue
            places = tuple(self._locate(source, position) for _, source, position in held.lines())
            first, last = change.first[0], change.last[0]
            ident = alert_key(change.rule, change.entity, change.first)
            agreed = "".join(held.values) if len(held.values) == 1 else ""
            found.append(
                Finding(
                    change.rule, rule.info, change.entity, change.count, first, last, places, ident,
                    sole=((rule.info.sole, agreed),) if agreed else (),
                )
            )  # fmt: skip
        return found

    def _given(self, found: list[Finding]) -> list[Finding]:
        self.levels.update(finding.info.level for finding in found)
        found.sort(key=lambda finding: (finding.first, finding.rule, finding.entity, finding.last))
        return found
