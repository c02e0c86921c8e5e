"""Formats."""

from __future__ import annotations

import sqlite3


def m002_formats(db: sqlite3.Connection) -> None:
    """Which format read a line, and what each source is made of."""
    if "dataset" not in {row[1] for row in db.execute("PRAGMA table_info(kinds)")}:
        db.execute("ALTER TABLE kinds ADD COLUMN dataset TEXT COLLATE NOCASE")
    db.execute("ALTER TABLE sources ADD COLUMN formats TEXT NOT NULL DEFAULT '{}'")
    db.execute("ALTER TABLE sources ADD COLUMN samples TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE sources ADD COLUMN error TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE sources ADD COLUMN rate REAL NOT NULL DEFAULT 0")
