"""Copies of a store: made while another process ingests, and put back in its place.

A copy is made page by page inside one read transaction, so that it is the store of one moment however long it
takes. It is looked through by `check` before it gets its name; where anything goes wrong nothing does.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

from socterm.errors import StoreBusyError, StoreError, UsageError
from socterm.store import lease
from socterm.store.copying import Told, born, copied, put, silent
from socterm.store.opening import make_readable, refuse_empty
from socterm.store.upkeep.check import check


def backup(path: Path, target: Path, *, now: int, thorough: bool = True, told: Told = silent) -> int:
    """Copy a store to a file, in place of an older copy of it there; its size in bytes.

    `thorough` has the copy looked through as `db check` does. `told` hears pages done and pages in all.
    Raises UsageError for a target that must not be replaced, StoreBusyError where somebody has it open,
    StoreError where the copy is not sound, StoreFullError where there is no room.
    """
    make_readable(path)
    real = target.resolve()
    _refuse_target(path, real, target)
    _refuse_used(real, now).close()
    with copied(path, real, told) as part:
        if thorough:
            _refuse_unsound(part, "the copy is not sound, as the store may not be", told)
        size = part.stat().st_size
        # Nobody has it open, so no log lies beside it that the new one would be taken to have.
        with contextlib.closing(_refuse_used(real, now)):
            put(part, real)
    return size


def _refuse_target(path: Path, real: Path, target: Path) -> None:
    """UsageError for anything but an older copy of this store, an empty file, or none."""
    if not real.exists():
        if any(beside.name.endswith("-wal") and beside.stat().st_size for beside in _left_over(real)):
            raise UsageError(f"{target}-wal is left of a store that is gone: name another file, or remove it")
        return
    if real.is_dir():
        raise UsageError(f"{target} is a folder: name a file in it")
    if real.samefile(path):
        raise UsageError(f"{target} is the store itself: name another file")
    try:
        made = born(real)
    except StoreError:
        raise UsageError(f"{target} is there and is no store: name another file") from None
    if made and made != born(path):
        raise UsageError(f"{target} is another store, or a copy of another one: name another file")


def restore(copy: Path, path: Path, *, thorough: bool = True, now: int, told: Told = silent) -> Path | None:
    """Put a copy in the place of a store; where the former one lies now, None where there was none.

    Raises StoreBusyError where somebody has the store open, StoreError for a copy that is not sound.
    """
    refuse_empty(copy)
    real = path.resolve()
    if real.exists() and real.samefile(copy):
        raise UsageError(f"{copy} is the store itself: name another file")
    _refuse_used(real, now).close()
    real.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    with copied(copy, real, told) as part:
        make_readable(part, keep=False)  # a copy of an earlier version stays as it is
        if thorough:
            _refuse_unsound(part, f"{copy} is not sound", told)
        with contextlib.closing(_refuse_used(real, now)):
            aside = _set_aside(real)
            put(part, real)
    return aside


def _refuse_unsound(path: Path, what: str, told: Told) -> None:
    problems = check(path, lambda: told(0, 0))
    if problems:
        raise StoreError(f"{what}: {problems[0]}")


def _refuse_used(path: Path, now: int) -> sqlite3.Connection:
    """A connection that keeps all others out; StoreBusyError where there are any.

    Leaving write-ahead logging needs the file for oneself, and brings all that is in the log into it.
    """
    if not path.exists():
        return sqlite3.connect(":memory:")
    db = sqlite3.connect(path, isolation_level=None, timeout=0.5)
    try:
        _refuse_ingested(db, path, now)
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        db.close()
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusyError(f"{path} is open in another process: close it first") from error
        return sqlite3.connect(":memory:")  # so damaged that nobody can use it
    except sqlite3.DatabaseError:
        db.close()
        return sqlite3.connect(":memory:")
    except BaseException:
        db.close()
        raise
    return db


def _refuse_ingested(db: sqlite3.Connection, path: Path, now: int) -> None:
    who = lease.held_by(db, now)
    if who:
        raise StoreBusyError(f"{who} ingests into {path}: stop it first")


def _left_over(path: Path) -> list[Path]:
    """What SQLite keeps beside a store and a process that was killed leaves there."""
    return [beside for end in ("-wal", "-shm") if (beside := path.with_name(path.name + end)).exists()]


def _set_aside(path: Path) -> Path | None:
    """Rename a store, and what lies beside a damaged one or one that is gone: nothing of it is lost, and no
    log of it is taken for the new one's."""
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.before-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.before-{stamp}-{number}")
    for beside in _left_over(path):
        beside.rename(aside.with_name(aside.name + beside.name.removeprefix(path.name)))
    return path.rename(aside) if path.exists() else None
