"""Windows over event time: when is a correlation satisfied?

What can only be confirmed by further events answers at once (`Window`); what later events can undo waits for
the watermark (`WaitingWindow`). `window_maker` chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations
from math import floor

from socterm.sigma.model import Bound, Correlation
from socterm.sigma.windows import numbers
from socterm.sigma.windows.absence import AbsenceWindow, OrderedAbsenceWindow
from socterm.sigma.windows.base import BEHIND, Counts, WaitingWindow, Window
from socterm.sigma.windows.counting import CountWindow
from socterm.sigma.windows.sums import SumWindow
from socterm.sigma.windows.temporal import AnyWindow, OrderedWindow, TemporalWindow
from socterm.sigma.windows.values import ValueWindow
from socterm.sigma.windows.whole import WholeWindow, comparisons, measure_of

__all__ = [
    "BEHIND",
    "AbsenceWindow",
    "AnyWindow",
    "CountWindow",
    "Counts",
    "OrderedAbsenceWindow",
    "OrderedWindow",
    "SumWindow",
    "TemporalWindow",
    "ValueWindow",
    "WaitingWindow",
    "WholeWindow",
    "Window",
    "closing",
    "need_of",
    "rising",
    "waits",
    "window_maker",
]

Maker = Callable[[], Window]


def rising(bounds: Sequence[Bound]) -> bool:
    """Whether a condition only asks for enough: more can never undo it."""
    return all(op in ("gt", "gte") for op, _ in bounds)


def need_of(bounds: Sequence[Bound]) -> int:
    """The least whole number that a condition which only asks for enough accepts."""
    return max(
        floor(limit) + 1 if op == "gt" or limit != floor(limit) else int(limit) for op, limit in bounds
    )


def window_maker(spec: Correlation, lateness: int, counts: Counts) -> Maker:
    """What makes a correlation's windows, one for each group; `counts` takes what they have to let go."""
    if spec.cases:
        return _cases(spec, lateness, counts)
    if not rising(spec.bounds) or spec.type in ("value_avg", "value_median", "value_percentile"):
        return partial(WholeWindow, spec.span, lateness, counts, measure_of(spec), comparisons(spec.bounds))
    if spec.type == "value_sum":
        return partial(SumWindow, spec.span, lateness, counts, comparisons(spec.bounds, numbers.UNIT))
    need = need_of(spec.bounds)
    if spec.type == "event_count":
        return partial(CountWindow, spec.span, lateness, need)
    if spec.type == "value_count":
        return partial(ValueWindow, spec.span, lateness, need)
    if spec.type == "temporal":
        return partial(TemporalWindow, spec.span, lateness, spec.refs, need)
    return partial(OrderedWindow, spec.span, lateness, spec.refs, _runs(spec))


def _runs(spec: Correlation) -> list[Sequence[str]]:
    """The sequences of rules that satisfy a temporal_ordered without absences."""
    if spec.cases:
        return [sorted(there, key=spec.refs.index) for there, _ in spec.cases]
    return list(combinations(spec.refs, need_of(spec.bounds)))


def closing(spec: Correlation) -> frozenset[str]:
    """The rules at whose events a correlation can come to be satisfied: in a sequence only the last."""
    if spec.type != "temporal_ordered" or any(absent for _, absent in spec.cases):
        return frozenset(spec.refs)
    return frozenset(run[-1] for run in _runs(spec) if run)


def _cases(spec: Correlation, lateness: int, counts: Counts) -> Maker:
    ordered = spec.type == "temporal_ordered"
    if any(absent for _, absent in spec.cases):
        kind = OrderedAbsenceWindow if ordered else AbsenceWindow
        return partial(kind, spec.span, lateness, counts, spec.refs, spec.cases)
    if ordered:
        return partial(OrderedWindow, spec.span, lateness, spec.refs, _runs(spec))
    return partial(AnyWindow, spec.span, lateness, spec.refs, [there for there, _ in spec.cases])


def waits(spec: Correlation) -> bool:
    """Whether it is decided only when the watermark has passed, so that no alert appears at once."""
    return issubclass(_kind(spec), WaitingWindow)


def _kind(spec: Correlation) -> type[Window]:
    return type(window_maker(spec, 0, Counts())())
