"""What was told long ago is found at once."""

from __future__ import annotations

import sqlite3

_INDEX = "CREATE INDEX outbox_words ON outbox (changed) WHERE payload IS NOT NULL"


def m018_told(db: sqlite3.Connection) -> None:
    """The messages whose words are kept, by age."""
    db.execute(_INDEX)
