"""Letting go of the evidence of closed alerts; the alerts themselves, their counts and their trail stay.

An alert is marked as released first. Then its evidence is taken apart in portions: what no other alert cites
is an event like others from then on, for `purge` to delete in its turn. A kill in between leaves portions for
the next time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from itertools import islice

from socterm.store.codec import ALERTED
from socterm.store.evidence import event_ids
from socterm.store.minutes import MINUTE

AT_ONCE = 100
"""Alerts that are released in one transaction."""

PARTS = 8
"""Parts of evidence (of up to 2,000 events each) that are taken apart in one transaction."""

_CLOSED = (
    "a.open = 0 AND a.settled = 1 AND a.released = 0 AND a.state != 'merged' AND a.updated < ? "
    "AND EXISTS (SELECT 1 FROM alert_events p WHERE p.episode = a.episode) "
    "AND NOT EXISTS (SELECT 1 FROM alert_stories s JOIN incidents i ON i.id = s.incident "
    "WHERE s.alert = a.id AND i.state IN ('open', 'in_progress'))"
)
"""Alerts that may lose their evidence: closed, settled, in no incident that somebody still works on."""

_LEFT = (
    "SELECT p.episode, p.part, p.first_event, p.last_event, p.hits FROM alerts a "
    "JOIN alert_events p ON p.episode = a.episode WHERE a.released != 0 AND a.state != 'merged' LIMIT ?"
)
_OTHERS = (
    "SELECT p.hits FROM alert_events p WHERE p.first_event <= ? AND p.last_event >= ? "
    "AND p.episode NOT IN (SELECT episode FROM alerts WHERE released != 0)"
)
_UNMARK = f"UPDATE events SET flags = flags & ~{ALERTED} WHERE id = ? AND flags & {ALERTED} RETURNING ts"


def can_release(db: sqlite3.Connection, before: int) -> bool:
    """Whether there is an alert for `release`."""
    return db.execute(f"SELECT 1 FROM alerts a WHERE {_CLOSED} LIMIT 1", (before,)).fetchone() is not None


def due(db: sqlite3.Connection, before: int) -> int:
    """How many alerts there are for `release`."""
    return int(db.execute(f"SELECT count(*) FROM alerts a WHERE {_CLOSED}", (before,)).fetchone()[0])


def release(db: sqlite3.Connection, before: int, now: int) -> int:
    """Mark some closed alerts that nobody has touched since `before` (µs), longest untouched first.

    Inside the caller's transaction; how many were.
    """
    return db.execute(
        f"UPDATE alerts SET released = ? WHERE id IN (SELECT a.id FROM alerts a WHERE {_CLOSED} "
        "ORDER BY a.updated, a.id LIMIT ?)",
        (now, before, AT_ONCE),
    ).rowcount


def take_apart(db: sqlite3.Connection) -> int:
    """Take apart some of the evidence of released alerts, inside the caller's transaction; parts done."""
    parts = db.execute(_LEFT, (PARTS,)).fetchall()
    if not parts:
        return 0
    events = {event for part in parts for event in event_ids(part[-1])}
    first, last = min(part[2] for part in parts), max(part[3] for part in parts)
    for (data,) in db.execute(_OTHERS, (last, first)):
        events.difference_update(event_ids(data))
    _unmark(db, events)
    db.executemany(
        "DELETE FROM alert_events WHERE episode = ? AND part = ?", [(part[0], part[1]) for part in parts]
    )
    return len(parts)


def _unmark(db: sqlite3.Connection, events: Collection[int]) -> None:
    """These are evidence no more."""
    left = iter(sorted(events))
    while some := list(islice(left, 500)):
        for event in some:
            for (ts,) in db.execute(_UNMARK, (event,)).fetchall():
                db.execute("UPDATE minute_counts SET alerted = alerted - 1 WHERE minute = ?", (ts // MINUTE,))
