"""Words of messages go by age once they were told. That they were told stays: it must not be news again."""

from __future__ import annotations

import sqlite3
from typing import Final

AT_ONCE = 500
"""Messages whose words are deleted in one transaction."""

_OLD: Final = (
    "SELECT id FROM outbox WHERE payload IS NOT NULL AND changed < ? AND state IN ('sent', 'dead', 'moot') "
    "LIMIT ?"
)
"""A message that is still to be sent keeps its words, however old: a repetition says the same."""


def forget(db: sqlite3.Connection, before: int) -> int:
    """Delete the words of some messages that were done with before a moment (µs of the clock); of how many.

    Inside the caller's transaction.
    """
    return db.execute(f"UPDATE outbox SET payload = NULL WHERE id IN ({_OLD})", (before, AT_ONCE)).rowcount


def are_old(db: sqlite3.Connection, before: int) -> bool:
    """Whether there is one for `forget`."""
    return db.execute(_OLD, (before, 1)).fetchone() is not None
