"""value_count: how many different values the last span holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from socterm.alerts.model import Hit
from socterm.sigma.watermark import NEVER
from socterm.sigma.windows.base import NOTHING, State, Window


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
        self.late = None
        self.room = self.TRIM
        self.need = need
        self._seen: State = {}
        self._base: State = NOTHING
        self._oldest = NEVER  # no value in the window was seen last before this

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """As in `Window`, in fewer steps."""
        buf = self.buf
        if buf and hit.ts <= buf[-1].ts and self.order(hit) < self.order(buf[-1]):
            return self._late(hit)
        buf.append(hit)
        fired = self._step(hit)
        if len(buf) > self.room:
            return self._made_room(hit, fired=fired)
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
