"""The process that asks SQL: bounds itself, asks one SELECT, writes the answer, and ends.

Its parent (`sandbox`) ends it when the time is over. What it may use of memory, of disk and of the
processor is the system's to hold: no SQL text can ask for more, whatever functions it finds.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import sqlite3
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from socterm.errors import SoctermError, UsageError
from socterm.query import FUNCTIONS
from socterm.store.connection import connect, our_errors
from socterm.store.doors.sandbox import BEGUN, BYTES, Asked, Refused, SqlAnswer, views
from socterm.store.doors.sqlviews import VIEWS, create_sql
from socterm.store.expressions import SQL_FUNCTIONS

_CACHE_KIB = 8_192
_FILES: Final = 64
_AFTERWARDS: Final = 5
"""Seconds of the processor beyond those of the question: for when the parent is dead and ends nothing."""

_LIMITS: Final = {
    # A stored line has up to 1 MiB, three times that where its bytes are no UTF-8, six times in JSON where
    # all of it is control characters. A lower limit would make every look at all lines fail at that one.
    sqlite3.SQLITE_LIMIT_LENGTH: 8 << 20,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 16_384,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 20,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_NAMES: Final = """
abs avg ceil ceiling char coalesce count cume_dist date datetime dense_rank exp first_value floor glob
group_concat hex ifnull iif instr json json_array json_array_length json_each json_extract json_group_array
json_group_object json_object json_quote json_type json_valid julianday lag last_value lead length like ln log
log10 log2 lower ltrim max min mod nth_value ntile nullif percent_rank pow power rank replace round row_number
rtrim sign sqrt strftime substr substring sum time total trim typeof unicode unixepoch upper -> ->>
"""
_FUNCTIONS: Final = frozenset(_NAMES.split()) | FUNCTIONS.keys() | SQL_FUNCTIONS.keys()
_COUNTED: Final = frozenset(
    {"events", "kinds", "alerts", "minute_counts", "rules", "sources", "audit", "templates"}
)
"""Tables behind the views: SQLite asks about them without a column where only their rows are counted."""

_DENIED: Final = "only one SELECT over the views {} is allowed here"


def main() -> None:
    """Read what is asked from standard input, write what came of it to standard output."""
    asked = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Asked)
    bound(asked)
    told: SqlAnswer | Refused
    try:
        told = answer(asked, begin=lambda: os.write(1, BEGUN))
    except MemoryError:
        told = Refused("UsageError", "SQL: it needs too much memory: ask for less")
    except SoctermError as error:
        told = Refused(type(error).__name__, str(error))
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
        sys.stdout.buffer.write(msgspec.msgpack.encode(told))
        sys.stdout.buffer.flush()


def bound(asked: Asked) -> None:
    """Have the system hold this process to its bounds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + asked.seconds) + _AFTERWARDS
    for what, most in (
        (resource.RLIMIT_DATA, asked.memory),
        (resource.RLIMIT_FSIZE, asked.disk),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hardest = resource.getrlimit(what)[1]
        least = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
        resource.setrlimit(what, (least, least))


def answer(asked: Asked, *, begin: Callable[[], object] = lambda: None) -> SqlAnswer:
    """The rows of one SELECT. Raises UsageError with one line for what cannot be read or is not allowed.

    `begin` is called when the file is open: from then on it is the question that takes its time.
    """
    inner = {f"v{secrets.token_hex(16)}": name for name in VIEWS}
    with our_errors():
        db = _opened(Path(os.fsdecode(asked.path)), inner)
    try:
        with our_errors():
            guard = _Guard(_tables(db), frozenset(inner))
        db.set_authorizer(guard)
        begin()
        return _rows(db, asked.sql, asked.rows)
    except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
        raise _told(error, guard) from None
    finally:
        db.close()


def _opened(path: Path, inner: Mapping[str, str]) -> sqlite3.Connection:
    db = connect(path, readonly=True)
    try:
        db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        db.execute("PRAGMA temp_store=FILE")  # what a sort of everything needs goes to disk, not into memory
        for secret, name in inner.items():
            for statement in create_sql(name, secret):
                db.execute(statement)
        db.execute("SELECT 1 FROM json_each('[]')")  # its first use declares it, which is forbidden later
        db.execute("PRAGMA query_only=ON")
        db.execute("PRAGMA trusted_schema=OFF")
        for limit, most in _LIMITS.items():
            db.setlimit(limit, most)
    except BaseException:
        db.close()
        raise
    return db


class _Guard:
    """SQLite's authorizer: asked about each thing a statement would do before any of it is done.

    `inner` are the views that may read tables, by names that no statement can know: what SQLite calls a view
    may be a part of the statement that gave itself a name.
    """

    def __init__(self, tables: frozenset[str], inner: frozenset[str]) -> None:
        self.denied = ""
        self._tables = tables
        self._inner = inner

    def __call__(
        self, action: int, one: str | None, two: str | None, database: str | None, view: str | None
    ) -> int:
        """Whether it may."""
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (two or "").lower() in _FUNCTIONS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and self._readable(one or "", two, database, view):
            return sqlite3.SQLITE_OK
        if not self.denied:
            self.denied = f"the function {two}" if action == sqlite3.SQLITE_FUNCTION else one or ""
        return sqlite3.SQLITE_DENY

    def _readable(self, table: str, column: str | None, database: str | None, view: str | None) -> bool:
        """A view, what a view reads, what json_each gives, or a part of the statement that has a name."""
        if view in self._inner:
            return True
        if database == "temp":
            return table in VIEWS or (table in self._inner and view in VIEWS)
        if not column:
            return table in _COUNTED or (database is None and table.lower() not in self._tables)
        return table == "json_each"


def _tables(db: sqlite3.Connection) -> frozenset[str]:
    """What is in the file, in lower case."""
    return frozenset(row[0].lower() for row in db.execute("SELECT name FROM main.sqlite_schema")) | {
        "sqlite_master",
        "sqlite_schema",
    }


def _rows(db: sqlite3.Connection, sql: str, most: int) -> SqlAnswer:
    found = db.execute(sql)
    if found.description is None:
        raise sqlite3.ProgrammingError("no rows")
    columns = tuple(column[0] for column in found.description)
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in found:
        plain = tuple(_plain(value) for value in row)
        size += sum(len(value.encode()) if isinstance(value, str) else 8 for value in plain)
        if len(rows) >= most or (size > BYTES and rows):
            return SqlAnswer(columns, rows, more=True)
        if size > BYTES:
            raise UsageError("SQL: a row of it becomes too large: ask for less")
        rows.append(plain)
    return SqlAnswer(columns, rows)


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _told(error: Exception, guard: _Guard) -> UsageError:
    """One line about what SQLite did not like."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_AUTH or "prohibited" in str(error) or "not authorized" in str(error):
        what = f": not {guard.denied[:80]}" if guard.denied else ""
        return UsageError(" ".join(f"SQL: {_DENIED.format(views())}{what}".split()))
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.Warning):
        return UsageError(f"SQL: {_DENIED.format(views())}")
    if code == sqlite3.SQLITE_TOOBIG:
        return UsageError("SQL: a text in it becomes too large: ask for less")
    if code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
        return UsageError("SQL: it needs too much room for temporary files: ask for less")
    said = " ".join(str(error).split())[:200]
    return UsageError(f"SQL: {said}; there are the views {views()}")
