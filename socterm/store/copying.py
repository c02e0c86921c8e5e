"""A store's pages into another file: one moment of it, however long it takes and whoever writes meanwhile."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from socterm.errors import StoreError, StoreFullError, UsageError
from socterm.store.connection import connect, create_file, our_errors
from socterm.store.schema import applied
from socterm.whole import folder_beside

PAGES = 1_000
"""Pages of one step: 8 MiB."""

Told = Callable[[int, int], None]
"""Called with the pages done and the pages in all."""


def silent(_done: int, _all: int) -> None:
    """Nobody wants to hear how far it is."""


@contextlib.contextmanager
def copied(path: Path, target: Path, told: Told = silent) -> Iterator[Path]:
    """A file on the target's disk that holds the whole store and nothing of who ingests into it.

    It lies in a folder of its own, which goes away with all that is left in it. Raises StoreFullError where
    there is no room, StoreError where it cannot be written, UsageError where there is no such folder.
    """
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: no such folder")
    try:
        with folder_beside(target) as place:
            part = place / target.name
            create_file(part)
            _fill(path, part, told)
            yield part
    except OSError as error:
        raise StoreError(f"{target.parent}: {error.strerror or error}") from error


def put(part: Path, target: Path) -> None:
    """Give a copy its name, for good."""
    part.replace(target)
    _sync(target.parent)


def born(path: Path) -> int:
    """When (µs) a store was made: its copies say the same. 0 for an empty file."""
    db = connect(path, readonly=True)
    try:
        with our_errors():
            if not applied(db):
                return 0
            found: int = db.execute("SELECT applied FROM migrations WHERE number = 1").fetchone()[0]
            return found
    finally:
        db.close()


def _fill(path: Path, part: Path, told: Told) -> None:
    """Copy a store into a new file. Raises StoreFullError or StoreError where that fails."""
    folder = part.parent.parent
    try:
        _copy_pages(path, part, told)
    except StoreFullError as error:
        need = path.stat().st_size >> 20
        raise StoreFullError(
            f"no room in {folder}: the copy needs {need} MiB; nothing was changed"
        ) from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"cannot copy to {folder}: {error}; nothing was changed") from error


def _copy_pages(path: Path, part: Path, told: Told) -> None:
    source = connect(path, readonly=True)
    copy = sqlite3.connect(part, isolation_level=None)
    try:
        with our_errors():
            source.execute("BEGIN")
            # This read takes the snapshot: without it, each commit of an ingest would begin the copy anew.
            source.execute("SELECT count(*) FROM migrations").fetchone()
            source.backup(copy, pages=PAGES, progress=lambda _code, left, whole: told(whole - left, whole))
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            copy.execute("DELETE FROM lease")
    finally:
        copy.close()
        source.close()
    _sync(part)


def _sync(path: Path) -> None:
    """Make sure that it is on the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
