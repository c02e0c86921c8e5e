"""The minute roll-up behind histograms, kept in the same transaction as the events."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from socterm.store.codec import ALERTED, FAILURE, ROW_COLUMNS, Rows
from socterm.store.rows import Bucket

MINUTE = 60_000_000

_PARTS = tuple(map(ROW_COLUMNS.index, ("id", "ts", "repeat", "flags")))
_COUNTED = FAILURE | ALERTED

_ADD = """
INSERT INTO minute_counts VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (minute) DO UPDATE SET events = events + excluded.events, weight = weight + excluded.weight,
  failures = failures + excluded.failures, alerted = alerted + excluded.alerted,
  first_id = min(first_id, excluded.first_id), last_id = max(last_id, excluded.last_id)
"""
_MARK = f"UPDATE events SET flags = flags | {ALERTED} WHERE id = ? AND NOT flags & {ALERTED} RETURNING ts"


def add_rows(db: sqlite3.Connection, rows: Rows) -> None:
    """Count a batch's event rows (as `codec.encode` makes them, in order of id)."""
    counts: dict[int, list[int]] = {}
    start = end = 0
    cell: list[int] = []
    for ident, ts, repeat, flags in zip(*(rows[part :: len(ROW_COLUMNS)] for part in _PARTS), strict=True):
        if not start <= ts < end:
            minute = ts // MINUTE
            start, end = minute * MINUTE, (minute + 1) * MINUTE
            cell = counts.setdefault(minute, [0, 0, 0, 0, ident, ident])
        cell[0] += 1
        cell[1] += repeat
        if flags & _COUNTED:
            cell[2] += repeat if flags & FAILURE else 0
            cell[3] += flags & ALERTED
        cell[5] = ident
    db.executemany(_ADD, [(minute, *cell) for minute, cell in counts.items()])


def mark_alerted(db: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Note on events stored earlier that they are evidence of an alert now."""
    for ident in ids:
        found = db.execute(
            _MARK,
            (ident,),
        ).fetchall()
        for (ts,) in found:
            db.execute("UPDATE minute_counts SET alerted = alerted + 1 WHERE minute = ?", (ts // MINUTE,))


def id_bounds(db: sqlite3.Connection, start: int, end: int) -> tuple[int, int]:
    """(least, greatest) id that an event with start <= ts < end can have; (0, -1) where there is none."""
    first, last = db.execute(
        "SELECT min(first_id), max(last_id) FROM minute_counts WHERE minute BETWEEN ? AND ?",
        (start // MINUTE, (end - 1) // MINUTE),
    ).fetchone()
    return (first, last) if first is not None else (0, -1)


def histogram(db: sqlite3.Connection, start: int, end: int, buckets: int) -> list[Bucket]:
    """Equal slices of [start, end) µs. A minute that lies across slices is shared out by overlap; slices
    add up to the minutes, so nothing is counted twice or lost inside the range.
    """
    if buckets < 1 or end <= start:
        return []
    edges = [start + (end - start) * index // buckets for index in range(buckets + 1)]
    events, alerted = [0] * buckets, [0] * buckets
    for minute, lines, marked in db.execute(
        "SELECT minute, events, alerted FROM minute_counts WHERE minute BETWEEN ? AND ? ORDER BY minute",
        (start // MINUTE, (end - 1) // MINUTE),
    ):
        low = minute * MINUTE
        index = max(0, (low - start) * buckets // (end - start))
        while index < buckets and edges[index + 1] <= low:
            index += 1
        while index < buckets and edges[index] < low + MINUTE:
            a, b = max(edges[index], low) - low, min(edges[index + 1], low + MINUTE) - low
            events[index] += _share(lines, b) - _share(lines, a)
            alerted[index] += _share(marked, b) - _share(marked, a)
            index += 1
    return [Bucket(*row) for row in zip(edges[:-1], events, alerted, strict=True)]


def _share(count: int, part: int) -> int:
    """How many of a minute's events fall in its first `part` µs, taken as evenly spread."""
    return (count * part + MINUTE // 2) // MINUTE
