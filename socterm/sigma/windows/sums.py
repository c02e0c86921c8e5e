"""value_sum with gt or gte: the sum over the last span, at every event.

A number may be negative and so undo what an earlier event had made true; hence an event is judged when the
watermark has passed it: five seconds later, not at the end of the span.
"""

from __future__ import annotations

from bisect import insort
from typing import NamedTuple

from socterm.alerts.model import Hit, key_of
from socterm.event import Key
from socterm.sigma.windows import numbers
from socterm.sigma.windows.base import MOST_WAITING, Counts, WaitingWindow
from socterm.sigma.windows.whole import Comparisons


class Amount(NamedTuple):
    """What one decided hit adds to the sum while it is in the window."""

    key: Key
    amount: int


class SumWindow(WaitingWindow):
    """The sum of the window that ends at each hit, in units of `numbers`. `_inside`: decided hits in it."""

    __slots__ = ("_bounds", "_inside", "_lo", "_total")

    def __init__(self, span: int, lateness: int, counts: Counts, bounds: Comparisons) -> None:
        super().__init__(span, lateness, counts)
        self._bounds = bounds
        self._inside: list[Amount] = []
        self._lo = 0
        self._total = 0

    def due(self) -> int | None:
        """Just after the next hit."""
        return self.buf[0].ts + 1 if self.buf else None

    def advance(self, watermark: int) -> list[Hit]:
        """Decide the hits before the watermark."""
        n = 0
        buf = self.buf
        while n < len(buf) and buf[n].ts < watermark:
            n += 1
        ripe = buf[:n]
        del buf[:n]
        return [hit for hit in ripe if self._step(hit)]

    def _step(self, hit: Hit) -> bool:
        inside = self._inside
        own = Amount(key_of(hit), sum(numbers.read(hit.value)) * hit.weight)
        now = hit.ts
        if inside and own.key < inside[-1].key:
            # Beyond the lateness bound: it counts where windows are still to be decided.
            now = inside[-1].key[0]
            if hit.ts <= now - self.span:
                return all(holds(own.amount, limit) for holds, limit in self._bounds)
            insort(inside, own, lo=self._lo)
        else:
            inside.append(own)
        self._total += own.amount
        cutoff = now - self.span
        lo = self._lo
        while inside[lo].key[0] <= cutoff:
            self._total -= inside[lo].amount
            lo += 1
        if len(inside) - lo > MOST_WAITING:
            self._total -= inside[lo].amount
            lo += 1
            self.counts.evicted += 1
        if lo > 512 and 2 * lo > len(inside):
            del inside[:lo]
            lo = 0
        self._lo = lo
        return all(holds(self._total, limit) for holds, limit in self._bounds)
