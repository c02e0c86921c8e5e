"""Finding one event in a long log without reading it: the next that alerted, the first at a time."""

from __future__ import annotations

import sqlite3

from socterm.query import Query
from socterm.store.codec import ALERTED
from socterm.store.doors.scan import TOP, legs

MINUTE = 60_000_000


def next_alerted(db: sqlite3.Connection, query: Query | None, after: int) -> int:
    """The least id beyond `after` of a matching event that is evidence of an alert; 0 for none."""
    for low, high in _stretches(db, "last_id > ? ORDER BY first_id", after):
        if found := _one(db, query, max(low - 1, after), high + 1, oldest_first=True):
            return found
    return 0


def previous_alerted(db: sqlite3.Connection, query: Query | None, before: int) -> int:
    """The greatest id below `before` of a matching event that is evidence of an alert; 0 for none."""
    for low, high in _stretches(db, "first_id < ? ORDER BY last_id DESC", before):
        if found := _one(db, query, low - 1, min(high + 1, before), oldest_first=False):
            return found
    return 0


def first_at(db: sqlite3.Connection, ts: int) -> int:
    """The id of an event at that time (µs) or after it, the first one stored of those; 0 for none.

    Ids are in order of arrival: what is stored after it may be older by as much as its source was late.
    """
    for low, high in db.execute(
        "SELECT first_id, last_id FROM minute_counts WHERE minute >= ? ORDER BY minute LIMIT 2",
        (ts // MINUTE,),
    ).fetchall():
        found = db.execute(
            "SELECT min(id) FROM events WHERE id BETWEEN ? AND ? AND ts >= ?", (low, high, ts)
        ).fetchone()[0]
        if found is not None:
            return int(found)
    return 0


def _stretches(db: sqlite3.Connection, which: str, bound: int) -> list[tuple[int, int]]:
    """Ids of the minutes with evidence in them, in the order looked through, those that overlap as one."""
    rows = db.execute(f"SELECT first_id, last_id FROM minute_counts WHERE alerted > 0 AND {which}", (bound,))
    out: list[tuple[int, int]] = []
    for low, high in rows.fetchall():
        if out and low <= out[-1][1] + 1 and high >= out[-1][0] - 1:
            out[-1] = (min(low, out[-1][0]), max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out


def _one(db: sqlite3.Connection, query: Query | None, low: int, high: int, *, oldest_first: bool) -> int:
    order = "ASC" if oldest_first else "DESC"
    for leg in legs(db, query, low, min(high, TOP), oldest_first=oldest_first):
        key = "f.rowid" if leg.table.startswith("events_fts") else "e.id"
        found = db.execute(
            f"SELECT e.id FROM {leg.table} WHERE {leg.where} AND e.flags & {ALERTED} "
            f"ORDER BY {key} {order} LIMIT 1",
            leg.params,
        ).fetchone()
        if found is not None:
            return int(found[0])
    return 0
