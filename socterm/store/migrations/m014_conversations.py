"""Conversations with the analyst."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_CONVERSATIONS = """
CREATE TABLE conversations (  -- with the analyst; times are of the clock
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  actor TEXT NOT NULL,  -- who asked
  begun INTEGER NOT NULL,
  last INTEGER NOT NULL,  -- when something was asked last
  turns INTEGER NOT NULL,
  title TEXT NOT NULL  -- the first question
);
CREATE INDEX conversations_last ON conversations (last);
CREATE TABLE turns (  -- a question and its answer, without secrets
  conversation INTEGER NOT NULL,  -- conversations.id
  number INTEGER NOT NULL,  -- from 1
  at INTEGER NOT NULL,
  alert INTEGER NOT NULL,  -- the alert on screen, 0 for none
  question TEXT NOT NULL,
  answer TEXT NOT NULL,
  source TEXT NOT NULL,  -- who answered: rules, or the model's name
  label TEXT NOT NULL,  -- what was said of the answer: who, how fast, whether it was cut off
  whole INTEGER NOT NULL,  -- 0 where it was stopped or cut off
  calls TEXT NOT NULL,  -- JSON list: what was looked up
  events TEXT NOT NULL,  -- JSON list of the ids of events it cites
  remarks TEXT NOT NULL,  -- JSON list: citations that could not be verified and the like
  PRIMARY KEY (conversation, number)
) WITHOUT ROWID;
"""


def m014_conversations(db: sqlite3.Connection) -> None:
    """Conversations and their turns."""
    for statement in statements(_CONVERSATIONS):
        db.execute(statement)
