"""What alerts are about, on record: users, addresses and hosts of their entities and of their evidence."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from socterm.alerts.bonds import KINDS, Thing, Things, seen_in, things_of
from socterm.alerts.incidents import Facts
from socterm.store.codec import JOIN, READ_COLUMNS, decode
from socterm.store.evidence import event_ids
from socterm.store.jsontext import clean, from_json

KEPT = 64
"""Values of a field of one alert's evidence that are kept; far fewer say nothing any more."""

FACTS = "a.id, a.rule, a.rank, a.first, a.last, a.entity, a.part_of"
_AT_ONCE = 500
About = dict[int, tuple[set[Thing], set[Thing]]]
"""Alert → (what its entity names, what its evidence names)."""


def some(db: sqlite3.Connection, sql: str, values: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    """The rows of a statement that asks for values, some hundred of them at a time."""
    left = iter(values)
    while part := list(islice(left, _AT_ONCE)):
        yield from db.execute(sql % ",".join("?" * len(part)), part).fetchall()


def things(db: sqlite3.Connection, alerts: Collection[int]) -> About:
    """What alerts are about."""
    found: About = {alert: (set(), set()) for alert in alerts}
    sql = "SELECT alert, field, value, own FROM alert_things WHERE alert IN (%s)"
    for alert, field, value, own in some(db, sql, alerts):
        if field in KINDS:
            found[alert][0 if own else 1].add(Thing(field, value))
    return found


def facts(db: sqlite3.Connection, alerts: Collection[int]) -> dict[int, Facts]:
    """What decides with which alerts these belong, by id; merged ones are left out."""
    about = things(db, alerts)
    sql = f"SELECT {FACTS} FROM alerts a WHERE a.state != 'merged' AND a.id IN (%s)"
    return {row[0]: facts_of(row, *about[row[0]]) for row in some(db, sql, alerts)}


def facts_of(row: tuple[Any, ...], own: Iterable[Thing], seen: Iterable[Thing]) -> Facts:
    """The facts in a row of `FACTS` and its things."""
    ident, rule, rank, first, last, entity, head = row
    return Facts(ident, rule, rank, first, last, frozenset(own), frozenset(seen), head, entity)


def all_facts(db: sqlite3.Connection) -> list[Facts]:
    """Those of every alert that was not merged."""
    about: dict[int, tuple[set[Thing], set[Thing]]] = defaultdict(lambda: (set(), set()))
    for alert, field, value, own in db.execute("SELECT alert, field, value, own FROM alert_things"):
        if field in KINDS:
            about[alert][0 if own else 1].add(Thing(field, value))
    rows = db.execute(f"SELECT {FACTS} FROM alerts a WHERE a.state != 'merged'").fetchall()
    return [facts_of(row, *about[row[0]]) for row in rows]


def entity_things(entity: str) -> Things:
    """What an alert's own entity names, from its row."""
    return frozenset(map(_storable, things_of(from_json(entity).items())))


def evidence(db: sqlite3.Connection, episode: int) -> list[int]:
    """Ids of all events of an episode."""
    rows = db.execute("SELECT hits FROM alert_events WHERE episode = ?", (episode,)).fetchall()
    return [event for (data,) in rows for event in event_ids(data)]


class Said:
    """What events say. `at_hand` are the fields of those of this batch: one is evidence of several alerts."""

    def __init__(self, db: sqlite3.Connection, at_hand: Mapping[int, Mapping[str, Any]]) -> None:
        self._db = db
        self._at_hand = at_hand
        self._known: dict[int, Things] = {}

    def by(self, ids: Iterable[int]) -> set[Thing]:
        """What some events say, by their numbers."""
        found: set[Thing] = set()
        earlier = []
        known = self._known
        for ident in ids:
            said = known.get(ident)
            if said is None:
                fields = self._at_hand.get(ident)
                if fields is None:
                    earlier.append(ident)
                    continue
                said = known[ident] = frozenset(map(_storable, seen_in(fields)))
            found |= said
        sql = f"SELECT {READ_COLUMNS} FROM events e {JOIN} WHERE e.id IN (%s)"
        for row in some(self._db, sql, earlier):
            said = known[row[0]] = frozenset(map(_storable, seen_in(decode(row, "").fields)))
            found |= said
        return found


def _storable(thing: Thing) -> Thing:
    """A thing as its column can have it: an entity's lone surrogates are kept as JSON only."""
    return Thing(thing.field, clean(thing.value))


def kept(
    alert: int, own: Iterable[Thing], more: Iterable[Thing], about: tuple[set[Thing], set[Thing]]
) -> list[tuple[int, str, str, int]]:
    """Rows of what is to be known of an alert besides what it was known to be `about`, which grows by it."""
    rows = [(alert, thing.field, thing.value, 1) for thing in own]
    about[0].update(own)
    news = [thing for thing in more if thing not in about[1]]
    if news:
        counts = Counter(thing.field for thing in about[1])
        for thing in sorted(news):
            if counts[thing.field] < KEPT:
                about[1].add(thing)
                counts[thing.field] += 1
                rows.append((alert, thing.field, thing.value, 0))
    return rows


def keep(db: sqlite3.Connection, rows: Iterable[tuple[int, str, str, int]]) -> None:
    """Put on record what alerts are about."""
    db.executemany("INSERT OR IGNORE INTO alert_things VALUES (?, ?, ?, ?)", rows)
