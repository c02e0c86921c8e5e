"""Stored events gone through from end to end, as hunts and back-tests do: in short reads, an id range each.

A read of everything at once would hold one snapshot of the file, and the write-ahead log could not be cut
short until it ends. So each portion has a snapshot of its own, and the next goes on where it stopped.
"""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, Final, TypeVar

import msgspec

from socterm.alerts.model import Entity
from socterm.query import Query
from socterm.store.codec import JOIN, READ_COLUMNS, decode
from socterm.store.connections import Connections
from socterm.store.doors.scan import TOP, Leg, legs
from socterm.store.expressions import EXPRESSIONS, other
from socterm.store.ingest.raising import overlapping
from socterm.store.jsontext import from_json
from socterm.store.minutes import MINUTE, id_bounds
from socterm.store.rows import EventRow

FIRST: Final = 2_000
"""Ids of the first portion: something can be shown at once."""

LEAST, MOST = 500, 2_000_000
MOST_ROWS: Final = 5_000
"""Events of one portion from which on the next is not larger."""

HEAVY: Final = 16 << 20
"""Characters of lines, or of values, from which on a portion is given up for a smaller one."""

MOST_KINDS: Final = 5_000
LONG: Final = 0.05
"""Seconds that a portion should take: with more the next is smaller, with much less larger."""

LONGEST: Final = 0.3
"""Seconds it may take where larger ones are cheaper by the id: looking up a word costs the same each time."""

_ROW = f"{READ_COLUMNS}, (SELECT b.raw FROM event_bytes b WHERE b.id = e.id)"
_ODD = "instr(e.fields, '\"~\"')"
"""An event that may be of log sources which its dataset does not tell."""

R = TypeVar("R")

Wanted = Callable[[str | None], bool]
"""Whether events of a dataset are asked for."""


class Stretch(msgspec.Struct, frozen=True):
    """Where to look: ids low < id < high, and times start <= ts < end (µs), None for open ends."""

    low: int
    high: int
    start: int | None = None
    end: int | None = None

    @property
    def size(self) -> int:
        """How many ids lie in it at most."""
        return max(0, self.high - self.low - 1)


class Portion(msgspec.Struct):
    """Events of one read in order of id. Everything with low < id < high has been looked at."""

    rows: list[EventRow]
    low: int
    high: int


class Place(msgspec.Struct, frozen=True):
    """A hit without its line: what counting and lists need. `group` is a field's value as JSON, or None."""

    id: int
    ts: int
    repeat: int
    group: str | None = None


class Places(msgspec.Struct):
    """As `Portion`, of hits without their lines."""

    rows: list[Place]
    low: int
    high: int


class Coming:
    """What can still come of a stretch, by how far it was read: events are stored in order of arrival, and
    here is told from when on (µs) those are that were not read yet."""

    def __init__(self, minutes: list[tuple[int, int]]) -> None:
        ordered = sorted((last, minute) for minute, last in minutes)
        self._ids = [last for last, _ in ordered]
        self._least = [minute for _, minute in ordered]
        for at in range(len(ordered) - 2, -1, -1):
            self._least[at] = min(self._least[at], self._least[at + 1])

    def after(self, ident: int) -> int | None:
        """The least time (µs) of an event with a greater id; None where there is none."""
        at = bisect_right(self._ids, ident)
        return self._least[at] * MINUTE if at < len(self._ids) else None


class HistoryStore:
    """Implements `protocols.History`. Reads can be stopped between portions, or by `Store.interrupt`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def stretch(self, start: int | None = None, end: int | None = None) -> Stretch:
        """The events there are now with start <= ts < end (µs)."""
        with self._connections.snapshot() as db:
            # Two reads of one end each: of both in one SQLite would look at every row.
            least, greatest = db.execute(
                "SELECT (SELECT min(id) FROM events), (SELECT max(id) FROM events)"
            ).fetchone()
            if least is None:
                return Stretch(0, 1, start, end)
            if start is not None or end is not None:
                first, last = id_bounds(db, -TOP if start is None else start, TOP if end is None else end)
                least, greatest = max(least, first), min(greatest, last)
        return Stretch(least - 1, max(greatest + 1, least), start, end)

    def coming(self, stretch: Stretch) -> Coming:
        """From when on the events are that a reading in order of id has not come to."""
        with self._connections.snapshot() as db:
            rows = db.execute(
                "SELECT minute, last_id FROM minute_counts WHERE last_id > ? AND first_id < ?",
                (stretch.low, stretch.high),
            ).fetchall()
        return Coming(rows)

    def portions(
        self,
        stretch: Stretch,
        query: Query | None = None,
        *,
        datasets: Wanted | None = None,
        newest_first: bool = False,
    ) -> Iterator[Portion]:
        """The matching events. `datasets` leaves out, before they are read, those of datasets nobody wants.

        Portions are of no certain size: how long one took decides about the next.
        """
        known: dict[int, bool] = {}
        pace = _Pace()
        for low, high in _windows(stretch, pace, newest_first=newest_first):
            with pace, self._connections.snapshot() as db:
                only = "" if datasets is None else _kinds(db, datasets, known)
                name = self._connections.source_name
                with closing(_rows(db, _ROW, query, stretch, low, high, only)) as rows:
                    found = pace.light((decode(row[:-1], name(db, row[2]), row[-1]) for row in rows), _line)
                pace.rows = len(found)
            if not pace.again:
                yield Portion(sorted(found, key=lambda row: row.id), low, high)

    def places(
        self, stretch: Stretch, query: Query | None = None, *, group: str = "", newest_first: bool = True
    ) -> Iterator[Places]:
        """The matching events without their lines; `group` is an ECS field to tell of each."""
        columns = f"e.id, e.ts, e.repeat, {_group(group) if group else 'NULL'}"
        pace = _Pace()
        for low, high in _windows(stretch, pace, newest_first=newest_first):
            with pace, self._connections.snapshot() as db:
                with closing(_rows(db, columns, query, stretch, low, high, "")) as rows:
                    found = pace.light((Place(*row) for row in rows), _value)
                pace.rows = len(found) // 10  # these are slight
            if not pace.again:
                yield Places(sorted(found, key=lambda place: place.id), low, high)

    def raised(self, wanted: Iterable[tuple[str, Entity, int, int]]) -> list[int]:
        """For each (rule, entity, first, last) the stored alert that overlaps these times, 0 for none."""
        with self._connections.snapshot() as db:
            return [overlapping(db, *one) for one in wanted]


def _line(row: EventRow) -> int:
    return len(row.raw)


def _value(place: Place) -> int:
    return len(place.group or "")


class _Pace:
    """How many ids to take at once, by how long the last ones took. Used as a context around each read.

    `again` says that they were too much to be held at once, and are to be read in smaller portions.
    """

    def __init__(self) -> None:
        self.size = FIRST
        self.rows = 0
        self.again = False
        self._began = 0.0
        self._each = 1.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def light(self, found: Iterator[R], weigh: Callable[[R], int]) -> list[R]:
        """What was found, or only the beginning where it is too much at once."""
        taken, room = [], HEAVY
        for one in found:
            taken.append(one)
            room -= weigh(one)
            if room < 0 and self.size > 1:
                self.again = True
                break
        return taken

    def __exit__(self, *_: object) -> None:
        if self.again:
            self.size = max(1, self.size // 8)
            return
        took = time.monotonic() - self._began
        each, before = took / self.size, self._each
        self._each = each
        if self.rows > 2 * MOST_ROWS or (took > LONG and each > 0.9 * before):
            self.size = max(min(LEAST, self.size), self.size // 2)
        elif self.rows <= MOST_ROWS and (took < LONG / 3 or (took < LONGEST and each < 0.7 * before)):
            self.size = min(MOST, self.size * 2)


def _windows(stretch: Stretch, pace: _Pace, *, newest_first: bool) -> Iterator[tuple[int, int]]:
    """Id ranges, both ends excluded, that make up the stretch."""
    low, high = stretch.low, stretch.high
    while high - low > 1:
        if newest_first:
            start = max(low, high - 1 - pace.size)
            yield start, high
            high = high if pace.again else start + 1
        else:
            end = min(high, low + 1 + pace.size)
            yield low, end
            low = low if pace.again else end - 1
        pace.again = False


def _rows(
    db: sqlite3.Connection,
    columns: str,
    query: Query | None,
    stretch: Stretch,
    low: int,
    high: int,
    only: str,
) -> Generator[tuple[Any, ...], None, None]:
    for leg in legs(db, query, low, high, every=True):
        where, params = _within(leg, stretch)
        yield from db.execute(f"SELECT {columns} FROM {leg.table} {JOIN} WHERE {where}{only}", params)


def _within(leg: Leg, stretch: Stretch) -> tuple[str, tuple[Any, ...]]:
    where, params = leg.where, leg.params
    for sign, bound in ((">=", stretch.start), ("<", stretch.end)):
        if bound is not None:
            where, params = f"{where} AND e.ts {sign} ?", (*params, bound)
    return where, params


def _kinds(db: sqlite3.Connection, wanted: Wanted, known: dict[int, bool]) -> str:
    """What leaves out events of unwanted kinds, in SQL; "" where all are wanted or there are very many."""
    newest = max(known, default=0)
    known.update(
        (ident, wanted(dataset))
        for ident, dataset in db.execute("SELECT id, dataset FROM kinds WHERE id > ?", (newest,))
    )
    chosen = [str(ident) for ident, is_wanted in known.items() if is_wanted]
    others = [str(ident) for ident, is_wanted in known.items() if not is_wanted]
    if not others or min(len(chosen), len(others)) > MOST_KINDS:
        return ""
    if len(others) < len(chosen):
        return f" AND (e.kind NOT IN ({','.join(others)}) OR {_ODD})"
    return f" AND (e.kind IN ({','.join(chosen)}) OR {_ODD})"


def _group(field: str) -> str:
    column = EXPRESSIONS.get(field)
    return other(field) if column is None else f"json_quote(CAST({column} AS TEXT))"


def group_values(group: str | None) -> list[str]:
    """The values that a `Place.group` stands for, as text.

    >>> group_values('["a", 2]'), group_values('"x"'), group_values(None)
    (['a', '2'], ['x'], [])
    """
    if group is None:
        return []
    found = from_json(group)
    many = found if isinstance(found, list) else [found]
    return [
        ("true" if item else "false") if isinstance(item, bool) else str(item)
        for item in many
        if item is not None
    ]
