"""Conditions that later hits can undo: judged once, on everything a whole span held.

The first hit opens a window of one span, [t, t + span). When the watermark has passed its end what is in it
is measured and compared, and the next hit opens the next window.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Final

from socterm.alerts.model import Hit
from socterm.sigma.model import Bound, Correlation
from socterm.sigma.windows import numbers
from socterm.sigma.windows.base import Counts, WaitingWindow

Number = int | Fraction
Measure = Callable[[Sequence[Hit]], Sequence[Number]]
"""What is compared with the bounds: usually one number; where there are several, one has to fit."""

Comparisons = Sequence[tuple[Callable[[Number, Number], bool], Fraction]]

_OPS: Final[dict[str, Callable[[Number, Number], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


class WholeWindow(WaitingWindow):
    """A window that is judged when its span is over; it fires at its last hit."""

    __slots__ = ("_bounds", "_judged", "_measure")

    def __init__(
        self, span: int, lateness: int, counts: Counts, measure: Measure, bounds: Comparisons
    ) -> None:
        super().__init__(span, lateness, counts)
        self._measure = measure
        self._judged: dict[int, list[Hit]] = {}
        self._bounds = bounds

    def due(self) -> int | None:
        """The end of the window under way."""
        return self.buf[0].ts + self.span if self.buf else None

    def advance(self, watermark: int) -> list[Hit]:
        """Judge the windows that ended at or before the watermark; the last hit of each that holds."""
        fired = []
        self._judged = {}
        buf = self.buf
        while buf and buf[0].ts + self.span <= watermark:
            end = buf[0].ts + self.span
            n = 0
            while n < len(buf) and buf[n].ts < end:
                n += 1
            inside = buf[:n]
            del buf[:n]
            if any(self._holds(found) for found in self._measure(inside)):
                fired.append(inside[-1])
                self._judged[inside[-1].event] = inside
        return fired

    def inside(self, fired: Hit) -> list[Hit]:
        """The hits of a window judged by the last `advance`."""
        return self._judged.get(fired.event, [])

    def _holds(self, found: Number) -> bool:
        return all(holds(found, limit) for holds, limit in self._bounds)


def comparisons(bounds: Sequence[Bound], unit: int = 1) -> Comparisons:
    """A condition's bounds made ready, in so many units."""
    return [(_OPS[op], Fraction(str(limit)) * unit) for op, limit in bounds]


def measure_of(spec: Correlation) -> Measure:
    """What a correlation's bounds are about."""
    if spec.type == "value_percentile":
        if spec.percentile is None:
            return _shares
        return partial(_percentile, Fraction(str(spec.percentile)))
    return _MEASURES[spec.type]


def _occurrences(hits: Sequence[Hit]) -> Sequence[Number]:
    return (sum(hit.weight for hit in hits),)


def _different(hits: Sequence[Hit]) -> Sequence[Number]:
    return (len({hit.value for hit in hits}),)


def _shares(hits: Sequence[Hit]) -> Sequence[Number]:
    """Of each value, how many per cent of the hits have it."""
    seen: Counter[str] = Counter()
    for hit in hits:
        seen[hit.value] += max(1, hit.weight)
    everything = seen.total()
    return [Fraction(100 * n, everything) for n in seen.values()]


def _weighted(hits: Sequence[Hit]) -> list[tuple[int, int]]:
    return [(number, hit.weight) for hit in hits for number in numbers.read(hit.value)]


def _sum(hits: Sequence[Hit]) -> Sequence[Number]:
    return (numbers.total(_weighted(hits)) / numbers.UNIT,)


def _average(hits: Sequence[Hit]) -> Sequence[Number]:
    return (numbers.average(_weighted(hits)) / numbers.UNIT,)


def _percentile(percent: Fraction, hits: Sequence[Hit]) -> Sequence[Number]:
    return (numbers.percentile(_weighted(hits), percent) / numbers.UNIT,)


_MEASURES: Final[dict[str, Measure]] = {
    "event_count": _occurrences,
    "value_count": _different,
    "temporal": _different,
    "value_sum": _sum,
    "value_avg": _average,
    "value_median": partial(_percentile, Fraction(50)),
}
