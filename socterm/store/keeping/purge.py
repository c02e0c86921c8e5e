"""Deleting events wherever they left something (log, bytes, full-text index, roll-up), and counting them.

Everything that concerns one portion is one transaction, so that a kill leaves the portion there or gone.
Events stay that are evidence (their first flag), that an episode under way counts, or that something still
waits for.
"""

from __future__ import annotations

import sqlite3

from socterm.store.codec import ALERTED, FAILURE
from socterm.store.evidence import event_ids
from socterm.store.minutes import MINUTE
from socterm.store.words import INDEXED

FOREVER = (1 << 63) - 1

_TEMPORARY = (
    "CREATE TEMP TABLE IF NOT EXISTS cited (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS going (id INTEGER PRIMARY KEY)",
)
_UNDER_WAY = (
    "SELECT hits FROM alert_events WHERE first_event <= ? AND episode IN "
    "(SELECT id FROM episodes WHERE alert = 0)"
)
_WAITED_FOR = "INSERT INTO temp.cited SELECT event FROM held WHERE event <= ?"
"""Events that a rule still has to judge."""

_ASKED_FOR = (
    "INSERT OR IGNORE INTO temp.cited SELECT j.value FROM raising r, "
    "json_each(CAST(r.alert AS TEXT), '$.events') j WHERE j.value BETWEEN ? AND ?"
)
"""Events of alerts that a hunt asked for: at any time, and of whatever age, so that each step looks."""

_CHOOSE = f"""
INSERT INTO temp.going SELECT id FROM events WHERE id >= ? AND id <= ? AND ts < ? AND NOT flags & {ALERTED}
  AND id NOT IN (SELECT id FROM temp.cited) ORDER BY id LIMIT ?
"""
_MINUTES = f"""
SELECT count(*), sum(e.repeat), sum(CASE WHEN e.flags & {FAILURE} THEN e.repeat ELSE 0 END),
  (e.ts - ((e.ts % {MINUTE}) + {MINUTE}) % {MINUTE}) / {MINUTE} AS minute
  FROM temp.going g CROSS JOIN events e ON e.id = g.id GROUP BY minute
"""
_COUNT_DOWN = (
    "UPDATE minute_counts SET events = events - ?, weight = weight - ?, failures = failures - ? "
    "WHERE minute = ?"
)
_NOTE = """
INSERT INTO let_go
  SELECT e.source, count(*), min(e.position), max(e.position), min(e.ts), max(e.ts)
  FROM temp.going g CROSS JOIN events e ON e.id = g.id GROUP BY e.source
ON CONFLICT (source) DO UPDATE SET lines = lines + excluded.lines, first = min(first, excluded.first),
  last = max(last, excluded.last), oldest = min(oldest, excluded.oldest),
  newest = max(newest, excluded.newest)
"""
_KEYS = ", ".join(INDEXED)
_UNFEED = f"""
INSERT INTO events_fts (events_fts, rowid, raw, {_KEYS})
  SELECT 'delete', w.id, w.raw, {", ".join(f"w.{name}" for name in INDEXED)}
  FROM temp.going g CROSS JOIN events_words w ON w.id = g.id WHERE g.id <= ?
"""
"""The index keeps no text of its own: to forget a line it has to be told the same words again."""

_DELETE = (
    "DELETE FROM event_bytes WHERE id IN (SELECT id FROM temp.going)",
    "DELETE FROM events WHERE id IN (SELECT id FROM temp.going)",
)


def prepare(db: sqlite3.Connection) -> None:
    """Make the connection's own tables for it."""
    for statement in _TEMPORARY:
        db.execute(statement)


def note_cited(db: sqlite3.Connection, last: int) -> None:
    """Note which events up to an id must stay though no alert cites them.

    It holds for as long as ids up to `last` are looked at: what rules cite later is newer, waited then, or
    is noted here. What hunts ask for is not in it.
    """
    found = {event for (data,) in db.execute(_UNDER_WAY, (last,)) for event in event_ids(data)}
    db.execute("DELETE FROM temp.cited")
    db.execute(_WAITED_FOR, (last,))
    db.executemany("INSERT OR IGNORE INTO temp.cited VALUES (?)", [(event,) for event in found])


def delete(db: sqlite3.Connection, first: int, last: int, *, until: int, limit: int) -> tuple[int, int]:
    """Delete up to `limit` of the events first <= id <= last from before `until` (µs) that nothing cites.

    Inside the caller's transaction. (how many, the id to go on with).
    """
    db.execute("DELETE FROM temp.going")
    db.execute(_ASKED_FOR, (first, last))
    gone = db.execute(_CHOOSE, (first, last, until, limit)).rowcount
    if not gone:
        return 0, last + 1
    newest = db.execute("SELECT max(id) FROM temp.going").fetchone()[0]
    minutes = db.execute(_MINUTES).fetchall()
    db.executemany(_COUNT_DOWN, minutes)
    db.executemany(
        "DELETE FROM minute_counts WHERE minute = ? AND events = 0", [(row[-1],) for row in minutes]
    )
    db.execute(_NOTE)
    note_newest(db)
    done = _meta(db, "fts_done")
    unfed = db.execute(_UNFEED, (done,)).rowcount if done else 0
    for key, more in (("fts_dead", unfed), ("kinds_dead", gone)):
        db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, _meta(db, key) + max(0, more)))
    for statement in _DELETE:
        db.execute(statement)
    return gone, newest + 1 if gone == limit else last + 1


def note_newest(db: sqlite3.Connection) -> None:
    """Remember how far event ids have been given out: none is ever used again."""
    found = db.execute("SELECT max(id) FROM events").fetchone()[0] or 0
    if found > _meta(db, "newest_event"):
        db.execute("INSERT OR REPLACE INTO meta VALUES ('newest_event', ?)", (found,))


def _meta(db: sqlite3.Connection, key: str) -> int:
    found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return int(found[0]) if found else 0
