"""Who may use the service: people with passwords, programs with tokens."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_IDENTITY = """
CREATE TABLE users (  -- people who may log in to the service; times are of the clock
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,  -- the actor of their decisions
  role TEXT NOT NULL,  -- read, triage or admin
  password TEXT NOT NULL,  -- a slow hash with its parameters: argon2id or scrypt
  stamp TEXT NOT NULL,  -- random, anew with each password and role: logins of before then end
  created INTEGER NOT NULL,
  last_login INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE tokens (  -- of programs; the token itself stands nowhere
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  digest BLOB NOT NULL UNIQUE,  -- SHA-256 of it
  scopes TEXT NOT NULL,  -- JSON list
  author TEXT NOT NULL,  -- who made it
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,  -- 0 for never
  last_used INTEGER NOT NULL DEFAULT 0,  -- to the minute
  revoked INTEGER NOT NULL DEFAULT 0  -- when; 0 while it is good
);
"""


def m016_identity(db: sqlite3.Connection) -> None:
    """Users and tokens of the service."""
    for statement in statements(_IDENTITY):
        db.execute(statement)
