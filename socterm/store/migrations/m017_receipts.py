"""What senders were told of lines that are stored."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_RECEIPTS = """
CREATE TABLE receipts (  -- answers over HTTP to requests with an Idempotency-Key; kept for a day
  owner TEXT NOT NULL,  -- who sent it: the name of the source
  key TEXT NOT NULL,  -- as the sender chose it
  digest BLOB NOT NULL,  -- of what was sent
  answer TEXT NOT NULL,  -- JSON
  at INTEGER NOT NULL,  -- when it was stored, by the clock
  PRIMARY KEY (owner, key)
) WITHOUT ROWID;
CREATE INDEX receipts_at ON receipts (at);
"""


def m017_receipts(db: sqlite3.Connection) -> None:
    """Answers, committed with the lines they are about."""
    for statement in statements(_RECEIPTS):
        db.execute(statement)
