"""Retention."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_RETENTION = """
CREATE TABLE let_go (  -- what retention has deleted, per source
  source INTEGER PRIMARY KEY,  -- sources.id
  lines INTEGER NOT NULL,  -- how many
  first INTEGER NOT NULL,  -- least and greatest position among them
  last INTEGER NOT NULL,
  oldest INTEGER NOT NULL,  -- their least and greatest ts
  newest INTEGER NOT NULL
);
"""


def m011_retention(db: sqlite3.Connection) -> None:
    """What retention has let go.

    alerts.released is when the evidence of a closed alert was let go, 0 while it is kept.
    """
    for statement in statements(_RETENTION):
        db.execute(statement)
    db.execute("ALTER TABLE alerts ADD COLUMN released INTEGER NOT NULL DEFAULT 0")
