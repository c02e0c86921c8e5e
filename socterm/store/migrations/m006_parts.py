"""Parts of alerts."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_PARTS = """
CREATE TABLE superseding (  -- rules of which one has raised an alert that supersedes those of the other
  superseded TEXT NOT NULL,
  rule TEXT NOT NULL,
  reach INTEGER NOT NULL,  -- the longest of its alerts' so far
  PRIMARY KEY (superseded, rule)
) WITHOUT ROWID;
CREATE INDEX superseding_rule ON superseding (rule);
CREATE TABLE alert_shapes (  -- which fields the entities of such rules' alerts have
  rule TEXT NOT NULL,
  shape TEXT NOT NULL,  -- JSON list of names
  PRIMARY KEY (rule, shape)
) WITHOUT ROWID;
CREATE TABLE alert_places (  -- where such rules' alerts are found by what they share with another
  place BLOB NOT NULL,  -- hash of rule, shape and some of the entity: see socterm.alerts.superseding
  block INTEGER NOT NULL,  -- alerts.last >> 32
  alert INTEGER NOT NULL,
  PRIMARY KEY (place, block, alert)
) WITHOUT ROWID;
CREATE INDEX alerts_under ON alerts (under) WHERE under != 0;
CREATE INDEX alerts_part_of ON alerts (part_of) WHERE part_of != 0;
"""


def m006_parts(db: sqlite3.Connection) -> None:
    """Which alerts are part of others: alerts.under is the one directly above, part_of the topmost.

    An alert keeps which rules its own supersedes, and how far (µs) that reaches. `parts` counts what is part
    of it. Alerts from before stay as they are: they can be part of later ones.
    """
    for column in ("part_of", "under", "parts", "reach"):
        db.execute(f"ALTER TABLE alerts ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE alerts ADD COLUMN supersedes TEXT NOT NULL DEFAULT ''")
    for statement in statements(_PARTS):
        db.execute(statement)
    db.execute("DROP INDEX alerts_open")
    db.execute("CREATE INDEX alerts_open ON alerts (rank DESC, last DESC, id DESC, part_of) WHERE open = 1")
