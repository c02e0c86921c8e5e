"""How a store is, without changing anything of it: for `socterm doctor`, which may look at a broken one."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Final

import msgspec

from socterm.errors import StoreError
from socterm.store.connection import connect, our_errors
from socterm.store.keeping.space import room
from socterm.store.lease import held_by
from socterm.store.migrations import MIGRATIONS
from socterm.store.schema import applied

DAY: Final = 86_400_000_000
_OPCODES: Final = 200_000
"""Instructions of SQLite between two looks at the clock."""


class StoreHealth(msgspec.Struct, frozen=True):
    """What was found. Times are µs, sizes bytes.

    `schema` is the newest migration it has seen and `behind` how many it lacks. `damage` is the first thing
    the quick check found, "" for nothing; `checked` is False where the time was over before its end. `ingest`
    names the process that ingests, "" for none. `a_day` is how much it grew a day lately, in bytes.
    `newest` is when anything was written last, by the clock of whoever wrote. `fates` counts rule documents,
    `trouble` names some that are refused or fail their tests. `dropped` counts what sources lost.
    """

    schema: str
    behind: int
    size: int
    damage: str
    checked: bool
    ingest: str
    a_day: int
    newest: int
    fates: dict[str, int]
    trouble: tuple[str, ...]
    dropped: int


def health(path: Path, *, now: int, patience: float = 5.0) -> StoreHealth:
    """Look at a store; `patience` (seconds) bounds the quick check. `now` is the wall clock.

    Raises StoreError where it cannot be read, is newer than this socterm or none.
    """
    db = connect(path, readonly=True)
    try:
        with our_errors():
            seen = applied(db)
            if not seen:
                raise StoreError(f"the store {path} is empty: socterm or socterm run fills it")
            damage, checked = _quick_check(db, patience)
            newest = db.execute(
                "SELECT max(coalesce((SELECT max(updated) FROM sources), 0), "
                "coalesce((SELECT max(heartbeat) FROM lease), 0))"
            ).fetchone()[0]
            rows = db.execute("SELECT fate, count(*) FROM rules GROUP BY fate ORDER BY fate")
            return StoreHealth(
                schema=seen[-1], behind=len(MIGRATIONS) - len(seen), size=path.stat().st_size, damage=damage,
                checked=checked, ingest=held_by(db, now), a_day=_growth(db, now), newest=int(newest),
                fates=dict(rows.fetchall()), trouble=_trouble(db), dropped=_dropped(db),
            )  # fmt: skip
    finally:
        db.close()


def _quick_check(db: sqlite3.Connection, patience: float) -> tuple[str, bool]:
    until = time.monotonic() + patience
    db.set_progress_handler(lambda: int(time.monotonic() > until), _OPCODES)
    try:
        row = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return "", False
        raise
    except sqlite3.DatabaseError as error:
        return str(error), True
    finally:
        db.set_progress_handler(None, 0)
    return ("" if row[0] == "ok" else str(row[0])), True


def _growth(db: sqlite3.Connection, now: int) -> int:
    """Bytes a day: events of the last day there was, times what an event takes."""
    minute = db.execute("SELECT coalesce(max(minute), 0) FROM minute_counts").fetchone()[0]
    last = min(int(minute), now // 60_000_000)
    events = db.execute("SELECT coalesce(sum(events), 0) FROM minute_counts").fetchone()[0]
    lately = db.execute(
        "SELECT coalesce(sum(events), 0), coalesce(min(minute), 0) FROM minute_counts "
        "WHERE minute > ? AND minute <= ?",
        (last - 1440, last),
    ).fetchone()
    if not events or not lately[0]:
        return 0
    return int(room(db).used / events * lately[0])


def _trouble(db: sqlite3.Connection) -> tuple[str, ...]:
    rows = db.execute("SELECT title, reason FROM rules WHERE fate = 'refused' ORDER BY number LIMIT 3")
    return tuple(f"{title or 'a document'}: {reason}" for title, reason in rows)


def _dropped(db: sqlite3.Connection) -> int:
    row = db.execute(
        "SELECT coalesce(sum(value), 0) FROM sources, json_each(sources.drops) WHERE json_valid(drops)"
    ).fetchone()
    return int(row[0])
