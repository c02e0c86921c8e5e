"""Keys of what people pivot on."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import FULL_TEXT_SETTINGS, statements
from socterm.store.words import keys_sql
from socterm.taxonomy import COLUMNS

_WORDS = f"""
CREATE VIEW events_words AS  -- what goes into the full-text index: the line, and keys of what people pivot on
{keys_sql()};
CREATE VIRTUAL TABLE events_fts USING fts5(  -- the words of events_words, fed in steps behind the inserts
  {", ".join(["raw", *(column.name for column in COLUMNS if column.indexed)])},
  content='events_words', content_rowid='id', detail=none, columnsize=0, tokenize='unicode61'
);
"""


def m003_keys(db: sqlite3.Connection) -> None:
    """Addresses and users are found by the full-text index, which is filled anew behind the inserts."""
    for column in COLUMNS:
        if column.indexed:
            db.execute(f"DROP INDEX events_{column.name}")
    db.execute("DROP TABLE events_fts")
    for statement in statements(_WORDS):
        db.execute(statement)
    for name, value in FULL_TEXT_SETTINGS:
        db.execute("INSERT INTO events_fts (events_fts, rank) VALUES (?, ?)", (name, value))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('fts_done', 0)")
