"""Conversations with the analyst go by age, as the events do that they are about."""

from __future__ import annotations

import sqlite3

AT_ONCE = 50
"""Conversations that are deleted in one transaction."""


def forget(db: sqlite3.Connection, before: int) -> int:
    """Delete some of those in which nothing was asked since `before` (µs of the clock); how many.

    Inside the caller's transaction.
    """
    old = "SELECT id FROM conversations WHERE last < ? ORDER BY last, id LIMIT ?"
    db.execute(f"DELETE FROM turns WHERE conversation IN ({old})", (before, AT_ONCE))
    return db.execute(f"DELETE FROM conversations WHERE id IN ({old})", (before, AT_ONCE)).rowcount


def are_old(db: sqlite3.Connection, before: int) -> bool:
    """Whether there is one for `forget`."""
    found = db.execute("SELECT 1 FROM conversations WHERE last < ? LIMIT 1", (before,)).fetchone()
    return found is not None
