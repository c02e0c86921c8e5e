"""Beside the ingest: tells the service manager that it is ready, how it is, and that it still goes round."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from socterm.pipeline.sdnotify import Manager
from socterm.pipeline.status import IngestStatus

TICK: Final = 0.2
"""Seconds between two looks."""

STATUS_EVERY: Final = 5.0


class Supervision:
    """Looks at the ingest and tells a service manager.

    `turns` counts the rounds of the ingest loop: the watchdog hears of us only while that grows, so that an
    ingest that is stuck is ended by the manager however well this thread is. A full disk is no such case: the
    loop goes on trying, and a restart would not mend it.
    """

    def __init__(
        self, manager: Manager, turns: Callable[[], int], status: Callable[[], IngestStatus]
    ) -> None:
        self.note = ""
        self._manager = manager
        self._turns = turns
        self._status = status
        self._ready = False
        self._told = 0
        self._end = threading.Event()
        self._next_alive = self._next_status = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look; without a manager there is nothing to do."""
        if self._manager.there:
            self._thread = threading.Thread(target=self._run, name="socterm-supervision", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """The ingest has ended."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._manager.stopping()

    def _run(self) -> None:
        tick = min(TICK, self._manager.watchdog / 8) or TICK
        while not self._end.wait(tick):
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        """Tell what there is to tell at `now`, in seconds of a clock that is never set."""
        turns = self._turns()
        if not self._ready:
            self._begin(turns)
        if self._ready and self._manager.watchdog and now >= self._next_alive and turns != self._told:
            self._told = turns
            self._next_alive = now + self._manager.watchdog / 2
            self._manager.alive()
        if now >= self._next_status:
            self._next_status = now + STATUS_EVERY
            self._manager.status(in_words(self._status()))

    def _begin(self, turns: int) -> None:
        """A whole round has opened the sources and written to the store."""
        if turns and not self._status().error:
            self._ready = True
            self._manager.status(in_words(self._status()))
            self._manager.ready()


def in_words(status: IngestStatus) -> str:
    """How an ingest is, in one line."""
    if status.error:
        return status.error
    parts = [f"{len(status.sources)} sources", f"{status.lines:,} lines", f"{status.rate:,.0f} a second"]
    if status.drops:
        parts.append(f"{status.drops:,} dropped")
    noted = [source.name for source in status.sources if source.note]
    if noted:
        parts.append(f"to look at: {noted[0]}" + (f" and {len(noted) - 1} more" if len(noted) > 1 else ""))
    return ", ".join(parts)
