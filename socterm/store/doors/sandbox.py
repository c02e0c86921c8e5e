"""Read-only SQL for hunts: one SELECT over documented views, within bounds of time, rows and size.

Four walls, each enough for most of what could be tried: the file is opened for reading, the authorizer
allows SELECT on the views and a list of functions and nothing else, SQLite's own limits bound texts and
depths, and a progress handler ends what takes too long.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from socterm.errors import QueryCancelledError, UsageError
from socterm.query import FUNCTIONS
from socterm.store.connection import connect
from socterm.store.connections import Connections
from socterm.store.doors.sqlviews import VIEWS, create_sql
from socterm.store.expressions import SQL_FUNCTIONS

SECONDS: Final = 10.0
ROWS: Final = 1_000
BYTES: Final = 16 << 20
"""Of a whole answer; rows beyond it are left off."""

STEPS: Final = 5_000
"""Steps of SQLite's machine between two looks at the clock: well under a millisecond."""

_CACHE_KIB: Final = 8_192
_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: 1 << 20,
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


class SqlAnswer(msgspec.Struct):
    """Rows of a SELECT. `more` says that some were left off, at the limit of rows or of bytes."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool = False


class SqlDesk:
    """Asks one store, from any thread; each question has a connection of its own."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ask(
        self,
        sql: str,
        *,
        rows: int = ROWS,
        seconds: float = SECONDS,
        stop: Callable[[], bool] = lambda: False,
    ) -> SqlAnswer:
        """The rows of one SELECT. Long ones end when `stop` says so, or after some seconds.

        Raises UsageError with one line for what cannot be read or is not allowed, QueryCancelledError where
        it took too long or was stopped.
        """
        db = _opened(self._connections)
        end = time.monotonic() + seconds
        guard = _Guard(_tables(db))
        try:
            db.set_authorizer(guard)
            db.set_progress_handler(lambda: time.monotonic() > end or stop(), STEPS)
            return _answer(db, sql, rows)
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            raise _told(error, guard, seconds, stopped=stop()) from None
        finally:
            db.close()


def _opened(connections: Connections) -> sqlite3.Connection:
    db = connect(connections.path, readonly=True)
    try:
        db.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        db.execute("PRAGMA temp_store=FILE")  # what a sort of everything needs goes to disk, not into memory
        for name in VIEWS:
            db.execute(create_sql(name))
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
    """SQLite's authorizer: asked about each thing a statement would do before any of it is done."""

    def __init__(self, tables: frozenset[str]) -> None:
        self.denied = ""
        self._tables = tables

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
        if view in VIEWS:
            return True
        if database == "temp":
            return table in VIEWS
        if not column:
            return table in _COUNTED or (database is None and table.lower() not in self._tables)
        return table == "json_each"


def _tables(db: sqlite3.Connection) -> frozenset[str]:
    """What is in the file, in lower case."""
    return frozenset(row[0].lower() for row in db.execute("SELECT name FROM main.sqlite_schema")) | {
        "sqlite_master",
        "sqlite_schema",
    }


def _answer(db: sqlite3.Connection, sql: str, most: int) -> SqlAnswer:
    found = db.execute(sql)
    if found.description is None:
        raise sqlite3.ProgrammingError("no rows")
    columns = tuple(column[0] for column in found.description)
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in found:
        if len(rows) >= most or size > BYTES:
            return SqlAnswer(columns, rows, more=True)
        plain = tuple(_plain(value) for value in row)
        size += sum(len(value) if isinstance(value, str) else 8 for value in plain)
        rows.append(plain)
    return SqlAnswer(columns, rows)


def _plain(value: Any) -> Any:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def _told(error: Exception, guard: _Guard, seconds: float, *, stopped: bool) -> Exception:
    """One line about what SQLite did not like."""
    code = getattr(error, "sqlite_errorcode", 0)
    views = ", ".join(VIEWS)
    if code == sqlite3.SQLITE_INTERRUPT:
        after = "was stopped" if stopped else f"took longer than {seconds:g} s and was stopped: ask for less"
        return QueryCancelledError(f"the query {after}")
    if code == sqlite3.SQLITE_AUTH or "prohibited" in str(error) or "not authorized" in str(error):
        what = f": not {guard.denied[:80]}" if guard.denied else ""
        return UsageError(" ".join(f"SQL: {_DENIED.format(views)}{what}".split()))
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.Warning):
        return UsageError(f"SQL: {_DENIED.format(views)}")
    if code == sqlite3.SQLITE_TOOBIG:
        return UsageError("SQL: a text in it becomes too large: ask for less")
    said = " ".join(str(error).split())[:200]
    return UsageError(f"SQL: {said}; there are the views {views}")
