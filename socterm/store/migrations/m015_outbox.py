"""What the notifier tells, on which channel, and what became of it."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_OUTBOX = """
CREATE TABLE outbox (  -- messages about alerts and incidents, each for one channel; times are of the clock
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),  -- what receivers tell a repetition by
  channel TEXT NOT NULL,  -- its name in the configuration
  kind TEXT NOT NULL,  -- alert, incident or digest
  about INTEGER NOT NULL,  -- alerts.id or incidents.id, 0 for a digest
  rank INTEGER NOT NULL,  -- of the alert or incident when it was chosen
  grp TEXT NOT NULL,  -- hash of what counts as the same: rule and entity, or the incident
  state TEXT NOT NULL,  -- queued, sending, failed (and tried again), sent, dead; held (for a digest),
    -- summed (in one); moot (closed before it was told, and the like)
  digest INTEGER NOT NULL DEFAULT 0,  -- outbox.id of the digest that sums it up
  payload TEXT,  -- JSON of the message, from the first try on
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,  -- when the state was reached
  attempts INTEGER NOT NULL DEFAULT 0,
  next INTEGER NOT NULL DEFAULT 0,  -- not tried before
  note TEXT NOT NULL DEFAULT ''  -- what came of the last try
);
CREATE UNIQUE INDEX outbox_about ON outbox (channel, kind, about, rank) WHERE about != 0;
CREATE INDEX outbox_state ON outbox (channel, state, changed);
CREATE INDEX outbox_digest ON outbox (digest) WHERE digest != 0;
CREATE TABLE channels (  -- channels that are told of news, and from where on
  name TEXT PRIMARY KEY,
  alert INTEGER NOT NULL,  -- alerts.id of the last alert there was when it was switched on
  alert_change INTEGER NOT NULL,  -- alerts.change and incidents.change up to which news were looked at
  incident_change INTEGER NOT NULL,
  fails INTEGER NOT NULL DEFAULT 0,  -- how often in a row it did not answer
  gate INTEGER NOT NULL DEFAULT 0,  -- nothing is sent before
  digest INTEGER NOT NULL DEFAULT 0  -- when the last digest began
) WITHOUT ROWID;
"""


def m015_outbox(db: sqlite3.Connection) -> None:
    """The outbox and its channels."""
    for statement in statements(_OUTBOX):
        db.execute(statement)
