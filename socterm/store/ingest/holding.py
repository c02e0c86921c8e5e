"""The lease kept fresh while its holder is busy with something else than the store."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from socterm.errors import SoctermError
from socterm.store import lease
from socterm.store.connection import connect, transaction

BEATS = 5
"""Heartbeats in the time after which a lease without any is lost."""


@contextmanager
def holding(path: Path, token: str, clock: Callable[[], int]) -> Iterator[None]:
    """Beat from a thread of its own: loading rules or learning from old logs can take longer than a lease
    lasts, and then a second ingest would end the first.

    `clock` is µs. A beat that fails (somebody else writes, the disk is full) is left to the next; a lease
    that was lost all the same is told by the holder's next commit.
    """
    over = threading.Event()

    def beat() -> None:
        while not over.wait(lease.STALE / BEATS / 1_000_000):
            with suppress(SoctermError, sqlite3.Error), closing(connect(path)) as db, transaction(db):
                lease.keep(db, token, clock())

    thread = threading.Thread(target=beat, name="socterm-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
