"""What a store needs between two batches of an ingest: its full-text index fed, and what is old deleted."""

from __future__ import annotations

from collections.abc import Callable

from socterm.errors import StoreBusyError, StoreFullError
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import Retention

FTS_LAG = 20_000
"""Rows the full-text index may be behind while lines keep coming."""

FTS_STEP = 20_000


class Upkeep:
    """In the ingest thread. A full or busy store is told through `fail`, and the work done another time."""

    def __init__(
        self,
        writer: Writer,
        retention: Retention | None,
        *,
        clock: Callable[[], int],
        fail: Callable[[str], None],
    ) -> None:
        self._writer = writer
        self._retention = retention
        self._clock = clock
        self._fail = fail
        self._fts_lag = writer.unfed()

    def after_batch(self, events: int) -> None:
        """So many events were stored: do what must not fall behind while lines keep coming."""
        self._fts_lag += events
        if self._fts_lag >= FTS_LAG:
            self._feed_fts()
        self._let_go(Retention.after_batch)

    def step(self) -> bool:
        """Some of what there is to do; False where that is nothing."""
        return bool(self._fts_lag and self._feed_fts()) or self._let_go()

    def finish(self) -> None:
        """All of it."""
        while self._writer.feed_fts(FTS_STEP):
            pass
        while self._let_go():
            pass

    def _feed_fts(self) -> int:
        try:
            fed = self._writer.feed_fts(FTS_STEP)
        except (StoreFullError, StoreBusyError) as full:
            self._fail(str(full))
            return 0
        self._fts_lag = max(0, self._fts_lag - FTS_STEP) if fed else 0
        return fed

    def _let_go(self, how: Callable[[Retention, int], object] = Retention.step) -> bool:
        """One step of retention, if there is something to do."""
        try:
            return self._retention is not None and bool(how(self._retention, self._clock()))
        except (StoreFullError, StoreBusyError) as full:
            self._fail(str(full))
            return False
