"""Exceptions."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_EXCEPTIONS = """
CREATE TABLE exceptions (  -- what is kept from alerting, each a Sigma filter; never deleted
  id INTEGER PRIMARY KEY,
  document TEXT NOT NULL,  -- YAML
  title TEXT NOT NULL,
  rules TEXT NOT NULL,  -- JSON list of what it calls the rules it is for, [] for all
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  created INTEGER NOT NULL,  -- wall time, like expires
  expires INTEGER NOT NULL,  -- 0 for never
  alert INTEGER NOT NULL,  -- the alert it was made from, 0 for none
  withdrawn INTEGER NOT NULL DEFAULT 0,  -- its adding was undone
  problem TEXT NOT NULL DEFAULT '',  -- why the rules of now cannot use it, as the ingest said last
  hits INTEGER NOT NULL DEFAULT 0,  -- events it kept from a rule, and firings of correlations it kept silent
  last_hit INTEGER NOT NULL DEFAULT 0  -- event time of the newest of them
);
"""


def m008_exceptions(db: sqlite3.Connection) -> None:
    """Exceptions; and which episodes they hide: those of odd eras."""
    for statement in statements(_EXCEPTIONS):
        db.execute(statement)
    db.execute("ALTER TABLE episodes ADD COLUMN era INTEGER NOT NULL DEFAULT 0")
