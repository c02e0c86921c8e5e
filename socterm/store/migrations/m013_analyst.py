"""What the analyst's roles said, and what they propose."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_ANALYST = """
CREATE TABLE analyses (  -- rounds of the five roles over an alert or an incident
  id INTEGER PRIMARY KEY,
  about TEXT NOT NULL,  -- alert:3 or incident:2
  at INTEGER NOT NULL,  -- wall time
  actor TEXT NOT NULL,  -- who asked for it; socterm in the background
  level TEXT NOT NULL,  -- of the alert or incident then
  alerts INTEGER NOT NULL,
  ids TEXT NOT NULL  -- JSON: alias to id, E… of events, A… of alerts
);
CREATE INDEX analyses_about ON analyses (about, id);
CREATE INDEX analyses_at ON analyses (actor, at);
CREATE TABLE stage_runs (  -- what one role handed over in a round
  analysis INTEGER NOT NULL,
  place INTEGER NOT NULL,
  stage TEXT NOT NULL,  -- ingestion, threat, context, explanation or manager
  source TEXT NOT NULL,  -- rules, or rules + the model that refined it
  output TEXT NOT NULL,  -- JSON
  notes TEXT NOT NULL,  -- JSON list: what the gates held back, or why there is only the draft
  took INTEGER NOT NULL,  -- of the model; 0 where none was asked
  PRIMARY KEY (analysis, place)
) WITHOUT ROWID;
CREATE TABLE proposals (  -- actions that only a person applies
  id INTEGER PRIMARY KEY,
  analysis INTEGER NOT NULL,
  about TEXT NOT NULL,
  verb TEXT NOT NULL,
  target TEXT NOT NULL,  -- alert:3 or incident:2
  details TEXT NOT NULL,  -- JSON: what goes with the verb
  why TEXT NOT NULL,
  source TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open',  -- open, applied, refused or superseded
  actor TEXT NOT NULL DEFAULT '',  -- who applied it
  decided INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX proposals_about ON proposals (about, state);
"""


def m013_analyst(db: sqlite3.Connection) -> None:
    """Rounds, stages and proposals; alerts and incidents are left as they are."""
    for statement in statements(_ANALYST):
        db.execute(statement)
