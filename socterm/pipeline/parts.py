"""What of a scan's findings is part of others: each waits until nothing that may still come can change it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from socterm.alerts.levels import rank_of
from socterm.alerts.model import EpisodeChange
from socterm.alerts.superseding import Above, Extent, entity_of, top
from socterm.sigma.alertrules import standing_on_alerts
from socterm.sigma.learning.terms import kind_of
from socterm.sigma.model import Rule, RuleSet

if TYPE_CHECKING:
    from socterm.pipeline.findings import Finding

MINUTE: Final = 60_000_000
_EVER: Final = 1 << 62


class Parts:
    """Holds findings of rules that supersede others or are superseded; all others pass.

    `number` counts the parts among those that were given out.
    """

    def __init__(self, rules: RuleSet) -> None:
        self.number = 0
        self._over = _superseders(rules)
        self._above = Above()
        self._extents: dict[int, Extent] = {}
        self._ids: dict[int, str] = {}
        self._waiting: dict[int, Finding] = {}
        self._last = 0
        self._looked = -_EVER

    def add(self, finding: Finding) -> list[Finding]:
        """The finding again, or nothing where it has to wait."""
        info = finding.info
        if not info.supersedes and finding.rule not in self._over:
            return [finding]
        self._last += 1
        entity = entity_of((*finding.sole, *finding.entity))
        extent = Extent(
            self._last, finding.rule, entity, finding.first, finding.last,
            rank_of(info.level), info.supersedes, info.reach,
        )  # fmt: skip
        self._extents[extent.id] = extent
        self._ids[extent.id] = finding.id
        self._waiting[extent.id] = finding
        self._above.add(extent)
        return []

    def certain(self, watermark: int, under_way: Iterable[EpisodeChange]) -> list[Finding]:
        """Those whose place is certain now. Looked at once a minute of event time (µs).

        Where a wrong stamp had driven that ahead and it is turned back, the minute counts from there.
        """
        if not self._waiting or self._looked <= watermark < self._looked + MINUTE:
            return []
        self._looked = watermark
        earliest: dict[str, int] = {}
        for change in under_way:
            earliest[change.rule] = min(change.first[0], earliest.get(change.rule, _EVER))

        # What ended before these moments no alert can come to stand above any more.
        bounds = {
            key: min(
                min(earliest.get(rule, _EVER), watermark - behind) - reach
                for rule, (reach, behind) in over.items()
            )
            for key, over in self._over.items()
        }

        def sure(number: int, depth: int = 0) -> bool:
            extent = self._extents[number]
            if bounds.get(extent.rule, _EVER) <= extent.last:
                return False
            above = self._under(number)
            return not above or (depth < len(self._over) and sure(above, depth + 1))

        return list(self._give([number for number in self._waiting if sure(number)]))

    def rest(self) -> list[Finding]:
        """All that wait: nothing more comes."""
        return list(self._give(list(self._waiting)))

    def _give(self, numbers: list[int]) -> Iterator[Finding]:
        heads = {number: top(number, self._under, lambda one: self._extents[one].order) for number in numbers}
        for number, head in heads.items():
            finding = self._waiting.pop(number)
            if head != number:
                self.number += 1
                finding = msgspec.structs.replace(finding, part_of=self._ids[head])
            yield finding
        for number in numbers:
            if not self._extents[number].supersedes:
                del self._extents[number], self._ids[number]

    def _under(self, number: int) -> int:
        found = self._above.of(self._extents[number])
        return 0 if found is None else found.id


def _superseders(rules: RuleSet) -> dict[str, dict[str, tuple[int, int]]]:
    """Rule → those that supersede it, with how far their alerts reach and how old (µs) the first event of one
    that is not yet under way can be at a watermark."""
    over_alerts = standing_on_alerts(rules)
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for rule in rules.rules.values():
        if rule.info.supersedes:
            behind = _EVER if rule.key in over_alerts else _behind(rule, rules.rules)
            for key in rule.info.supersedes:
                found.setdefault(key, {})[rule.key] = (rule.info.reach, behind)
    return found


def _behind(rule: Rule, rules: Mapping[str, Rule]) -> int:
    if rule.correlation is None:
        return _EVER if rule.learning is not None and kind_of(rule.learning) == "silence" else MINUTE
    below = [_behind(rules[ref], rules) for ref in rule.correlation.refs if ref in rules]
    # A window may be decided a span after its end, and its episode known only then.
    return min(_EVER, 2 * rule.correlation.span + MINUTE + max(below, default=0))
