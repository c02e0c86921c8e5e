"""temporal and temporal_ordered without `not`: rules met within the span, in any or in one order.

A hit's value is the rule it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence

from socterm.alerts.model import Hit, key_of
from socterm.event import Key
from socterm.sigma.windows.base import NOTHING, State, Window


class TemporalWindow(Window):
    """temporal: at least `need` of the rules within the span, in any order."""

    __slots__ = ("_base", "_last", "_rank", "need")

    def __init__(self, span: int, lateness: int, refs: Sequence[str], need: int) -> None:
        super().__init__(span, lateness)
        self.need = need
        self._rank = {ref: n for n, ref in enumerate(refs)}
        self._last: State = {}
        self._base: State = NOTHING

    def order(self, hit: Hit) -> tuple[Key, int]:
        """In the order of the rules."""
        return (key_of(hit), self._rank.get(hit.value, 0))

    def _step(self, hit: Hit) -> bool:
        last = self._last
        last[hit.value] = hit.ts
        return len(last) >= self.need and self._holds(hit.ts - self.span)

    def _holds(self, cutoff: int) -> bool:
        return sum(ts > cutoff for ts in self._last.values()) >= self.need

    def _save(self) -> None:
        self._base = dict(self._last)

    def _load(self) -> None:
        self._last = dict(self._base)


class AnyWindow(TemporalWindow):
    """temporal with `or`: all rules of one of several sets within the span."""

    __slots__ = ("_sets",)

    def __init__(self, span: int, lateness: int, refs: Sequence[str], sets: Sequence[Sequence[str]]) -> None:
        super().__init__(span, lateness, refs, min(map(len, sets)))
        self._sets = sets

    def _holds(self, cutoff: int) -> bool:
        last = self._last
        return any(all(ref in last and last[ref] > cutoff for ref in needed) for needed in self._sets)


class OrderedWindow(Window):
    """temporal_ordered: the rules of one of several sequences one after another within the span.

    For each length k of a sequence it keeps the latest start of a run of its first k rules; it fires at hits
    of the last rule. One event cannot be two steps of a run: its hits stand in reverse order of the rules.
    """

    __slots__ = ("_base", "_places", "_rank", "_starts")

    def __init__(
        self, span: int, lateness: int, refs: Sequence[str], sequences: Sequence[Sequence[str]]
    ) -> None:
        super().__init__(span, lateness)
        self._places: dict[str, list[tuple[int, int, bool]]] = {ref: [] for ref in refs}
        for n, steps in enumerate(sequences):
            for k, ref in enumerate(steps):
                self._places[ref].append((n, k, k == len(steps) - 1))
        self._rank = {ref: -n for n, ref in enumerate(refs)}
        self._starts: list[list[int | None]] = [[None] * len(steps) for steps in sequences]
        self._base = [list(starts) for starts in self._starts]

    def order(self, hit: Hit) -> tuple[Key, int]:
        """In the reverse order of the rules."""
        return (key_of(hit), self._rank.get(hit.value, 0))

    def _step(self, hit: Hit) -> bool:
        fired = False
        for n, k, last in self._places[hit.value]:
            starts = self._starts[n]
            start = starts[k - 1] if k else hit.ts
            if start is not None:
                starts[k] = start
                if last and start > hit.ts - self.span:
                    fired = True
        return fired

    def _save(self) -> None:
        self._base = [list(starts) for starts in self._starts]

    def _load(self) -> None:
        self._starts = [list(starts) for starts in self._base]
