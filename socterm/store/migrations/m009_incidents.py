"""Incidents: what alerts are about, how that joins them, and what people made of it."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import statements

_INCIDENTS = """
CREATE TABLE alert_things (  -- users, addresses and hosts an alert is about
  alert INTEGER NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  own INTEGER NOT NULL,  -- 1 it stands in the alert's entity, 0 in its evidence
  PRIMARY KEY (alert, field, value, own)
) WITHOUT ROWID;
CREATE INDEX alert_things_value ON alert_things (value COLLATE NOCASE, field);
CREATE TABLE alert_bonds (  -- where alerts are found by what can join them: see socterm.alerts.bonds
  bond BLOB NOT NULL,  -- hash of kinds and values
  last INTEGER NOT NULL,  -- alerts.last and first
  alert INTEGER NOT NULL,
  first INTEGER NOT NULL,
  kind TEXT NOT NULL,  -- core, weak or follower
  sign BLOB NOT NULL,  -- orders alerts that begin at the same moment
  PRIMARY KEY (bond, last, alert)
) WITHOUT ROWID;
CREATE TABLE alert_links (  -- why an alert belongs to another one
  alert INTEGER NOT NULL,
  field TEXT NOT NULL,  -- what both have in common; '' where it is part of the other one
  value TEXT NOT NULL,
  other INTEGER NOT NULL,
  PRIMARY KEY (alert, field, value, other)
) WITHOUT ROWID;
CREATE INDEX alert_links_other ON alert_links (other);
CREATE TABLE alert_stories (  -- to which story and to which incident an alert belongs
  alert INTEGER PRIMARY KEY,
  story INTEGER NOT NULL,  -- alerts that links connect have the same one
  incident INTEGER NOT NULL,  -- incidents.id, 0 for none
  pinned INTEGER NOT NULL,  -- the incident to which a person put it, 0 for none
  first INTEGER NOT NULL,  -- as alert_bonds has it: what the links were made of
  last INTEGER NOT NULL
);
CREATE INDEX alert_stories_story ON alert_stories (story);
CREATE INDEX alert_stories_incident ON alert_stories (incident) WHERE incident != 0;
CREATE TABLE incidents (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,  -- open, in_progress, closed, merged or withdrawn
  verdict TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '',
  notes INTEGER NOT NULL DEFAULT 0,
  why TEXT NOT NULL,  -- what opened it: high, 2 rules, risk …, by hand
  merged_into INTEGER NOT NULL DEFAULT 0,
  rank INTEGER NOT NULL DEFAULT 0,  -- the gravest alert's
  first INTEGER NOT NULL DEFAULT 0,
  last INTEGER NOT NULL DEFAULT 0,
  alerts INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  change INTEGER NOT NULL  -- grows with each transaction that changes an incident
);
CREATE INDEX incidents_change ON incidents (change);
CREATE INDEX incidents_list ON incidents (state, rank DESC, last DESC);
"""


def m009_incidents(db: sqlite3.Connection) -> None:
    """`alerts.risk` is what an alert gives its entity, `alerts.fired` (µs) when its rule was satisfied."""
    for statement in statements(_INCIDENTS):
        db.execute(statement)
    db.execute("ALTER TABLE alerts ADD COLUMN risk INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE alerts ADD COLUMN fired INTEGER NOT NULL DEFAULT 0")
