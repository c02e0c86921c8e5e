"""Rules in force."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_RULE_FILES = """
CREATE TABLE rule_files (  -- the rule files in force; one that is broken meanwhile stays here as it was
  path PRIMARY KEY,
  number INTEGER NOT NULL,  -- in order of loading
  digest TEXT NOT NULL,  -- SHA-256 of the text
  text BLOB NOT NULL  -- zlib
);
"""


def m004_rules_in_force(db: sqlite3.Connection) -> None:
    """The texts of the rules in force, and what rules over alerts still have to see of an episode."""
    for statement in statements(_RULE_FILES):
        db.execute(statement)
    db.execute("ALTER TABLE episodes ADD COLUMN fired BLOB")
    db.execute("ALTER TABLE episodes ADD COLUMN told INTEGER NOT NULL DEFAULT 0")
