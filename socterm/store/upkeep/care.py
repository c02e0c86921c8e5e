"""Retention and compaction asked for by a person, beside an ingest that runs or without one."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from socterm.errors import StoreBusyError, StoreError, StoreFullError
from socterm.store import lease
from socterm.store.connection import connect, our_errors
from socterm.store.keeping.release import due
from socterm.store.keeping.retention import LOW, Retention, Terms
from socterm.store.keeping.space import can_give_back, give_back, pragma, room
from socterm.store.keeping.tidy import Words
from socterm.store.minutes import MINUTE
from socterm.store.opening import make_readable

Told = Callable[[int, int], None]
"""Called now and then with how much is done and how much there is, 0 where that is not known."""

PAGES = 512
BREATH = 0.02
"""Seconds at least between two steps beside an ingest."""

OPCODES = 100_000
"""Instructions of SQLite between two looks at the clock: some milliseconds."""


class Plan(msgspec.Struct, frozen=True):
    """What retention would do: events too old, about how many for the size, closed alerts to be released."""

    too_old: int
    for_size: int
    alerts: int


class Outcome(msgspec.Struct, frozen=True):
    """What was done: events deleted, bytes of the file before and after, and those that are free in it.

    `note` says what a person should know.
    """

    gone: int
    before: int
    after: int
    free: int
    note: str = ""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    make_readable(path)
    db = connect(path)
    try:
        with our_errors():
            yield db
    finally:
        db.close()


def plan(path: Path, terms: Terms, *, now: int) -> Plan:
    """What `retain` would delete, from the roll-up: for the size it is an estimate."""
    with _opened(path) as db:
        old = 0
        if terms.older:
            old = db.execute(
                "SELECT coalesce(sum(events - alerted), 0) FROM minute_counts WHERE minute < ?",
                ((now - terms.older) // MINUTE,),
            ).fetchone()[0]
        taken = room(db)
        events = db.execute("SELECT coalesce(sum(events), 0) FROM minute_counts").fetchone()[0]
        over = taken.used - int(terms.max_size * LOW) if 0 < terms.max_size < taken.used else 0
        alerts = due(db, now - terms.closed) if terms.closed else 0
        return Plan(int(old), min(int(events), int(events * over / max(1, taken.used))), alerts)


def retain(path: Path, terms: Terms, *, now: int, told: Told = lambda _done, _all: None) -> Outcome:
    """Delete what the terms do not keep, in steps between which an ingest goes on; as often as one likes.

    `told` hears how many events are deleted.
    """
    with _opened(path) as db:
        before = room(db).bytes
        keeper = Retention(db, terms, forget=lambda: not lease.held_by(db, now), lasting=False)
        beside = bool(lease.held_by(db, now))
        while _timed(keeper, now, beside):
            told(keeper.gone, 0)
        _checkpoint(db)
        after = room(db)
        return Outcome(keeper.gone, before, after.bytes, after.bytes - after.used, keeper.note)


def _timed(keeper: Retention, now: int, beside: bool) -> bool:
    """One step; beside an ingest the lock then stays free for as long as it was held."""
    began = time.monotonic()
    worked = keeper.step(now)
    if beside:
        time.sleep(max(BREATH, time.monotonic() - began))
    return worked


def vacuum(path: Path, *, now: int, full: bool = False, told: Told = lambda _done, _all: None) -> Outcome:
    """Give free pages back to the disk; `told` hears pages.

    A store made by an older socterm, and any with `full`, is rewritten as a whole: that needs as much room
    again, and nobody may ingest meanwhile (StoreBusyError says who does).
    """
    with _opened(path) as db:
        before = room(db).bytes
        _merge_words(db, told)
        if full or not can_give_back(db):
            _rewrite(db, path, now, told)
        else:
            left = pragma(db, "freelist_count")
            while give_back(db, PAGES):
                told(left - pragma(db, "freelist_count"), left)
        _checkpoint(db)
        after = room(db)
        return Outcome(0, before, after.bytes, after.bytes - after.used)


def _merge_words(db: sqlite3.Connection, told: Told) -> None:
    row = db.execute("SELECT value FROM meta WHERE key = 'fts_dead'").fetchone()
    if row is None or not row[0]:
        return
    words = Words(db, lambda _db: None)
    while words.step():
        told(0, 0)


def _rewrite(db: sqlite3.Connection, path: Path, now: int, told: Told) -> None:
    who = lease.held_by(db, now)
    if who:
        raise StoreBusyError(f"{who} ingests into this store: stop it, then run socterm db vacuum again")

    def tick() -> int:
        told(0, 0)
        return 0

    db.execute("PRAGMA temp_store=FILE")  # the copy may be bigger than memory
    db.execute("PRAGMA auto_vacuum=INCREMENTAL")
    db.set_progress_handler(tick, OPCODES)
    try:
        with our_errors():
            db.execute("VACUUM")
    except StoreFullError as error:
        raise StoreFullError(
            f"no room to rewrite the store: it needs {path.stat().st_size >> 20} MiB in the folder of "
            "temporary files and as much beside the store; nothing was changed"
        ) from error
    finally:
        db.set_progress_handler(None, 0)


def _checkpoint(db: sqlite3.Connection) -> None:
    """Bring the file to its new size; where somebody reads just now the ingest does so later."""
    db.execute("PRAGMA busy_timeout=200")
    with contextlib.suppress(StoreError), our_errors():
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
