"""event_count: how many occurrences the last span holds."""

from __future__ import annotations

from collections.abc import Sequence

from socterm.alerts.model import Hit, key_of
from socterm.sigma.windows.base import Window


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
        self.late = None
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
        fired = total >= self.need and hit.weight > 0
        if len(buf) > self.room:
            return self._made_room(hit, fired=fired)
        return (hit,) if fired else ()

    def _insert(self, late: list[Hit]) -> list[Hit]:
        """Go back to where the first of them belongs, and on from there."""
        buf = self.buf
        first = key_of(late[0])
        before = set()
        lo, total = self._lo, self._total
        at = len(buf)
        while at and key_of(buf[at - 1]) > first:
            at -= 1
            hit = buf[at]
            if total >= self.need:
                before.add(id(hit))
            total -= hit.weight
            cutoff = buf[at - 1].ts - self.span if at else 0
            while lo and buf[lo - 1].ts > cutoff:
                lo -= 1
                total += buf[lo].weight
        tail = sorted(buf[at:] + late, key=key_of)
        del buf[at:]
        self._lo, self._total = lo, total
        return [hit for hit in tail if self._append(hit) and id(hit) not in before]

    def _append(self, hit: Hit) -> bool:
        buf = self.buf
        buf.append(hit)
        lo = self._lo
        total = self._total + hit.weight
        cutoff = hit.ts - self.span
        while buf[lo].ts <= cutoff:
            total -= buf[lo].weight
            lo += 1
        self._lo, self._total = lo, total
        return total >= self.need and hit.weight > 0

    def _replay(self) -> list[Hit]:
        buf, self.buf = self.buf, []
        self._lo = self._total = 0
        return [hit for hit in buf if self._append(hit)]

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
