"""The log, read: pages by id, counts, values and histograms. Implements `protocols.Events`."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any

from socterm.query import Query
from socterm.query.match import fold_ascii
from socterm.store.codec import JOIN, READ_COLUMNS, decode
from socterm.store.connections import Connections
from socterm.store.doors.scan import TOP, legs
from socterm.store.doors.seek import first_at, next_alerted, previous_alerted
from socterm.store.expressions import EXPRESSIONS, other
from socterm.store.jsontext import from_json
from socterm.store.minutes import histogram
from socterm.store.rows import Bucket, Count, EventRow, Page

_ROW = f"{READ_COLUMNS}, (SELECT b.raw FROM event_bytes b WHERE b.id = e.id)"
_CHUNK = 500
_STEP = 20
"""Events read at a time where their text is counted."""


class EventStore:
    """Reads of one store's events, from any thread. Long ones can be stopped by `Store.interrupt`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def newest_id(self) -> int:
        """The id of the event stored last; 0 for an empty store."""
        with self._connections.snapshot() as db:
            return int(db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])

    def page(
        self,
        query: Query | None = None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 200,
        oldest_first: bool = False,
        room: int | None = None,
    ) -> Page:
        """Events with after < id < before, newest first; `oldest_first` turns both order and which end.

        A page ends behind the line that fills `room` characters.
        """
        low, high = after or 0, TOP if before is None else before
        rows: list[EventRow] = []
        with self._connections.snapshot() as db:
            walk = _walk(db, _ROW, query, low, high, limit + 1, oldest_first=oldest_first)
            with closing(walk):
                for row in walk:
                    if len(rows) == limit or (rows and room is not None and room <= 0):
                        return Page(rows=rows, more=True)
                    rows.append(self._event(db, row))
                    if room is not None:
                        room -= len(rows[-1].raw)
        return Page(rows=rows)

    def ids(
        self,
        query: Query | None,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 2000,
        oldest_first: bool = False,
    ) -> list[int]:
        """Ids of matching events, newest first; `oldest_first` turns both order and which end."""
        high = TOP if before is None else before
        with self._connections.snapshot() as db:
            found = _walk(db, "e.id", query, after, high, limit, oldest_first=oldest_first)
            return [row[0] for row in found]

    def alerted(self, query: Query | None = None, *, after: int = 0, before: int | None = None) -> int:
        """The next matching event beyond `after` that is evidence, or the last below `before`; 0: none."""
        with self._connections.snapshot() as db:
            if before is not None:
                return previous_alerted(db, query, before)
            return next_alerted(db, query, after)

    def at(self, ts: int) -> int:
        """The first event stored whose time (µs) is `ts` or later; 0 where there is none."""
        with self._connections.snapshot() as db:
            return first_at(db, ts)

    def get(self, ids: Iterable[int]) -> list[EventRow]:
        """Events by id, in the order asked; unknown ids are left out."""
        wanted = list(ids)
        with self._connections.snapshot() as db:
            return self.read(db, wanted)

    def read(self, db: sqlite3.Connection, wanted: list[int], room: int | None = None) -> list[EventRow]:
        """`get` inside a snapshot the caller holds; ends behind the line that fills `room` characters."""
        rows: list[EventRow] = []
        size = _CHUNK if room is None else _STEP
        for start in range(0, len(wanted), size):
            piece = wanted[start : start + size]
            marks = ",".join("?" * len(piece))
            sql = f"SELECT {_ROW} FROM events e {JOIN} WHERE e.id IN ({marks})"
            found = {row[0]: self._event(db, row) for row in db.execute(sql, piece)}
            for row in (found[ident] for ident in piece if ident in found):
                if room is not None:
                    if room <= 0:
                        return rows
                    room -= len(row.raw)
                rows.append(row)
        return rows

    def count(self, query: Query | None = None) -> Count:
        """How many events match."""
        with self._connections.snapshot() as db:
            if query is None or query.is_empty:
                total = db.execute("SELECT coalesce(sum(events), 0) FROM minute_counts").fetchone()[0]
            else:
                total = sum(
                    db.execute(f"SELECT count(*) FROM {leg.table} WHERE {leg.where}", leg.params).fetchone()[
                        0
                    ]
                    for leg in legs(db, query, 0, TOP)
                )
        return Count(value=int(total))

    def count_by(self, field: str, query: Query | None = None, *, limit: int = 20) -> list[tuple[str, int]]:
        """The commonest values of an ECS field among matching events, with their counts (by repeat).

        A field with several values counts for each of them; in columns either case is the same value.
        """
        sums: dict[str, tuple[str, int]] = {}
        column = EXPRESSIONS.get(field)
        with self._connections.snapshot() as db:
            for leg in legs(db, query, 0, TOP):
                expression = column or other(field)
                rows = db.execute(
                    f"SELECT {expression}, sum(e.repeat) FROM {leg.table} WHERE {leg.where} GROUP BY 1",
                    leg.params,
                )
                for value, weight in rows:
                    for text in _texts(value, is_json=column is None):
                        key = text if column is None else fold_ascii(text)
                        shown, before = sums.get(key, (text, 0))
                        sums[key] = (shown, before + weight)
        ranked = sorted((item for item in sums.values() if item[1]), key=lambda item: (-item[1], item[0]))
        return ranked[:limit]

    def histogram(self, start: int, end: int, buckets: int) -> list[Bucket]:
        """Events per equal slice of [start, end) µs, from the minute roll-up.

        Slices shorter than a minute share its events out evenly.
        """
        with self._connections.snapshot() as db:
            return histogram(db, start, end, buckets)

    def _event(self, db: sqlite3.Connection, row: tuple[Any, ...]) -> EventRow:
        return decode(row[:-1], self._connections.source_name(db, row[2]), row[-1])


def _walk(
    db: sqlite3.Connection,
    columns: str,
    query: Query | None,
    low: int,
    high: int,
    limit: int,
    *,
    oldest_first: bool = False,
) -> Generator[tuple[Any, ...]]:
    """Rows of the legs one after another until there are enough."""
    order = "ASC" if oldest_first else "DESC"
    for leg in legs(db, query, low, high, oldest_first=oldest_first):
        key = "f.rowid" if leg.table.startswith("events_fts") else "e.id"
        for row in db.execute(
            f"SELECT {columns} FROM {leg.table} {JOIN} WHERE {leg.where} ORDER BY {key} {order} LIMIT ?",
            (*leg.params, limit),
        ):
            yield row
            limit -= 1
        if limit <= 0:
            return


def _texts(value: Any, *, is_json: bool) -> list[str]:
    """The values a grouped expression stands for, as text; none for an absent field."""
    if value is None:
        return []
    if not is_json:
        return [str(value)]
    found = from_json(value)
    many = found if isinstance(found, list) else [found]
    return [_text(item) for item in many if item is not None]


def _text(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item)
