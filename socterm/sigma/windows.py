"""Sliding windows over event time: does the window that ends at this hit satisfy the rule?

Every window is a pure function of the set of hits it was given, whatever their order of arrival within
the lateness bound: hits in order take the short way (`_step`), a late one is put in its place and the
last seconds are replayed. The window of a hit h holds the hits up to h in key order with
ts > h.ts − span.
"""

from __future__ import annotations

import operator
from bisect import insort
from collections import OrderedDict
from collections.abc import Callable, Sequence

from socterm.alerts.model import Hit, key_of
from socterm.event import Key
from socterm.sigma.watermark import NEVER

_NOTHING: dict[str, int] = {}
"""The state before any hit; a window that goes on from it takes a copy."""


class Window:
    """The common part: keep what a late hit may still change, and find what it newly fires.

    `span` and `lateness` are µs. Subclasses keep their running state in attributes that `_save` and
    `_load` copy; `base` is that state before the first hit of `buf`. When `buf` has outgrown `room`,
    what no late hit may change any more is folded away.
    """

    TRIM = 512
    __slots__ = ("buf", "lateness", "room", "span")

    def __init__(self, span: int, lateness: int) -> None:
        self.span = span
        self.lateness = lateness
        self.buf: list[Hit] = []
        self.room = self.TRIM

    def order(self, hit: Hit) -> tuple[Key, int]:
        """The hit's place in this window: one event may bring several, by the rule each comes from."""
        return (key_of(hit), 0)

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """Take a hit; answer the hits at which the window newly satisfies its rule, oldest first."""
        buf = self.buf
        if buf:
            last = buf[-1]
            if hit.ts < last.ts or (hit.ts == last.ts and self.order(hit) < self.order(last)):
                return self._late(hit)
        buf.append(hit)
        fired = self._step(hit)
        if len(buf) > self.room:
            self._make_room(hit.ts - self.lateness)
        return (hit,) if fired else ()

    def fires(self) -> list[Hit]:
        """All hits of the last seconds at which the rule is satisfied."""
        return self._replay()

    def _late(self, hit: Hit) -> list[Hit]:
        before = {id(h) for h in self._replay()}
        insort(self.buf, hit, key=self.order)
        return [h for h in self._replay() if id(h) not in before]

    def _replay(self) -> list[Hit]:
        self._load()
        return [hit for hit in self.buf if self._step(hit)]

    def _make_room(self, before: int) -> None:
        """Trim, and not again before as many came as were left: a flood is not gone through at each hit."""
        self._trim(before)
        self.room = max(self.TRIM, 2 * len(self.buf))

    def _trim(self, before: int) -> None:
        """Fold hits older than `before` into the base state."""
        self._load()
        buf = self.buf
        n = 0
        while n < len(buf) and buf[n].ts < before:
            self._step(buf[n])
            n += 1
        del buf[:n]
        self._save()
        for hit in buf:
            self._step(hit)

    def _step(self, hit: Hit) -> bool:
        """Go on by one hit in order; True where the rule is satisfied at it."""
        raise NotImplementedError

    def _save(self) -> None:
        """Make the present state the base."""
        raise NotImplementedError

    def _load(self) -> None:
        """Go back to the base."""
        raise NotImplementedError


class CountWindow(Window):
    """event_count with gt or gte: at least `need` occurrences, weighted by repeat.

    Keeps no more hits than the threshold asks for: older ones cannot matter to any later window.
    """

    TRIM = 256
    __slots__ = ("_lo", "_total", "need")

    def __init__(self, span: int, lateness: int, need: int) -> None:
        # Not by way of `super`: with every stranger's first failure a window is made.
        self.span = span
        self.lateness = lateness
        self.buf = []
        self.room = self.TRIM
        self.need = need
        self._lo = 0
        self._total = 0

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """As in `Window`, written out: this is the hottest window of all."""
        buf = self.buf
        ts = hit.ts
        if buf:
            last = buf[-1]
            if ts < last.ts or (ts == last.ts and key_of(hit) < key_of(last)):
                return self._late(hit)
        buf.append(hit)
        lo = self._lo
        total = self._total + hit.weight
        cutoff = ts - self.span
        while buf[lo].ts <= cutoff:
            total -= buf[lo].weight
            lo += 1
        self._lo = lo
        self._total = total
        if len(buf) > self.room:
            self._make_room(ts - self.lateness)
        return (hit,) if total >= self.need and hit.weight else ()

    def _replay(self) -> list[Hit]:
        self._load()
        fired = []
        buf = self.buf
        lo = total = 0
        for hit in buf:
            total += hit.weight
            cutoff = hit.ts - self.span
            while buf[lo].ts <= cutoff:
                total -= buf[lo].weight
                lo += 1
            if total >= self.need and hit.weight:
                fired.append(hit)
        self._lo = lo
        self._total = total
        return fired

    def _trim(self, before: int) -> None:
        buf = self.buf
        settled = 0
        while settled < len(buf) and buf[settled].ts < before:
            settled += 1
        kept = 0
        first = settled
        while first > 0 and kept < self.need and buf[first - 1].ts > before - self.span:
            first -= 1
            kept += buf[first].weight
        del buf[:first]
        self._replay()

    def _load(self) -> None:
        self._lo = 0
        self._total = 0


class ValueWindow(Window):
    """value_count with gt or gte: at least `need` different values.

    `_seen` is value → last time, the longest unseen first. Keeps no more values than the threshold asks
    for: it is reached where the latest of them all lie in the window.
    """

    FEW = 64
    __slots__ = ("_base", "_oldest", "_seen", "need")

    def __init__(self, span: int, lateness: int, need: int) -> None:
        self.span = span
        self.lateness = lateness
        self.buf = []
        self.room = self.TRIM
        self.need = need
        self._seen: dict[str, int] = {}
        self._base: dict[str, int] = _NOTHING
        self._oldest = NEVER  # no value in the window was seen last before this

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """As in `Window`, in fewer steps."""
        buf = self.buf
        if buf and hit.ts <= buf[-1].ts and self.order(hit) < self.order(buf[-1]):
            return self._late(hit)
        buf.append(hit)
        fired = self._step(hit)
        if len(buf) > self.room:
            self._make_room(hit.ts - self.lateness)
        return (hit,) if fired else ()

    def _step(self, hit: Hit) -> bool:
        seen = self._seen
        ts = hit.ts
        seen.pop(hit.value, None)
        seen[hit.value] = ts
        if len(seen) > self.need > 0:
            del seen[next(iter(seen))]
        cutoff = ts - self.span
        if self._oldest <= cutoff:
            while seen[oldest := next(iter(seen))] <= cutoff:
                del seen[oldest]
            self._oldest = seen[oldest]
        count = len(seen)
        if count > self.FEW and seen.__class__ is dict:
            # A plain dict is made sooner, but finding its first entry takes longer the more went before it.
            self._seen = OrderedDict(seen)
        return count >= self.need

    def _save(self) -> None:
        self._base = self._seen.copy()

    def _load(self) -> None:
        self._seen = self._base.copy()
        self._oldest = NEVER


class TemporalWindow(Window):
    """temporal: every referenced rule within the span, in any order. A hit's value is its rule."""

    __slots__ = ("_base", "_last", "_rank", "need")

    def __init__(self, span: int, lateness: int, refs: Sequence[str]) -> None:
        super().__init__(span, lateness)
        self.need = len(refs)
        self._rank = {ref: n for n, ref in enumerate(refs)}
        self._last: dict[str, int] = {}
        self._base: dict[str, int] = _NOTHING

    def order(self, hit: Hit) -> tuple[Key, int]:
        """In the order of the rules."""
        return (key_of(hit), self._rank.get(hit.value, 0))

    def _step(self, hit: Hit) -> bool:
        last = self._last
        last[hit.value] = hit.ts
        return len(last) == self.need and min(last.values()) > hit.ts - self.span

    def _save(self) -> None:
        self._base = dict(self._last)

    def _load(self) -> None:
        self._last = dict(self._base)


class OrderedWindow(Window):
    """temporal_ordered: the referenced rules one after another within the span.

    For each length k it keeps the latest start of a run of the first k rules; it fires at hits of the
    last rule. One event cannot be two steps of a run: its hits stand in reverse order of the rules.
    """

    __slots__ = ("_base", "_rank", "_refs", "_starts")

    def __init__(self, span: int, lateness: int, refs: Sequence[str]) -> None:
        super().__init__(span, lateness)
        self._refs = refs
        self._rank = {ref: -n for n, ref in enumerate(refs)}
        self._starts: list[int | None] = [None] * len(refs)
        self._base: list[int | None] = [None] * len(refs)

    def order(self, hit: Hit) -> tuple[Key, int]:
        """In the reverse order of the rules."""
        return (key_of(hit), self._rank.get(hit.value, 0))

    def _step(self, hit: Hit) -> bool:
        starts = self._starts
        fired = False
        for k in range(len(starts) - 1, -1, -1):
            if self._refs[k] != hit.value:
                continue
            start = hit.ts if k == 0 else starts[k - 1]
            if start is not None:
                starts[k] = start
                fired = fired or (k == len(starts) - 1 and start > hit.ts - self.span)
        return fired

    def _save(self) -> None:
        self._base = list(self._starts)

    def _load(self) -> None:
        self._starts = list(self._base)


class TumblingWindow(Window):
    """Conditions that later hits can undo (lt, lte, eq, neq): judged when the span is over.

    The first hit opens a window of one span; when the watermark has passed its end the hits in it are
    counted once (occurrences, or different values where `distinct`), and the next hit opens the next.
    """

    __slots__ = ("_distinct", "_holds", "_threshold")

    def __init__(self, span: int, lateness: int, op: str, threshold: int, *, distinct: bool) -> None:
        super().__init__(span, lateness)
        self._holds = _OPS[op]
        self._threshold = threshold
        self._distinct = distinct

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """Take a hit; nothing fires before its window is over."""
        insort(self.buf, hit, key=key_of)
        return ()

    def advance(self, watermark: int) -> list[Hit]:
        """Judge the windows that ended at or before the watermark; the last hit of each that holds."""
        fired = []
        buf = self.buf
        while buf and buf[0].ts + self.span <= watermark:
            end = buf[0].ts + self.span
            n = 0
            while n < len(buf) and buf[n].ts < end:
                n += 1
            inside = buf[:n]
            del buf[:n]
            size = len({h.value for h in inside}) if self._distinct else sum(h.weight for h in inside)
            if self._holds(size, self._threshold):
                fired.append(inside[-1])
        return fired


_OPS: dict[str, Callable[[int, int], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}
