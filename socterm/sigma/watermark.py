"""Event time as the detector believes it: how far each source has come, and what can still arrive.

Pure: it sees event times in the order of arrival and, for idle sources, elapsed wall time handed in.
"""

from __future__ import annotations

import msgspec

SECOND = 1_000_000
LATENESS = 5 * SECOND
"""How far (µs) lines of one source may be out of order and still be put in their place."""

JUMP = 3600 * SECOND
"""A step forward larger than this (µs) is believed only when a second line confirms it."""

FALL_BACK = 1000
"""After this many lines in a row that are more than `JUMP` behind, the clock was wrong: go back."""

NEVER = -(1 << 62)
"""Before any event."""


class SourceClock(msgspec.Struct, array_like=True):
    """The highest event time one source is believed to have reached.

    One line with a wrong stamp must not push every later line into the past: a jump of over an hour
    waits for a second line, and a thousand lines in the past turn the clock back.
    """

    high: int = NEVER
    doubt: int = NEVER
    behind: int = 0

    @property
    def calm(self) -> bool:
        """Whether nothing is in doubt: a time a little later than the highest is then simply the highest."""
        return self.high != NEVER and self.doubt == NEVER and self.behind == 0

    def see(self, ts: int) -> None:
        """Take note of an event time (µs)."""
        high = self.high
        if high == NEVER:
            self.high = ts
        elif ts > high + JUMP:
            if self.doubt != NEVER and abs(ts - self.doubt) <= JUMP:
                self.high = max(ts, self.doubt)
                self.doubt = NEVER
            else:
                self.doubt = ts
            self.behind = 0
            return
        elif ts < high - JUMP:
            self.behind += 1
            if self.behind >= FALL_BACK:
                self.high = ts
                self.behind = 0
            return
        elif ts > high:
            self.high = ts
        self.behind = 0
        self.doubt = NEVER


class Watermark:
    """The time below which no event is expected any more: the slowest active source, less the lateness.

    A source that has nothing to read stops holding the others back (`idle`); when all are idle the
    watermark follows the elapsed wall time given to `rest`.
    """

    def __init__(self, lateness: int = LATENESS) -> None:
        self.lateness = lateness
        self.clocks: dict[str, SourceClock] = {}
        self._idle: set[str] = set()
        self._rested = 0

    def clock(self, source: str) -> SourceClock:
        """The clock of a source, made on first use; the source counts as active from now on."""
        found = self.clocks.get(source)
        if found is None:
            found = self.clocks[source] = SourceClock()
        self._idle.discard(source)
        self._rested = 0
        return found

    def others(self, source: str) -> int:
        """The lowest time (µs) among the other active sources; very high where there is none."""
        return min(
            (c.high for name, c in self.clocks.items() if name != source and name not in self._idle),
            default=1 << 62,
        )

    def idle(self, source: str) -> None:
        """The source has had nothing to read for a while: it no longer holds the watermark."""
        if source in self.clocks:
            self._idle.add(source)

    def rest(self, elapsed: int) -> None:
        """All sources have been idle for `elapsed` µs of wall time."""
        self._rested = max(self._rested, elapsed)

    def confirm(self, now: int) -> None:
        """All there was to read has been read at `now` (wall clock, µs).

        A line of about that time needs no second one to confirm it, though the last was hours ago.
        """
        for clock in self.clocks.values():
            if now - JUMP <= clock.doubt <= now + self.lateness:
                clock.high, clock.doubt = clock.doubt, NEVER

    def value(self) -> int:
        """The watermark now (µs)."""
        active = [c.high for name, c in self.clocks.items() if name not in self._idle]
        if active:
            return min(active) - self.lateness
        known = [c.high for c in self.clocks.values() if c.high != NEVER]
        return max(known) - self.lateness + self._rested if known else NEVER
