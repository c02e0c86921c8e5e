"""The tables, as numbered migrations. docs/store.md shows them with the comments in this file.

Times are µs since the epoch, UTC. Source names stand once, in `sources`, and as small integers elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from socterm.errors import StoreError
from socterm.store.words import keys_sql
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


_FULL_TEXT_SETTINGS = (("hashsize", 16 << 20), ("automerge", 16), ("crisismerge", 32))
"""A step of 20,000 lines then makes one segment; sixteen are merged, bit by bit and never at one blow."""


def m001_initial(db: sqlite3.Connection) -> None:
    """Everything the first version needs."""
    for script in (_EVENTS, _INGEST, _ALERTS, _DECISIONS):
        for statement in _statements(script):
            db.execute(statement)
    for name, value in _FULL_TEXT_SETTINGS:
        db.execute("INSERT INTO events_fts (events_fts, rank) VALUES (?, ?)", (name, value))
    for column in COLUMNS:
        if column.indexed:
            db.execute(
                f"CREATE INDEX events_{column.name} ON events ({column.name}) "  # rows of one value by id
                f"WHERE {column.name} IS NOT NULL"
            )


def m002_formats(db: sqlite3.Connection) -> None:
    """Which format read a line, and what each source is made of."""
    if "dataset" not in {row[1] for row in db.execute("PRAGMA table_info(kinds)")}:
        db.execute("ALTER TABLE kinds ADD COLUMN dataset TEXT COLLATE NOCASE")
    db.execute("ALTER TABLE sources ADD COLUMN formats TEXT NOT NULL DEFAULT '{}'")
    db.execute("ALTER TABLE sources ADD COLUMN samples TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE sources ADD COLUMN error TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE sources ADD COLUMN rate REAL NOT NULL DEFAULT 0")


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
    for statement in _statements(_WORDS):
        db.execute(statement)
    for name, value in _FULL_TEXT_SETTINGS:
        db.execute("INSERT INTO events_fts (events_fts, rank) VALUES (?, ?)", (name, value))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('fts_done', 0)")


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
    for statement in _statements(_RULE_FILES):
        db.execute(statement)
    db.execute("ALTER TABLE episodes ADD COLUMN fired BLOB")
    db.execute("ALTER TABLE episodes ADD COLUMN told INTEGER NOT NULL DEFAULT 0")


_LEARNING = """
CREATE TABLE learning (  -- the rules that remember, each with its course since its first event
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL UNIQUE,
  shape TEXT NOT NULL,  -- what it is a memory of; a rule with another shape begins anew
  course TEXT NOT NULL  -- JSON: first event, counters
);
CREATE TABLE learned (  -- what they remember, an entry a row
  rule INTEGER NOT NULL,  -- learning.id
  key TEXT NOT NULL,  -- JSON list of values
  value TEXT NOT NULL,  -- JSON list; see socterm.sigma.learning
  PRIMARY KEY (rule, key)
) WITHOUT ROWID;
CREATE TABLE held (  -- events whose turn to be judged by such rules has not come yet
  event INTEGER PRIMARY KEY,  -- events.id
  rules TEXT NOT NULL  -- JSON list of rule keys
);
CREATE TABLE learned_from (  -- old logs that rules have learned from
  rule INTEGER NOT NULL,  -- learning.id
  log TEXT NOT NULL,  -- a hash of its beginning
  lines INTEGER NOT NULL,  -- how many of its lines were taken
  PRIMARY KEY (rule, log)
) WITHOUT ROWID;
"""


def m005_learning(db: sqlite3.Connection) -> None:
    """What rules learn, and the events that wait for them."""
    for statement in _statements(_LEARNING):
        db.execute(statement)


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
    for statement in _statements(_PARTS):
        db.execute(statement)
    db.execute("DROP INDEX alerts_open")
    db.execute("CREATE INDEX alerts_open ON alerts (rank DESC, last DESC, id DESC, part_of) WHERE open = 1")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    m001_initial,
    m002_formats,
    m003_keys,
    m004_rules_in_force,
    m005_learning,
    m006_parts,
)
"""In order. A migration is never changed once released; the next one is appended."""


def _statements(script: str) -> list[str]:
    """The statements of a script: `executescript` would commit, and a migration is one transaction."""
    found, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found


def applied(db: sqlite3.Connection) -> list[str]:
    """Names of the migrations this file has seen; [] for an empty one."""
    has = db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").fetchone()
    return [row[0] for row in db.execute("SELECT name FROM migrations ORDER BY number")] if has else []


def migrate(db: sqlite3.Connection, now: int) -> None:
    """Bring the file to the present schema in one transaction; cheap where it is.

    Raises StoreError for a file of a newer socterm, or of somebody else.
    """
    known = [step.__name__ for step in MIGRATIONS]
    if applied(db) == known:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        _apply(db, known, now)
    except BaseException:
        db.rollback()
        raise
    db.commit()


def _apply(db: sqlite3.Connection, known: list[str], now: int) -> None:
    seen = check_ours(db)
    if not seen:
        db.execute(
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
            "applied INTEGER NOT NULL)"
        )
    for number, step in enumerate(MIGRATIONS, 1):
        if number > len(seen):
            step(db)
            db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, known[number - 1], now))


def check_ours(db: sqlite3.Connection) -> list[str]:
    """Names of the migrations the file has seen, without changing it.

    Raises StoreError where it has some that this version does not know, or tables of somebody else.
    """
    seen = applied(db)
    known = [step.__name__ for step in MIGRATIONS]
    if seen != known[: len(seen)]:
        raise StoreError(
            f"the store was written by a newer socterm (schema {seen[-1]}): "
            "upgrade socterm or name another one with --db"
        )
    if not seen and db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        raise StoreError("this SQLite file is not a socterm store: name another one with --db")
    return seen
