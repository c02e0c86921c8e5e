"""Keeps on record which alerts are part of others, commit by commit: `socterm.alerts.superseding` in SQL.

Looked at are the alerts that a commit changed and those they come to stand above, or cease to. Alerts are
filed in `alert_places` once a rule that supersedes theirs has raised one. Until then, and for alerts that no
rule supersedes and that supersede none, nothing is read or written.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from socterm.alerts.model import RuleInfo
from socterm.alerts.superseding import Above, Extent, Place, Shape, entity_of, place_for, places, top
from socterm.store.jsontext import from_json, to_json

Span = tuple[int, int]
"""First and last (µs) of an alert."""

EXTENT: Final = "a.id, a.rule, a.entity, a.first, a.last, a.rank, a.supersedes, a.reach, a.sole"
"""The columns an extent is made of."""

_BLOCK: Final = 32
"""Bits of an alert's last moment that its place leaves out: a growing alert moves once in 72 minutes."""

_AT_ONCE: Final = 500
_AGES: Final = 1 << 62
_FIND = f"""
SELECT {EXTENT} FROM alert_places p JOIN alerts a ON a.id = p.alert
WHERE p.place = ? AND p.block >= ? AND a.last >= ? AND a.first <= ?
"""


def extent_of(row: tuple[int, str, str, int, int, int, str, int, str]) -> Extent:
    """The extent in a row of `EXTENT`."""
    ident, rule, entity, first, last, rank, supersedes, reach, sole = row
    pairs = (from_json(sole) if sole else {}) | from_json(entity)
    return Extent(ident, rule, entity_of(pairs.items()), first, last, rank, keys_of(supersedes), reach)


def keys_of(text: str) -> tuple[str, ...]:
    """The rules an alert's row says it supersedes."""
    return tuple(from_json(text)) if text else ()


def text_of(info: RuleInfo) -> str:
    """How an alert's row says it."""
    return to_json(info.supersedes) if info.supersedes else ""


class Folding:
    """One commit's work, in its transaction.

    An alert is *reshaped* when its events do not agree any more on a field it was about for that (`sole`).

    `begin` is told, before rows change, which alerts are about to; `finish` when all have.
    """

    def __init__(self, db: sqlite3.Connection, infos: Mapping[str, RuleInfo], change: int) -> None:
        self.db = db
        self._infos = infos
        self._change = change
        self._above: dict[str, dict[str, int]] = {}
        self._shapes: dict[str, set[Shape]] = {}
        self._before: dict[int, Span] = {}
        self._was: dict[int, Extent] = {}
        self._reshaped: set[int] = set()
        self._gone: set[int] = set()
        self._changed: set[int] = set()

    def begin(self, alerts: Iterable[tuple[int, str]]) -> None:
        """(alert, rule) of those that are about to be created, to grow or to be joined to others."""
        raised = list(alerts)
        rules = {rule for _, rule in raised}
        concerned = {rule for rule in rules if self._concerns(rule)}
        self._changed = {alert for alert, rule in raised if rule in concerned}
        if not self._changed:
            return
        agreed = []
        for rows in _some(
            "SELECT id, first, last, sole FROM alerts WHERE id IN (%s)", self._changed, self.db
        ):
            self._before.update((alert, (first, last)) for alert, first, last, _ in rows)
            agreed += [row[0] for row in rows if row[3]]
        self._was = self._extents(agreed)

    def joined(self, alert: int) -> None:
        """An alert was joined to another one: it stands above nothing and under nothing any more."""
        self._gone.add(alert)

    def finish(self) -> None:
        """Bring on record what these changes made part of what."""
        if not self._changed:
            return
        gone = self._gone & self._changed
        known = self._extents(self._changed - gone)
        self._reshaped = {a for a, was in self._was.items() if a in known and known[a].entity != was.entity}
        orphans = self._children(gone | self._reshaped)
        self._note_rules(known.values())
        self._file(known, gone)
        touched = {alert: extent for alert, extent in known.items() if self._superseders(extent.rule)}
        touched |= self._extents(orphans - touched.keys() - gone)
        touched |= self._reached(known)
        self._place(touched, gone)

    # -- whom it concerns ----------------------------------------------------------------

    def _concerns(self, rule: str) -> bool:
        info = self._infos.get(rule)
        return bool((info is not None and info.supersedes) or self._superseders(rule) or self._is_above(rule))

    def _is_above(self, rule: str) -> bool:
        return self.db.execute("SELECT 1 FROM superseding WHERE rule = ?", (rule,)).fetchone() is not None

    def _superseders(self, rule: str) -> dict[str, int]:
        """Rules that have raised an alert that supersedes those of a rule, with their longest reach yet."""
        found = self._above.get(rule)
        if found is None:
            rows = self.db.execute("SELECT rule, reach FROM superseding WHERE superseded = ?", (rule,))
            found = self._above[rule] = dict(rows.fetchall())
        return found

    def _note_rules(self, extents: Iterable[Extent]) -> None:
        """Put on record which rules supersede which, and file the alerts of those now superseded."""
        new: list[str] = []
        for rule, reach, superseded in {(one.rule, one.reach, one.supersedes) for one in extents}:
            for key in superseded:
                known = self._superseders(key)
                if reach <= known.get(rule, -1):
                    continue
                if not known:
                    new.append(key)
                known[rule] = reach
                self.db.execute("INSERT OR REPLACE INTO superseding VALUES (?, ?, ?)", (key, rule, reach))
        sql = f"SELECT {EXTENT} FROM alerts a WHERE a.rule IN (%s) AND a.state != 'merged'"
        for rows in _some(sql, new, self.db):
            self._put(map(extent_of, rows))

    # -- places --------------------------------------------------------------------------

    def _file(self, known: Mapping[int, Extent], gone: Collection[int]) -> None:
        for extent in self._extents(gone).values():
            self._take(extent, self._before.get(extent.id, (0, extent.last))[1])
        moved = []
        for extent in known.values():
            before = self._before.get(extent.id)
            if extent.id in self._reshaped:
                self._take(self._was[extent.id], self._was[extent.id].last)
                moved.append(extent)
            elif before is not None and before[1] >> _BLOCK != extent.last >> _BLOCK:
                self._take(extent, before[1])
                moved.append(extent)
            elif before is None:
                moved.append(extent)
        self._put(moved)

    def _put(self, extents: Iterable[Extent]) -> None:
        rows, shapes = [], set()
        for extent in extents:
            shapes.add((extent.rule, extent.shape))
            rows += [(_digest(place), extent.last >> _BLOCK, extent.id) for place in places(extent)]
        self.db.executemany("INSERT OR IGNORE INTO alert_places VALUES (?, ?, ?)", rows)
        for rule, shape in sorted(shapes):
            if shape not in self._shapes_of(rule):
                self._shapes[rule].add(shape)
                self.db.execute("INSERT INTO alert_shapes VALUES (?, ?)", (rule, to_json(shape)))

    def _take(self, extent: Extent, last: int) -> None:
        self.db.executemany(
            "DELETE FROM alert_places WHERE place = ? AND block = ? AND alert = ?",
            [(_digest(place), last >> _BLOCK, extent.id) for place in places(extent)],
        )

    def _shapes_of(self, rule: str) -> set[Shape]:
        found = self._shapes.get(rule)
        if found is None:
            rows = self.db.execute("SELECT shape FROM alert_shapes WHERE rule = ?", (rule,))
            found = self._shapes[rule] = {tuple(from_json(row[0])) for row in rows}
        return found

    def _look(self, wanted: Mapping[Place, Span]) -> dict[int, Extent]:
        """The alerts filed in places and there within some time."""
        found: dict[int, Extent] = {}
        for place, (since, until) in wanted.items():
            rows = self.db.execute(_FIND, (_digest(place), since >> _BLOCK, since, until))
            for row in rows.fetchall():
                if row[0] not in found:
                    found[row[0]] = extent_of(row)
        return found

    # -- what stands under what ----------------------------------------------------------

    def _reached(self, known: Mapping[int, Extent]) -> dict[int, Extent]:
        """The alerts that those that changed may newly stand above."""
        wanted: dict[Place, Span] = {}
        for extent in known.values():
            if not extent.supersedes:
                continue
            since, until = self._news(extent)
            if since >= until:
                continue
            for rule in extent.supersedes:
                for shape in self._shapes_of(rule):
                    _widen(wanted, place_for(extent.entity, rule, shape), since, until)
        return self._look(wanted)

    def _news(self, extent: Extent) -> Span:
        """Between when alerts may have come under one: where it only goes on, beyond what it was."""
        first, last = self._before.get(extent.id, (extent.first + 1, extent.last))
        if extent.first == first and extent.last >= last and extent.id not in self._reshaped:
            return last + extent.reach, extent.last + extent.reach
        return min(first, extent.first) - extent.reach, max(last, extent.last) + extent.reach

    def _place(self, touched: Mapping[int, Extent], gone: Collection[int]) -> None:
        """Find anew what these stand under, and carry it on to what stands under them."""
        wanted: dict[Place, Span] = {}
        for below in touched.values():
            for rule, reach in self._superseders(below.rule).items():
                for shape in self._shapes_of(rule):
                    place = place_for(below.entity, rule, shape)
                    _widen(wanted, place, below.first - reach, below.last + reach)
        above = Above(self._look(wanted).values())
        under = {alert: 0 if (found := above.of(one)) is None else found.id for alert, one in touched.items()}
        under |= dict.fromkeys(gone, 0)
        was = self._links(under)
        moved = [(now, alert) for alert, now in under.items() if was[alert][0] != now]
        self.db.executemany("UPDATE alerts SET under = ? WHERE id = ?", moved)
        self._carry([alert for _, alert in moved])

    def _carry(self, moved: Collection[int]) -> None:
        """Say of all that moved, and of all below it, what it is part of now."""
        concerned = set(moved)
        fresh = set(moved)
        while fresh:
            fresh = self._children(fresh) - concerned
            concerned |= fresh
        links = self._links(concerned)

        def under(alert: int) -> int:
            if alert not in links:
                links.update(self._links([alert]))
            return links[alert][0]

        changes, counts = [], Counter[int]()
        for alert in concerned:
            found = top(alert, under, self._order)
            head = 0 if found == alert else found
            if (was := links[alert][1]) != head:
                changes.append((head, self._change, alert))
                counts[was] -= 1
                counts[head] += 1
        self.db.executemany("UPDATE alerts SET part_of = ?, change = ? WHERE id = ?", changes)
        del counts[0]
        self.db.executemany(
            "UPDATE alerts SET parts = parts + ?, change = ? WHERE id = ?",
            [(more, self._change, head) for head, more in counts.items() if more],
        )

    # -- rows ----------------------------------------------------------------------------

    def _extents(self, alerts: Iterable[int]) -> dict[int, Extent]:
        found: dict[int, Extent] = {}
        for rows in _some(f"SELECT {EXTENT} FROM alerts a WHERE a.id IN (%s)", alerts, self.db):
            found.update((row[0], extent_of(row)) for row in rows)
        return found

    def _order(self, alert: int) -> tuple[object, ...]:
        return self._extents([alert])[alert].order

    def _links(self, alerts: Iterable[int]) -> dict[int, tuple[int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for rows in _some("SELECT id, under, part_of FROM alerts WHERE id IN (%s)", alerts, self.db):
            found.update((alert, (under, head)) for alert, under, head in rows)
        return found

    def _children(self, alerts: Iterable[int]) -> set[int]:
        found: set[int] = set()
        for rows in _some("SELECT id FROM alerts WHERE under != 0 AND under IN (%s)", alerts, self.db):
            found.update(row[0] for row in rows)
        return found


def _some(sql: str, values: Iterable[object], db: sqlite3.Connection) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a statement that asks for values, some hundred of them at a time."""
    left = iter(values)
    while some := list(islice(left, _AT_ONCE)):
        yield db.execute(sql % ",".join("?" * len(some)), some).fetchall()


def _widen(wanted: dict[Place, Span], place: Place | None, since: int, until: int) -> None:
    if place is not None:
        known = wanted.get(place, (_AGES, -_AGES))
        wanted[place] = (min(since, known[0]), max(until, known[1]))


def _digest(place: Place) -> bytes:
    return hashlib.blake2b(to_json(place).encode("utf-8", "surrogatepass"), digest_size=12).digest()
