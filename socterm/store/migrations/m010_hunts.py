"""Saved views, the last back-test of each rule, alerts that hunts ask for, indicators looked for."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_HUNTS = """
CREATE TABLE views (  -- queries that people saved
  name TEXT PRIMARY KEY COLLATE NOCASE,
  kind TEXT NOT NULL,  -- events, alerts or sql
  query TEXT NOT NULL,
  columns TEXT NOT NULL,  -- JSON list of ECS fields
  since TEXT NOT NULL,  -- as typed: 7d goes on meaning the last seven days
  until TEXT NOT NULL,
  field TEXT NOT NULL,  -- what to group by, "" for nothing
  actor TEXT NOT NULL,
  saved INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE backtests (  -- the last one of each rule that was kept
  rule TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  report TEXT NOT NULL  -- JSON
) WITHOUT ROWID;
CREATE TABLE raising (  -- alerts that a hunt found in stored events, until the ingest has made them
  id INTEGER PRIMARY KEY,
  asked INTEGER NOT NULL,
  actor TEXT NOT NULL,
  alert BLOB NOT NULL  -- JSON
);
CREATE TABLE feeds (  -- entries of lists of indicators that stored events were searched for
  path TEXT PRIMARY KEY,
  entries BLOB NOT NULL  -- zlib of their hashes, eight bytes each, ascending
) WITHOUT ROWID;
"""


def m010_hunts(db: sqlite3.Connection) -> None:
    """What hunting keeps."""
    for statement in statements(_HUNTS):
        db.execute(statement)
