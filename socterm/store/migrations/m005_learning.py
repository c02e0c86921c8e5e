"""Learning."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_LEARNING = """
CREATE TABLE learning (  -- the rules that remember, each with its course since its first event
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL UNIQUE,
  shape TEXT NOT NULL,  -- what it is a memory of; a rule with another shape begins anew
  course TEXT NOT NULL  -- JSON: first event, counters
);
CREATE TABLE learned (  -- what they remember, an entry a row
  rule INTEGER NOT NULL,  -- learning.id
  key TEXT NOT NULL,  -- JSON list of values
  value TEXT NOT NULL,  -- JSON list; see socterm.sigma.learning
  PRIMARY KEY (rule, key)
) WITHOUT ROWID;
CREATE TABLE held (  -- events whose turn to be judged by such rules has not come yet
  event INTEGER PRIMARY KEY,  -- events.id
  rules TEXT NOT NULL  -- JSON list of rule keys
);
CREATE TABLE learned_from (  -- old logs that rules have learned from
  rule INTEGER NOT NULL,  -- learning.id
  log TEXT NOT NULL,  -- a hash of its beginning
  lines INTEGER NOT NULL,  -- how many of its lines were taken
  PRIMARY KEY (rule, log)
) WITHOUT ROWID;
"""


def m005_learning(db: sqlite3.Connection) -> None:
    """What rules learn, and the events that wait for them."""
    for statement in statements(_LEARNING):
        db.execute(statement)
