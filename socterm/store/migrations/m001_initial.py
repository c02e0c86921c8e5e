"""The first tables: events, ingest, alerts, decisions."""

from __future__ import annotations

import sqlite3

from socterm.store.migrations.script import FULL_TEXT_SETTINGS, statements
from socterm.taxonomy import COLUMNS


def _columns(*, shared: bool) -> str:
    chosen = [c for c in COLUMNS if c.shared == shared]
    return "\n".join(
        f"  {c.name} {c.type}{' COLLATE NOCASE' if c.type == 'TEXT' else ''}{'' if c is chosen[-1] else ','}"
        f"  -- {c.ecs}"
        for c in chosen
    )


_EVENTS = f"""
CREATE TABLE events (  -- one row per log line; never changed but for the first bit of flags
  id INTEGER PRIMARY KEY,  -- in order of arrival
  ts INTEGER NOT NULL,  -- when it happened
  source INTEGER NOT NULL,  -- sources.id
  position INTEGER NOT NULL,  -- number of the line in its source, from 0
  repeat INTEGER NOT NULL,  -- how many occurrences the line stands for
  flags INTEGER NOT NULL,  -- 1 evidence of an alert, 2 and 4 category and type are those of the action,
    -- 8 kind is pipeline_error, 16 * where the time is from (0 line, 1 previous, 2 received), 64 outcome
    -- is failure, 128 * (1 + where the message begins in raw, or 0 where it is not the end of it)
  kind INTEGER NOT NULL,  -- kinds.id
  raw TEXT NOT NULL,  -- the line as it came
  fields TEXT,  -- JSON of the ECS fields that stand in no column and follow from none; NULL: as the kind
{_columns(shared=False)}
);
CREATE TABLE kinds (  -- what many lines have in common; only ever added to, the same may stand here twice
  id INTEGER PRIMARY KEY,
  fields TEXT,  -- JSON as in events, of lines that have none of their own
{_columns(shared=True)}
);
CREATE TABLE event_bytes (  -- the bytes of lines that are not UTF-8
  id INTEGER PRIMARY KEY,  -- events.id
  raw BLOB NOT NULL  -- the line before U+FFFD took the place of what cannot be read
);
CREATE VIRTUAL TABLE events_fts USING fts5(  -- the words of events.raw, fed in steps behind the inserts
  raw, content='events', content_rowid='id', detail=none, columnsize=0, tokenize='unicode61'
);
CREATE TABLE minute_counts (  -- the roll-up behind histograms, and from a stretch of time to event ids
  minute INTEGER PRIMARY KEY,  -- ts / 60,000,000
  events INTEGER NOT NULL,  -- lines
  weight INTEGER NOT NULL,  -- occurrences: the sum of repeat
  failures INTEGER NOT NULL,  -- occurrences with event.outcome failure
  alerted INTEGER NOT NULL,  -- lines that are evidence of an alert
  first_id INTEGER NOT NULL,  -- least and greatest events.id in this minute
  last_id INTEGER NOT NULL
);
"""

_INGEST = """
CREATE TABLE sources (  -- how far each source was read, and its counters since the store began
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,  -- a blob where a file name is not UTF-8
  position INTEGER NOT NULL DEFAULT 0,  -- number of the next line
  bookmark TEXT NOT NULL DEFAULT '{}',  -- JSON that only the source reads
  lines INTEGER NOT NULL DEFAULT 0,
  decoded INTEGER NOT NULL DEFAULT 0,  -- lines a parser understood
  newest INTEGER NOT NULL DEFAULT 0,  -- ts of the newest event
  late INTEGER NOT NULL DEFAULT 0,  -- events older than the watermark
  drops TEXT NOT NULL DEFAULT '{}',  -- JSON: reason to count
  note TEXT NOT NULL DEFAULT '',  -- what the source has to say to people
  watermark INTEGER NOT NULL DEFAULT 0,
  extra TEXT NOT NULL DEFAULT '{}',  -- JSON of the pipeline's own
  updated INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE decoder_state (  -- what parsers remember between lines, per source
  source INTEGER NOT NULL,  -- sources.id
  key TEXT NOT NULL,
  value TEXT NOT NULL,  -- JSON
  PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE counters (  -- counters of the ingest as a whole
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE meta (  -- single values: fts_done, audit_seen, audit_head
  key TEXT PRIMARY KEY,
  value NOT NULL
) WITHOUT ROWID;
CREATE TABLE lease (  -- the one process that ingests
  id INTEGER PRIMARY KEY CHECK (id = 1),
  token TEXT NOT NULL,  -- who holds it; a writer that lost it cannot commit
  boot TEXT NOT NULL,  -- boot id and pid namespace
  pid INTEGER NOT NULL,
  start TEXT NOT NULL,  -- the process's start time in ticks
  host TEXT NOT NULL,
  acquired INTEGER NOT NULL,
  heartbeat INTEGER NOT NULL
);
"""

_ALERTS = """
CREATE TABLE rules (  -- the fate of every rule document, as last loaded
  number INTEGER PRIMARY KEY,  -- in order of loading
  key TEXT NOT NULL,
  title TEXT NOT NULL,
  level TEXT NOT NULL,
  fate TEXT NOT NULL,  -- active, no-source, base, filter, disabled or refused
  reason TEXT NOT NULL,
  path TEXT NOT NULL,
  line INTEGER NOT NULL,
  info TEXT  -- JSON of what an alert keeps of its rule
);
CREATE TABLE rule_hits (  -- matches per rule since the store began
  rule TEXT PRIMARY KEY,
  hits INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE episodes (  -- groups of base events under way: the detector's working state
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  entity TEXT NOT NULL,  -- JSON list of [field, value]
  first_ts INTEGER NOT NULL,  -- first and last base event: ts, source and position
  first_source INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  last_ts INTEGER NOT NULL,
  last_source INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  count INTEGER NOT NULL,
  signals INTEGER NOT NULL,
  touched INTEGER NOT NULL,  -- watermark when the last late hit came
  alert INTEGER NOT NULL,  -- alerts.id, 0 before the rule is satisfied
  ended INTEGER NOT NULL  -- its alert was closed: takes no more events
);
CREATE TABLE alert_events (  -- evidence of episodes and alerts: a part per commit, few once settled
  episode INTEGER NOT NULL,  -- alerts.episode or episodes.id
  part INTEGER NOT NULL,
  first_event INTEGER NOT NULL,  -- least and greatest events.id in it
  last_event INTEGER NOT NULL,
  events INTEGER NOT NULL,
  weight INTEGER NOT NULL,  -- the sum of the hits' weights
  hits BLOB NOT NULL,  -- see socterm.store.evidence
  PRIMARY KEY (episode, part)
) WITHOUT ROWID;
CREATE TABLE alerts (  -- one row per episode that satisfied its rule
  id INTEGER PRIMARY KEY,
  episode INTEGER NOT NULL UNIQUE,
  rule TEXT NOT NULL,
  title TEXT NOT NULL,
  level TEXT NOT NULL,
  rank INTEGER NOT NULL,  -- 0 informational to 4 critical
  description TEXT NOT NULL,
  tags TEXT NOT NULL,  -- JSON list
  entity TEXT NOT NULL,  -- JSON object: ECS field to value
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  count INTEGER NOT NULL,  -- base events weighted by repeat
  signals INTEGER NOT NULL,  -- firings
  settled INTEGER NOT NULL DEFAULT 0,
  key TEXT NOT NULL DEFAULT '',  -- hash of rule, entity and first base event once settled
  state TEXT NOT NULL DEFAULT 'new',
  verdict TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL DEFAULT '',
  notes INTEGER NOT NULL DEFAULT 0,
  open INTEGER NOT NULL DEFAULT 1,  -- whether somebody should still look at it
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  change INTEGER NOT NULL,  -- number of the transaction that changed it last
  merged_into INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX alerts_open ON alerts (rank DESC, last DESC, id DESC) WHERE open = 1;
CREATE INDEX alerts_change ON alerts (change);
"""

_DECISIONS = """
CREATE TABLE audit (  -- every decision, append-only, each row with the hash of the one before
  id INTEGER PRIMARY KEY,  -- without gaps, from 1
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,  -- who decided; socterm for what the software did
  alert INTEGER NOT NULL,
  verb TEXT NOT NULL,
  before TEXT NOT NULL,  -- JSON: state, verdict, owner, notes
  after TEXT NOT NULL,
  note TEXT NOT NULL,
  undoes INTEGER NOT NULL,  -- the audit row that this one takes back
  bulk INTEGER NOT NULL,  -- first audit row of the same decision
  hash TEXT NOT NULL  -- SHA-256 over the previous hash and this row
);
CREATE INDEX audit_alert ON audit (alert);
CREATE INDEX audit_actor ON audit (actor);
CREATE TRIGGER audit_append_only BEFORE INSERT ON audit
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'audit rows are only ever appended'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
CREATE TABLE ui_state (  -- saved views of the console
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL  -- JSON
) WITHOUT ROWID;
"""


def m001_initial(db: sqlite3.Connection) -> None:
    """Everything the first version needs."""
    for script in (_EVENTS, _INGEST, _ALERTS, _DECISIONS):
        for statement in statements(script):
            db.execute(statement)
    for name, value in FULL_TEXT_SETTINGS:
        db.execute("INSERT INTO events_fts (events_fts, rank) VALUES (?, ?)", (name, value))
    for column in COLUMNS:
        if column.indexed:
            db.execute(
                f"CREATE INDEX events_{column.name} ON events ({column.name}) "  # rows of one value by id
                f"WHERE {column.name} IS NOT NULL"
            )
