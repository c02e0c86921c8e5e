"""All that the store knows of one user, address or host. Implements `protocols.Entities`.

Exact: first and last line, alerts, incidents, risk. Counted over its latest lines only: outcomes and peers.
The index finds lines by user and address; a host's are looked for among the latest lines of all.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from typing import Any, Final

import msgspec

from socterm.alerts.bonds import KINDS
from socterm.alerts.risk import HARMLESS, total
from socterm.query import parse, quote
from socterm.store.connections import Connections
from socterm.store.doors.events import EventStore
from socterm.store.doors.scan import TOP, legs
from socterm.store.ingest.grouping import DEFAULT, stored_policy
from socterm.store.ingest.things import some
from socterm.store.words import MARKS

SAMPLE: Final = 2_000
"""Latest lines that outcomes and peers are counted over."""

NEAR: Final = 100_000
"""Latest lines of all that are looked through for a host."""

DAY: Final = 86_400_000_000
RARE: Final = 10
MOST_ALERTS: Final = 50
MOST_PEERS: Final = 20

FIELDS: Final = {"user": "user.name", "ip": "source.ip", "host": "host.hostname"}
"""Kind → the field its lines have it in."""

_PEERS: Final = {
    "ip": (("user.name", "user"), ("host.hostname", "host")),
    "user": (
        ("source.ip", "source_ip"),
        ("host.hostname", "host"),
        ("user.effective.name", "effective_user"),
    ),
    "host": (("source.ip", "source_ip"), ("user.name", "user")),
}
"""Kind → what it is met with: field and column."""

_TOLD: Final = ("source.geo.", "source.as.", "source.domain", "network.", "host.asset", "labels.")
"""Fields of its latest line that say what is known of it besides."""


class Peer(msgspec.Struct, frozen=True):
    """Something met in the same lines: how often, and how often without success."""

    field: str
    value: str
    count: int
    failures: int


class EntityAlert(msgspec.Struct, frozen=True):
    """An alert with it. `named`: the alert is about it, not only its evidence. Times are µs."""

    id: int
    title: str
    level: str
    state: str
    verdict: str
    first: int
    last: int
    incident: int
    named: bool


class Ranked(msgspec.Struct, frozen=True):
    """An entity by what its alerts add up to; `last` is the end of the latest."""

    field: str
    value: str
    risk: int = 0
    alerts: int = 0
    last: int = 0


class EntityPage(msgspec.Struct):
    """What is known of one entity. Times are µs of event time, 0 for never.

    `lines` is how many lines name it, all of them where `exact`; `outcomes` and `peers` are counted over the
    latest `sampled` lines. `baseline` is new (its first line is less than a day old), rare (few lines) or
    usual, as of the store's latest line.
    """

    field: str
    value: str
    first: int = 0
    last: int = 0
    lines: int = 0
    exact: bool = True
    sampled: int = 0
    outcomes: dict[str, int] = {}
    peers: list[Peer] = []
    alerts: list[EntityAlert] = []
    incidents: list[int] = []
    risk: int = 0
    known: dict[str, str] = {}
    baseline: str = ""


class EntityDesk:
    """Reads from any thread; nothing is written."""

    def __init__(self, connections: Connections, events: EventStore) -> None:
        self._connections = connections
        self._events = events

    def page(self, field: str, value: str) -> EntityPage:
        """All about one value of user.name, source.ip, host.hostname or another field that joins alerts.

        Raises UsageError where the value cannot be asked for.
        """
        kind = KINDS.get(field, "user")
        found = EntityPage(field, value)
        with self._connections.snapshot() as db:
            ids = self._lines(db, kind, found)
            if ids:
                _count(db, kind, ids, found)
                found.known = _known(self._events.read(db, ids[:1])[0].fields)
            _alerts(db, kind, found)
            _risk(db, kind, found)
            newest = (
                db.execute("SELECT coalesce(max(minute), 0) FROM minute_counts").fetchone()[0] * 60_000_000
            )
        if found.lines:
            usual = "rare" if found.exact and found.lines < RARE else "usual"
            found.baseline = "new" if newest - found.first < DAY else usual
        return found

    def ranked(self, limit: int = 500) -> list[Ranked]:
        """Those that alerts are about, riskiest first, as of the latest alert."""
        marks = ",".join("?" * len(HARMLESS))
        with self._connections.snapshot() as db:
            rows = db.execute(
                "SELECT t.field, t.value, a.risk, a.first, a.last FROM alert_things t "
                "JOIN alerts a ON a.id = t.alert WHERE t.own = 1 AND a.part_of = 0 AND a.state != 'merged' "
                f"AND a.verdict NOT IN ({marks})",
                HARMLESS,
            ).fetchall()
            half_life = (stored_policy(db) or DEFAULT).half_life
        found: dict[tuple[str, str], list[tuple[str, int, int, int]]] = defaultdict(list)
        for field, value, *rest in rows:
            found[field, value.casefold()].append((value, *rest))
        at = max((row[4] for row in rows), default=0)
        ranked = [
            Ranked(
                field, told[0][0], total(((given, first) for _, given, first, _ in told), at, half_life),
                len(told), max(last for *_, last in told),
            )
            for (field, _), told in found.items()
        ]  # fmt: skip
        return sorted(ranked, key=lambda one: (-one.risk, -one.last, one.field, one.value))[:limit]

    def _lines(self, db: sqlite3.Connection, kind: str, found: EntityPage) -> list[int]:
        """Its latest lines; their number and when it was seen first and last go into the page."""
        query = parse(f"{FIELDS[kind]}:{quote(found.value)}", now=0)
        indexed = FIELDS[kind] in MARKS
        newest = db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
        low = 0 if indexed else newest - NEAR
        ids: list[int] = []
        oldest = 0
        for leg in legs(db, query, low, TOP):
            key = "f.rowid" if leg.table.startswith("events_fts") else "e.id"
            sql = f"SELECT e.id FROM {leg.table} WHERE {leg.where} ORDER BY {key}"
            ids += [r[0] for r in db.execute(f"{sql} DESC LIMIT ?", (*leg.params, SAMPLE - len(ids)))]
            first = db.execute(f"{sql} LIMIT 1", leg.params).fetchone()
            oldest = min(filter(None, (oldest, first and first[0])), default=0)
            if leg.table.startswith("events_fts"):
                counted = "SELECT count(*) FROM events_fts f WHERE f.events_fts MATCH ?"
                found.lines += db.execute(counted, leg.params[:1]).fetchone()[0]
        if len(ids) < SAMPLE:
            found.lines = len(ids)
        found.lines = max(found.lines, len(ids))
        found.exact = (indexed or newest <= NEAR) and len(ids) < SAMPLE
        found.sampled = len(ids)
        if ids:
            ends = "SELECT ts FROM events WHERE id = ?"
            found.first = db.execute(ends, (oldest,)).fetchone()[0]
            found.last = db.execute(ends, (ids[0],)).fetchone()[0]
        return ids


def _count(db: sqlite3.Connection, kind: str, ids: list[int], found: EntityPage) -> None:
    peers = _PEERS[kind]
    columns = ", ".join(f"e.{column}" for _, column in peers)
    sql = (
        f"SELECT coalesce(k.outcome, ''), e.repeat, {columns} FROM events e "
        "LEFT JOIN kinds k ON k.id = e.kind WHERE e.id IN (%s)"
    )
    outcomes, met, failed = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome, weight, *values in some(db, sql, ids):
        outcomes[outcome or "none"] += weight
        for (field, _), value in zip(peers, values, strict=True):
            if value:
                met[field, value] += weight
                failed[field, value] += weight * (outcome == "failure")
    found.outcomes = dict(sorted(outcomes.items()))
    for field, _ in peers:
        ranked = sorted(((n, key) for key, n in met.items() if key[0] == field), key=lambda p: (-p[0], p[1]))
        found.peers += [Peer(*key, number, failed[key]) for number, key in ranked[:MOST_PEERS]]


def _known(fields: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in sorted(fields.items()) if name.startswith(_TOLD)}


_WITH = (
    "FROM alert_things t JOIN alerts a ON a.id = t.alert WHERE t.value = ? COLLATE NOCASE "
    "AND t.field IN (%s) AND a.state != 'merged'"
)


def _with(kind: str) -> tuple[str, list[str]]:
    fields = [field for field, what in KINDS.items() if what == kind]
    return _WITH % ",".join("?" * len(fields)), fields


def _alerts(db: sqlite3.Connection, kind: str, found: EntityPage) -> None:
    """Its alerts, gravest first, and their incidents."""
    where, fields = _with(kind)
    rows = db.execute(
        "SELECT a.id, a.title, a.level, a.state, a.verdict, a.first, a.last, coalesce((SELECT s.incident "
        f"FROM alert_stories s WHERE s.alert = a.id), 0), max(t.own) {where} "
        "GROUP BY a.id ORDER BY a.rank DESC, a.last DESC, a.id DESC",
        (found.value, *fields),
    ).fetchall()
    found.alerts = [_alert(row) for row in rows[:MOST_ALERTS]]
    found.incidents = sorted({row[7] for row in rows if row[7]})


def _alert(row: tuple[Any, ...]) -> EntityAlert:
    values: dict[str, Any] = dict(zip(EntityAlert.__struct_fields__, row, strict=True))
    return EntityAlert(**{**values, "named": bool(values["named"])})


def _risk(db: sqlite3.Connection, kind: str, found: EntityPage) -> None:
    """Its risk at the time of the store's latest alert or line of it."""
    where, fields = _with(kind)
    marks = ",".join("?" * len(HARMLESS))
    rows = db.execute(
        f"SELECT DISTINCT a.id, a.risk, a.first, a.last {where} AND t.own = 1 AND a.part_of = 0 "
        f"AND a.verdict NOT IN ({marks})",
        (found.value, *fields, *HARMLESS),
    ).fetchall()
    at = max([found.last, *(row[3] for row in rows)])
    policy = stored_policy(db) or DEFAULT
    found.risk = total(((given, first) for _, given, first, _ in rows), at, policy.half_life)
