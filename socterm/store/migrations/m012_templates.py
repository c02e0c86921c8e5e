"""Templates: kinds of lines."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements
from socterm.store.words import words_sql

_TEMPLATES = f"""
CREATE TABLE templates (  -- what kinds of lines there are, whether a parser knew them or not
  id INTEGER PRIMARY KEY,  -- in the order in which lines first needed them
  how TEXT NOT NULL,  -- told by a parser, fields (by their names), mined from words, or full
  text TEXT NOT NULL,  -- the words with gaps; of a told one those of its first line
  program TEXT NOT NULL,  -- whose lines were compared, of a mined one
  dataset TEXT NOT NULL COLLATE NOCASE,
  action TEXT NOT NULL COLLATE NOCASE,
  outcome TEXT NOT NULL COLLATE NOCASE,
  code TEXT NOT NULL,
  first INTEGER NOT NULL,  -- time of the earliest and of the latest line
  last INTEGER NOT NULL,
  lines INTEGER NOT NULL,  -- since the store began, those that retention deleted too
  example INTEGER NOT NULL,  -- events.id of the first and of the last one stored
  newest INTEGER NOT NULL,
  vector BLOB,  -- what a model made of the text, little-endian 32-bit floats
  model TEXT NOT NULL DEFAULT ''
);
DROP VIEW events_words;
CREATE VIEW events_words AS  -- what goes into the full-text index: the line, keys of what people pivot on
{words_sql()};
"""


def m012_templates(db: sqlite3.Connection) -> None:
    """kinds.template is what template such lines are of, NULL in rows of earlier versions."""
    db.execute("ALTER TABLE kinds ADD COLUMN template INTEGER")
    for statement in statements(_TEMPLATES):
        db.execute(statement)
