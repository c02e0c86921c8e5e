"""What a running pipeline tells of itself: for the console's header and `socterm run`'s last line."""

from __future__ import annotations

from collections import deque

import msgspec

LOADING = "loading rules"
"""The mode of a pipeline that reads its rules and has opened no source yet."""


class SourceStatus(msgspec.Struct, frozen=True):
    """One source now. `age` is how old its newest event is (µs), -1 before any."""

    name: str
    lines: int
    decoded: int
    backlog: int
    age: int
    drops: dict[str, int]
    note: str
    done: bool


class IngestStatus(msgspec.Struct, frozen=True):
    """The whole road now.

    `rate` is events per second over the last seconds; `lag` is how long (µs) lines have been
    waiting to be read, 0 where none are; `backlog` is bytes or records not read yet. `hints` are what is to
    be said about data and rule files, one line each. `reloads` counts the rule sets taken since the start,
    and `reloaded` says what the last one changed. `left_out` is what correlations could not use since the
    start, by rule: `skipped` events that lack a field, `not_numbers`, `evicted` entities and hits.
    """

    mode: str
    rate: float
    lag: int
    lines: int
    understood: int
    backlog: int
    late: int
    drops: int
    sources: tuple[SourceStatus, ...]
    error: str = ""
    hints: tuple[str, ...] = ()
    reloads: int = 0
    reloaded: str = ""
    left_out: dict[str, dict[str, int]] = {}

    @property
    def decoded(self) -> float:
        """The share of lines a parser understood, 0 to 1; 1 before any."""
        return self.understood / self.lines if self.lines else 1.0


def waiting(mode: str = "") -> IngestStatus:
    """That of a pipeline that has not begun."""
    return IngestStatus(mode or LOADING, 0.0, 0, 0, 0, 0, 0, 0, ())


class Rate:
    """Events per second over a sliding window of wall time."""

    def __init__(self, span: int = 5_000_000) -> None:
        self._span = span
        self._seen: deque[tuple[int, int]] = deque()

    def add(self, now: int, n: int) -> None:
        """`n` events were committed at `now` (µs)."""
        self._seen.append((now, n))

    def value(self, now: int) -> float:
        """The rate at `now` (µs)."""
        seen = self._seen
        while seen and seen[0][0] < now - self._span:
            seen.popleft()
        if not seen:
            return 0.0
        return sum(n for _, n in seen) * 1_000_000 / max(1_000_000, now - seen[0][0])


class Lag:
    """How long lines have been waiting to be read."""

    def __init__(self) -> None:
        self._since = 0

    def caught_up(self) -> None:
        """All was read, if only for a moment."""
        self._since = 0

    def value(self, now: int, backlog: int) -> int:
        """µs at `now` (µs) with `backlog` not read; 0 where nothing is."""
        if not backlog:
            self._since = 0
        elif not self._since:
            self._since = now
        return now - self._since if self._since else 0
