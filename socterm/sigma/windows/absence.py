"""Temporal conditions with `not`: what must be absent is known only when the watermark has passed it.

A case is a pair (rules that must be there, rules that must be absent); one of the cases has to hold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence

from socterm.alerts.model import Hit, key_of
from socterm.event import Key
from socterm.sigma.model import Case
from socterm.sigma.windows.base import MOST_WAITING, Counts, WaitingWindow


class AbsenceWindow(WaitingWindow):
    """temporal with `not`. At a hit at t, the rules asked for lie in (t − span, t] and none of those that
    must be absent in (t − span, t + span), that is, neither before nor after. Decided at t + span.
    """

    __slots__ = ("_cases", "_rank", "_times", "_wanted")

    def __init__(
        self, span: int, lateness: int, counts: Counts, refs: Sequence[str], cases: Sequence[Case]
    ) -> None:
        super().__init__(span, lateness, counts)
        self._cases = cases
        self._rank = {ref: n for n, ref in enumerate(refs)}
        self._wanted = {ref for there, _ in cases for ref in there}
        self._times: dict[str, list[int]] = {ref: [] for ref in refs}

    def order(self, hit: Hit) -> tuple[Key, int]:
        """In the order of the rules."""
        return (key_of(hit), self._rank.get(hit.value, 0))

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """Take a hit; note its time, and let it wait where it could complete a case."""
        times = self._times.setdefault(hit.value, [])
        if not times or hit.ts > times[-1]:
            times.append(hit.ts)
        elif hit.ts < times[-1]:
            insort(times, hit.ts)
        if hit.value in self._wanted:
            self._keep(hit)
        return ()

    def due(self) -> int | None:
        """The end of the first waiting hit's span."""
        return self.buf[0].ts + self.span if self.buf else None

    def advance(self, watermark: int) -> list[Hit]:
        """Decide the hits whose span is over."""
        n = 0
        buf = self.buf
        while n < len(buf) and buf[n].ts + self.span <= watermark:
            n += 1
        fired = [hit for hit in buf[:n] if self._holds(hit)]
        del buf[:n]
        self._forget(min(buf[0].ts, watermark) if buf else watermark)
        return fired

    def _holds(self, hit: Hit) -> bool:
        ts, span = hit.ts, self.span
        return any(
            hit.value in there
            and all(self._any(ref, ts - span, ts + 1) for ref in there)
            and not any(self._any(ref, ts - span, ts + span) for ref in absent)
            for there, absent in self._cases
        )

    def _any(self, ref: str, after: int, before: int) -> bool:
        times = self._times[ref]
        at = bisect_right(times, after)
        return at < len(times) and times[at] < before

    def _forget(self, frontier: int) -> None:
        cutoff = frontier - self.span
        for times in self._times.values():
            if len(times) > 64 and times[len(times) // 2] <= cutoff:
                del times[: bisect_left(times, cutoff)]
            if len(times) > 2 * MOST_WAITING:
                self.counts.evicted += MOST_WAITING
                del times[:MOST_WAITING]


class OrderedAbsenceWindow(WaitingWindow):
    """temporal_ordered with `not`: a sequence of rules that must come, and rules that must not come between.

    A rule that must be absent stands between two others (none between them), before all (none in the span
    before the first) or after all (none in the span after the last), as the order of the rules has it. For
    each length k of a sequence it keeps the latest start of a run of its first k rules that nothing has
    broken. One event is never before or after itself.
    """

    __slots__ = ("_plans", "_rank", "_unsure", "_wait")

    def __init__(
        self, span: int, lateness: int, counts: Counts, refs: Sequence[str], cases: Sequence[Case]
    ) -> None:
        super().__init__(span, lateness, counts)
        self._rank = {ref: -n for n, ref in enumerate(refs)}
        self._plans = [_Run(there, absent, refs, span) for there, absent in cases]
        self._wait = span if any(plan.trailing for plan in self._plans) else 1
        self._unsure: deque[Hit] = deque()

    def order(self, hit: Hit) -> tuple[Key, int]:
        """In the reverse order of the rules."""
        return (key_of(hit), self._rank.get(hit.value, 0))

    def due(self) -> int | None:
        """Just after the next hit, or the end of the span after one that completed a sequence."""
        times = [self.buf[0].ts + 1] if self.buf else []
        if self._unsure:
            times.append(self._unsure[0].ts + self._wait)
        return min(times, default=None)

    def advance(self, watermark: int) -> list[Hit]:
        """Follow the hits before the watermark; decide those whose time is over."""
        n = 0
        buf = self.buf
        while n < len(buf) and buf[n].ts < watermark:
            n += 1
        for hit in buf[:n]:
            if sum(run.step(hit) for run in self._plans):
                self._unsure.append(hit)
        del buf[:n]
        while len(self._unsure) > MOST_WAITING:
            gone = self._unsure.popleft()
            self.counts.evicted += 1
            for run in self._plans:
                run.decide(gone)
        fired = []
        unsure = self._unsure
        while unsure and unsure[0].ts + self._wait <= watermark:
            hit = unsure.popleft()
            if sum(run.decide(hit) for run in self._plans):
                fired.append(hit)
        return fired


class _Run:
    """One sequence: where its runs have got to, and which completed ones nothing has broken yet."""

    def __init__(self, there: Sequence[str], absent: Sequence[str], refs: Sequence[str], span: int) -> None:
        place = {ref: n for n, ref in enumerate(refs)}
        steps = sorted(there, key=place.__getitem__)
        self.span = span
        self.step_of = {ref: k for k, ref in enumerate(steps)}
        # How many steps stand before it: so many have been done when it must not come.
        self.slot = {ref: sum(place[step] < place[ref] for step in steps) for ref in absent}
        self.trailing = [ref for ref, slot in self.slot.items() if slot == len(steps)]
        self.starts: list[int | None] = [None] * len(steps)
        self.barred: int | None = None
        self.complete: deque[Hit] = deque()

    def step(self, hit: Hit) -> bool:
        """Go on by one hit in order; True where it completes a run."""
        slot = self.slot.get(hit.value)
        if slot is not None:
            self._break(slot, hit.ts)
        k = self.step_of.get(hit.value)
        if k is None:
            return False
        if k:
            start = self.starts[k - 1]
        else:
            start = hit.ts if self.barred is None or self.barred <= hit.ts - self.span else None
        if start is None:
            return False
        self.starts[k] = start
        if k < len(self.starts) - 1 or start <= hit.ts - self.span:
            return False
        self.complete.append(hit)
        return True

    def _break(self, slot: int, ts: int) -> None:
        if slot == 0:
            self.barred = ts
        elif slot < len(self.starts):
            self.starts[slot - 1] = None
        else:
            while self.complete and self.complete[-1].ts > ts - self.span:
                self.complete.pop()

    def decide(self, hit: Hit) -> bool:
        """Whether the hit completed a run of this sequence that is still whole."""
        if self.complete and self.complete[0] is hit:
            self.complete.popleft()
            return True
        return False
