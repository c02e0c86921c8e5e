"""From a query to the reads that answer it: which rows, in which order, by which index.

A read has one to three *legs* by id. Words, addresses and users are looked up in the full-text index, which
lags; events newer than it are scanned.

Words that a line's word may begin with are merged by the index as a whole, however few are wanted: a quarter
of a second where a common word stands in millions of lines. Those are found soon by looking at the lines
themselves, so that some are scanned before the index is asked.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from socterm.query import Query, Sql, compile_sql
from socterm.query.tree import And, Node, Span, Term
from socterm.store.expressions import EXPRESSIONS, TEXT, other
from socterm.store.minutes import id_bounds
from socterm.store.words import MARKS, key_match

TOP = (1 << 63) - 1
NEAR = 20_000
"""Lines scanned before the index is asked for words that begin with something: some 20 ms."""

FEW = 2_000
"""Lines that are looked at one by one in a few ms."""

_BEGINS = '"*'


class Leg(msgspec.Struct, frozen=True):
    """One SELECT over events with low < id < high: `FROM {table} WHERE {where}` with `params`."""

    table: str
    where: str
    params: tuple[Any, ...]


def legs(
    db: sqlite3.Connection,
    query: Query | None,
    low: int,
    high: int,
    *,
    oldest_first: bool = False,
    every: bool = False,
) -> list[Leg]:
    """The reads for events with low < id < high, in the order their rows are wanted; run in one snapshot.

    `every`: all rows are wanted, so that looking at some lines before the index is asked gains nothing,
    unless these are all.
    """
    if query is None or query.is_empty:
        return [_plain("1", (), low, high)]
    sql = compile_sql(query, EXPRESSIONS, text=TEXT, other=other)
    low, high = _narrow(db, query.tree, low, high)
    match = _match(db, sql, _keys(query.tree))
    if not match:
        return [_plain(sql.where, sql.params, low, high)]
    found = db.execute("SELECT value FROM meta WHERE key = 'fts_done'").fetchone()
    done = int(found[0]) if found else 0
    near = NEAR if _BEGINS in match and not (every and high - low > NEAR) else 0
    if oldest_first:
        first = db.execute("SELECT min(id) FROM events WHERE id > ?", (low,)).fetchone()[0] or low
        begin = min(first - 1 + near, max(low, done)) if near else low
        return [
            *([_plain(sql.where, sql.params, low, min(high, begin + 1))] if begin > low else []),
            _indexed(sql, match, begin, min(high, done + 1)),
            _plain(sql.where, sql.params, max(low, done), high),
        ]
    end = max(low, min(high - 1, done) - near)
    looked_at = _plain(sql.where, sql.params, end, high)
    if every and end <= low:
        return [looked_at]  # asked about no line at all, the index would merge the words nevertheless
    return [looked_at, _indexed(sql, match, low, min(high, end + 1))]


def _match(db: sqlite3.Connection, sql: Sql, keys: list[str]) -> str:
    """What to ask the index for, "" for nothing.

    Where the whole words and keys alone leave few lines, those are all that is asked for.
    """
    whole = " AND ".join((*(f'"{word}"' for word in sql.words), *keys))
    if whole and _BEGINS in sql.match:
        few = "SELECT count(*) FROM (SELECT 1 FROM events_fts WHERE events_fts MATCH ? LIMIT ?)"
        if db.execute(few, (whole, FEW + 1)).fetchone()[0] <= FEW:
            return whole
    return " AND ".join(filter(None, (sql.match, *keys)))


def _plain(where: str, params: tuple[Any, ...], low: int, high: int) -> Leg:
    return Leg("events e", f"e.id > ? AND e.id < ? AND {where}", (low, high, *params))


def _indexed(sql: Sql, match: str, low: int, high: int) -> Leg:
    # CROSS JOIN fixes the order: words first, then their rows; `where` decides in the end.
    return Leg(
        "events_fts f CROSS JOIN events e ON e.id = f.rowid",
        f"f.events_fts MATCH ? AND f.rowid > ? AND f.rowid < ? AND {sql.where}",
        (match, low, high, *sql.params),
    )


def _demanded(tree: Node) -> tuple[Node, ...]:
    """The parts of a query that every hit fulfils."""
    return tree.items if isinstance(tree, And) else (tree,)


def _keys(tree: Node) -> list[str]:
    """What the index knows of the equalities demanded. The columns are text, so `eq` is NOCASE equality."""
    return [
        key_match(node.field, str(node.arg))
        for node in _demanded(tree)
        if isinstance(node, Term) and node.op == "eq" and node.field in MARKS and str(node.arg).isascii()
    ]


def _narrow(db: sqlite3.Connection, tree: Node, low: int, high: int) -> tuple[int, int]:
    """Tighter id bounds where the query asks for a stretch of time: ids follow the order of arrival."""
    spans = [node for node in _demanded(tree) if isinstance(node, Span)]
    if not spans:
        return low, high
    start = max((span.low for span in spans if span.low is not None), default=-TOP)
    end = min((span.high for span in spans if span.high is not None), default=TOP)
    first, last = id_bounds(db, start, end)
    return max(low, first - 1), min(high, last + 1)
