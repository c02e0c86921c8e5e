"""Bringing a file to the present schema, and telling a store from other files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from socterm.errors import StoreBusyError, StoreError
from socterm.store.lease import held_by
from socterm.store.migrations import MIGRATIONS


def applied(db: sqlite3.Connection) -> list[str]:
    """Names of the migrations this file has seen; [] for an empty one."""
    has = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone()
    return [row[0] for row in db.execute("SELECT name FROM migrations ORDER BY number")] if has else []


Before = Callable[[str, str], None]
"""Called with the schema a file has and the one it is to have, before anything of it is changed."""


def migrate(db: sqlite3.Connection, now: int, before: Before | None = None) -> None:
    """Bring the file to the present schema in one transaction; cheap where it is.

    `before` is called where it holds something already, while nobody else can write to it. `now` is the wall
    clock in µs. Raises StoreError for a file of a newer socterm, or of somebody else, StoreBusyError where a
    process of the former version ingests into it, and what `before` raises.
    """
    known = [step.__name__ for step in MIGRATIONS]
    if applied(db) == known:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        _apply(db, known, now, before)
    except BaseException:
        db.rollback()
        raise
    db.commit()


def _apply(db: sqlite3.Connection, known: list[str], now: int, before: Before | None) -> None:
    seen = check_ours(db)
    if 0 < len(seen) < len(known):
        _refuse_ingested(db, seen[-1], now)
    if before is not None and 0 < len(seen) < len(known):
        before(seen[-1], known[-1])
    if not seen:
        db.execute(
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
            "applied INTEGER NOT NULL)"
        )
    for number, step in enumerate(MIGRATIONS, 1):
        if number > len(seen):
            step(db)
            db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, known[number - 1], now))


def _refuse_ingested(db: sqlite3.Connection, schema: str, now: int) -> None:
    """Whoever ingests is of the version that the store has: it would go on writing as that one does."""
    if who := held_by(db, now):
        raise StoreBusyError(
            f"the store is of an earlier socterm (schema {schema}), and {who} ingests into it: "
            "stop it first, then the store is upgraded, or use that version"
        )


def check_ours(db: sqlite3.Connection) -> list[str]:
    """Names of the migrations the file has seen, without changing it.

    Raises StoreError where it has some that this version does not know, or tables of somebody else.
    """
    seen = applied(db)
    known = [step.__name__ for step in MIGRATIONS]
    if seen != known[: len(seen)]:
        raise StoreError(
            f"the store {_path(db)} was written by a newer socterm (schema {seen[-1]}): "
            "upgrade socterm or name another one with --db"
        )
    if not seen and db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        raise StoreError(f"the SQLite file {_path(db)} is not a socterm store: name another one with --db")
    return seen


def _path(db: sqlite3.Connection) -> str:
    return str(db.execute("PRAGMA database_list").fetchone()[2])
