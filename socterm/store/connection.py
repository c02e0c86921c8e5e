"""Opening the file: rights, settings, SQL functions, and SQLite's errors as ours."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from socterm.errors import QueryCancelledError, StoreBusyError, StoreDamagedError, StoreError, StoreFullError
from socterm.query import FUNCTIONS
from socterm.store.expressions import SQL_FUNCTIONS
from socterm.store.schema import check_ours

CACHE_KIB = 32_768
BUSY_SECONDS = 5.0
PAGE_BYTES = 8_192
CHECKPOINT_PAGES = 1_000
"""8 MiB of log: more is hardly faster, and beyond 4,062 pages the log's shared memory grows, for which a full
disk has no room."""
WAL_LIMIT = 64 << 20

_AS_IT_IS = "ro&immutable=1"
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP}
"""Shared memory that cannot grow is how a full disk shows before the file itself does."""

MENDING = "`socterm db restore` puts a copy in its place, or move it away and a new one is begun"
_DAMAGED = f"damaged: `socterm db check --db FILE` says where; {MENDING}"


Allowed = Callable[[sqlite3.Connection], None]
"""Raises StoreError where whoever writes may do so no more; asked inside each transaction, before it."""


class Deciding(sqlite3.Connection):
    """A connection for the decisions of somebody who may lose the right to them meanwhile."""

    allowed: Allowed = staticmethod(lambda _db: None)


def create_file(path: Path) -> None:
    """Make an empty store file (mode 0600) and its folder (mode 0700) where they do not exist.

    A folder or file that is there keeps its rights.
    """
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
        # Only ever a file that is new: closing a descriptor of one that a connection of this process has
        # open drops SQLite's locks (POSIX), and another process then removes the WAL under it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"cannot open the store {path}: {error.strerror}") from error


def connect(path: Path, *, readonly: bool = False, busy: float = BUSY_SECONDS) -> Deciding:
    """A connection in autocommit mode: transactions are begun by name.

    Raises StoreError where the file is missing (readonly), no regular file, unreadable or no store of ours.
    """
    _refuse_what_is_no_file(path)
    try:
        return _connected(path, _mode(path) if readonly else "rw", busy)
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_CORRUPT:
            raise StoreDamagedError(f"the store {path} is {_DAMAGED}") from error
        if code not in _FULL:
            raise StoreError(f"cannot open the store {path}: {_reason(path, error)}") from error
        if readonly and not _has_log(path):
            return _connected(path, _AS_IT_IS, busy)  # who writes would have the memory there is no room for
        raise StoreFullError(f"cannot open the store {path}: the disk is full: free some space") from error


def _refuse_what_is_no_file(path: Path) -> None:
    """SQLite would wait for whoever writes to a pipe, and call a folder an error of the disk."""
    with contextlib.suppress(OSError):  # missing or not to be reached: opening it says so
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise StoreError(f"cannot open the store {path}: it is {what}: name one file with --db")


def _connected(path: Path, mode: str, busy: float) -> Deciding:
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    db = sqlite3.connect(
        uri, uri=True, timeout=busy, isolation_level=None, check_same_thread=False, factory=Deciding
    )
    try:
        _prepare(db, readonly=mode != "rw")
    except BaseException:
        db.close()
        raise
    return db


def _mode(path: Path) -> str:
    """How to open for reading: where nothing can be written (evidence on a mount) SQLite must not try.

    Only without a write-ahead log that still holds commits: those would not be seen.
    """
    writable = os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)
    return "ro" if writable or _has_log(path) or not path.exists() else _AS_IT_IS


def _has_log(path: Path) -> bool:
    """Whether there is a write-ahead log that may hold commits."""
    real = path.resolve()
    wal = real.with_name(real.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _prepare(db: sqlite3.Connection, *, readonly: bool) -> None:
    db.text_factory = _text
    check_ours(db)  # before anything is written to the file
    if not readonly:
        if not db.execute("PRAGMA page_count").fetchone()[0]:  # a new file
            db.execute(f"PRAGMA page_size={PAGE_BYTES}")
            db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # asking again would write
        db.execute("PRAGMA journal_mode=WAL")
        db.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}")
        db.execute("PRAGMA recursive_triggers=ON")  # REPLACE must not slip past the delete trigger
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    db.execute("PRAGMA temp_store=MEMORY")
    for name, (arguments, function) in {**FUNCTIONS, **SQL_FUNCTIONS}.items():
        db.create_function(name, arguments, function, deterministic=True)


def _text(value: bytes) -> str:
    """JSON functions can answer lone surrogates as bytes that are no UTF-8."""
    return value.decode("utf-8", "replace")


def _reason(path: Path, error: sqlite3.Error) -> str:
    if not path.exists():
        return "no such file; `socterm run` creates it"
    if not os.access(path, os.R_OK):
        return "permission denied"
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return "it is not a socterm store: name another one with --db"
    if not os.access(path.resolve().parent, os.W_OK):
        return "its folder is read-only: copy the file, with its -wal beside it, to one that is not"
    return str(error)


@contextlib.contextmanager
def our_errors() -> Iterator[None]:
    """Turn what SQLite raises for the state of the machine into errors that say what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in _FULL:
            raise StoreFullError(
                "the disk is full: free some space, ingest then goes on by itself"
            ) from error
        if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusyError("the store is locked by another process: try again") from error
        if code == sqlite3.SQLITE_INTERRUPT:
            raise QueryCancelledError("the query was cancelled") from error
        if code == sqlite3.SQLITE_READONLY or code & 0xFF == sqlite3.SQLITE_READONLY:
            raise StoreError("the store is open for reading only") from error
        if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamagedError(f"the store is {_DAMAGED}") from error
        raise


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or, on any exception, nothing.

    Raises StoreError where whom the connection is for may write no more.
    """
    with our_errors():
        db.execute("BEGIN IMMEDIATE")
        try:
            if isinstance(db, Deciding):
                db.allowed(db)
            yield
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
