"""Alerts, read and decided on. Implements `protocols.Triage`."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from socterm.alerts.levels import LEVELS, rank_of
from socterm.alerts.states import OPEN_STATES, Decision
from socterm.query import Query, compile_sql, json_field
from socterm.store.connections import Connections
from socterm.store.decide import decisions, trail
from socterm.store.doors.events import EventStore
from socterm.store.evidence import event_ids
from socterm.store.expressions import plain_values
from socterm.store.jsontext import clean, from_json, unpack_name
from socterm.store.rows import AlertRow, AuditRow, EventRow, Place, RuleRow, SourceRow

_TAGS, _ENTITY, _SETTLED = map(AlertRow.__struct_fields__.index, ("tags", "entity", "settled"))
_COLUMNS = ", ".join(f"a.{name}" for name in AlertRow.__struct_fields__)
_LET_GO = "coalesce((SELECT lines FROM let_go WHERE source = sources.id), 0)"
_SOURCE_COLUMNS = ", ".join(_LET_GO if name == "let_go" else name for name in SourceRow.__struct_fields__)
_UNFOLDED = "(a.part_of = 0 OR NOT EXISTS (SELECT 1 FROM alerts h WHERE h.id = a.part_of AND {}))"
"""Alerts but those whose head is of a kind."""

_TEXT = (
    "{0}.title || ' ' || coalesce((SELECT group_concat(value, ' ') FROM json_each({0}.entity)), '')"
    " || ' ' || {0}.tags || ' ' || {0}.owner"
)
"""What free words look at in an alert."""

ASKED: dict[str, str] = {
    "@timestamp": "last",
    "level": "level",
    "rule": "rule",
    "rule.id": "rule",
    "rule.name": "title",
    "title": "title",
    "message": "title",
    "state": "state",
    "verdict": "verdict",
    "owner": "owner",
    "count": "count",
    "id": "id",
    "parts": "parts",
}
"""What a query can ask of an alert besides `part_of` and the fields of its entity: name → column."""


class TriageDesk:
    """Reads from any thread; decisions are one transaction each and wait for ingest, never the reverse."""

    def __init__(self, connections: Connections, events: EventStore) -> None:
        self._connections = connections
        self._events = events

    # -- alerts --------------------------------------------------------------------------

    def alerts(
        self,
        *,
        states: Sequence[str] | None = None,
        min_level: str = "informational",
        query: Query | None = None,
        limit: int = 1000,
        parts: bool = False,
        beyond: Place | None = None,
    ) -> list[AlertRow]:
        """Alerts, gravest level first, then newest; open ones unless states are named.

        What is part of another alert that is asked for too is left out, unless `parts`. `beyond` goes on
        behind the alert that stands there in this order.
        """
        rank = rank_of(min_level)
        where, params = _which("a", states, rank, query)
        if not parts:
            head, more = _which("h", states, rank, query)
            where, params = f"{where} AND {_UNFOLDED.format(head)}", [*params, *more]
        if beyond is not None:
            where, params = f"{where} AND (a.rank, a.last, a.id) < (?, ?, ?)", [*params, *beyond]
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM alerts a WHERE {where} "
                "ORDER BY a.rank DESC, a.last DESC, a.id DESC LIMIT ?",
                (*params, limit),
            )
            return [_alert(row) for row in rows]

    def parts(self, alert_id: int) -> list[AlertRow]:
        """The alerts that are part of one, gravest level first, then newest."""
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM alerts a WHERE a.part_of = ? AND a.part_of != 0 "
                "ORDER BY a.rank DESC, a.last DESC, a.id DESC",
                (alert_id,),
            )
            return [_alert(row) for row in rows]

    def alert(self, alert_id: int) -> AlertRow | None:
        """One alert, or None."""
        with self._connections.snapshot() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM alerts a WHERE a.id = ?", (alert_id,)).fetchone()
        return _alert(row) if row else None

    def alert_events(
        self, alert_id: int, *, limit: int = 200, newest_first: bool = True, room: int | None = None
    ) -> list[EventRow]:
        """Its base events by id; those of the alert it was merged into, where it was.

        No more of them than up to the line that fills `room` characters.
        """
        with self._connections.snapshot() as db:
            ids = _evidence(db, _episode(db, alert_id), limit, newest_first=newest_first)
            return self._events.read(db, ids, room)

    def alerts_of_event(self, event_id: int) -> list[AlertRow]:
        """The alerts an event is evidence of."""
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS}, p.hits "
                "FROM events e JOIN alerts a ON a.last >= e.ts AND a.first <= e.ts "
                "JOIN alert_events p ON p.episode = a.episode AND ?1 BETWEEN p.first_event AND p.last_event "
                "WHERE e.id = ?1 ORDER BY a.rank DESC, a.last DESC, a.id DESC",
                (event_id,),
            )
            found = {row[0]: row for row in rows if event_id in event_ids(row[-1])}
        return [_alert(row[:-1]) for row in found.values()]

    def counts(self) -> dict[str, int]:
        """Open alerts per level, every level named, gravest first; parts of open alerts are not counted."""
        sql = f"SELECT a.rank, count(*) FROM alerts a WHERE a.open = 1 AND {_UNFOLDED} GROUP BY a.rank"
        with self._connections.snapshot() as db:
            found = dict(db.execute(sql.format("h.open = 1")))
        return {level: found.get(rank, 0) for rank, level in reversed(list(enumerate(LEVELS)))}

    def changes(self, since: int) -> tuple[int, list[int]]:
        """(newest change number, alert ids created or changed after `since`)."""
        with self._connections.snapshot() as db:
            rows = db.execute(
                "SELECT id, change FROM alerts WHERE change > ? ORDER BY change, id", (since,)
            ).fetchall()
        return max(since, rows[-1][1] if rows else 0), [row[0] for row in rows]

    def newest_change(self) -> int:
        """The newest change number; 0 where there are no alerts. Costs microseconds."""
        with self._connections.snapshot() as db:
            newest: int = db.execute("SELECT coalesce(max(change), 0) FROM alerts").fetchone()[0]
        return newest

    # -- decisions -----------------------------------------------------------------------

    def decide(
        self,
        alert_ids: Sequence[int],
        verb: str,
        *,
        actor: str,
        now: int,
        seen: int | None = None,
        **details: Any,
    ) -> list[AuditRow]:
        """Apply a verb of `socterm.alerts.states` (close and verdict take `verdict`, note takes `text`).

        Snooze takes the wall time `until` (µs). What acknowledges, starts, escalates, puts off or closes an
        alert does so to its parts. All or nothing. `seen` is the latest decision on them that is known.
        Raises TransitionError where a state does not allow the verb, StaleError where there was a later one.
        """
        said: dict[str, Any] = {k: clean(v) if isinstance(v, str) else v for k, v in details.items()}
        decision = Decision(verb, clean(actor), at=now, **said)
        with self._connections.decider() as db:
            return decisions.apply(db, alert_ids, decision, now, seen)

    def undo(self, *, actor: str, now: int) -> list[AuditRow]:
        """Take back the actor's last decision, on all its alerts; [] where there is none.

        Raises TransitionError where somebody changed one of the alerts since.
        """
        with self._connections.decider() as db:
            return decisions.undo(db, clean(actor), now)

    def redo(self, *, actor: str, now: int) -> list[AuditRow]:
        """Do again what the actor undid last, if they decided nothing since; [] otherwise."""
        with self._connections.decider() as db:
            return decisions.redo(db, clean(actor), now)

    def decided(self, alert_id: int) -> int:
        """The newest audit row about an alert, 0 for none: what `decide` takes as `seen`."""
        with self._connections.snapshot() as db:
            return trail.latest(db, [alert_id])

    def history(self, alert_id: int) -> list[AuditRow]:
        """The audit rows of one alert, oldest first."""
        with self._connections.snapshot() as db:
            return list(trail.read(db, "alert = ? ORDER BY id", (alert_id,)))

    # -- sources, rules, views -----------------------------------------------------------

    def sources(self) -> list[SourceRow]:
        """Every source this store has read, with its counters."""
        with self._connections.snapshot() as db:
            rows = db.execute(f"SELECT {_SOURCE_COLUMNS} FROM sources ORDER BY id").fetchall()
        return [_source(row) for row in rows]

    def rules(self) -> list[RuleRow]:
        """Every rule's fate as last loaded."""
        with self._connections.snapshot() as db:
            rows = db.execute(
                "SELECT r.key, r.title, r.level, r.fate, r.reason, r.path, coalesce(h.hits, 0), "
                "coalesce(a.alerts, 0), r.info FROM rules r "
                "LEFT JOIN rule_hits h ON h.rule = r.key LEFT JOIN "
                "(SELECT rule, count(*) AS alerts FROM alerts WHERE state != 'merged' GROUP BY rule) a "
                "ON a.rule = r.key ORDER BY r.number"
            )
            return [_rule(row) for row in rows]

    def steps(self, rule: str) -> tuple[str, ...]:
        """How to check an alert of this rule (its key), as the rule says; () where it says nothing."""
        with self._connections.snapshot() as db:
            row = db.execute("SELECT info FROM rules WHERE key = ?", (rule,)).fetchone()
        return _said(row[0], "check") if row else ()

    def load_ui(self, name: str) -> str | None:
        """A saved view's JSON."""
        with self._connections.snapshot() as db:
            row = db.execute("SELECT value FROM ui_state WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def save_ui(self, name: str, value: str) -> None:
        """Save a view's JSON."""
        with self._connections.writing() as db:
            db.execute("INSERT OR REPLACE INTO ui_state VALUES (?, ?)", (name, clean(value)))


def _rule(row: tuple[Any, ...]) -> RuleRow:
    ident, title, level, fate, reason, path, hits, alerts, info = row
    innocent, check = _said(info, "falsepositives"), _said(info, "check")
    about = _said(info, "about") or None
    return RuleRow(ident, title, level, fate, reason, path, hits, alerts, innocent, check, about)


def _said(info: str | None, name: str) -> tuple[str, ...]:
    """A list in the stored description of a rule."""
    found = from_json(info) if info else None
    listed = found.get(name) if isinstance(found, dict) else None
    return tuple(str(text) for text in listed or ())


def _which(alert: str, states: Sequence[str] | None, rank: int, query: Query | None) -> tuple[str, list[Any]]:
    """The alerts (by the name the statement has for them) that are asked for; open ones have an index."""
    if states is None or set(states) == set(OPEN_STATES):
        where, params = f"{alert}.open = 1", []
    else:
        where, params = f"{alert}.state IN ({','.join('?' * len(states))})", list[Any](states)
    if query is not None and not query.is_empty:
        names = {name: f"{alert}.{column}" for name, column in ASKED.items()}
        names["part_of"] = f"nullif({alert}.part_of, 0)"
        sql = compile_sql(query, names, text=_TEXT.format(alert), other=json_field(f"{alert}.entity"))
        for value in plain_values(query, names.keys()):  # before JSON of every alert is looked into
            where, params = f"{where} AND {alert}.entity LIKE ?", [*params, f"%{value}%"]
        where, params = f"{where} AND {sql.where}", [*params, *sql.params]
    return f"{where} AND {alert}.rank >= ?", [*params, rank]


def _alert(row: tuple[Any, ...]) -> AlertRow:
    values = list(row)
    values[_TAGS] = _tags(row[_TAGS])
    values[_ENTITY] = from_json(row[_ENTITY])
    values[_SETTLED] = bool(row[_SETTLED])
    return AlertRow(*values)


@lru_cache(maxsize=1024)
def _tags(text: str) -> tuple[str, ...]:
    """Those of a rule stand in each of its alerts."""
    return tuple(from_json(text))


def _source(row: tuple[Any, ...]) -> SourceRow:
    values = dict(zip(SourceRow.__struct_fields__, row, strict=True))
    values.update(name=unpack_name(values["name"]), drops=from_json(values["drops"]))
    values.update(formats=from_json(values["formats"]), samples=tuple(from_json(values["samples"])))
    return SourceRow(**values)


def _episode(db: sqlite3.Connection, alert_id: int) -> int:
    """The episode that holds an alert's evidence; 0 where there is no such alert."""
    seen: set[int] = set()
    while alert_id not in seen:
        seen.add(alert_id)
        row = db.execute("SELECT episode, merged_into FROM alerts WHERE id = ?", (alert_id,)).fetchone()
        if row is None:
            return 0
        if not row[1]:
            return int(row[0])
        alert_id = row[1]
    return 0


def _evidence(db: sqlite3.Connection, episode: int, limit: int, *, newest_first: bool) -> list[int]:
    """The newest (or oldest) event ids of an episode, reading no more parts than needed."""
    order = "last_event DESC" if newest_first else "first_event ASC"
    sign = 1 if newest_first else -1
    heap: list[int] = []
    kept: set[int] = set()
    for edge, data in _parts(db, episode, order, newest_first=newest_first):
        if len(heap) >= limit and sign * edge < heap[0]:
            break
        for event in event_ids(data):
            if event not in kept:
                kept.add(event)
                heapq.heappush(heap, sign * event)
                if len(heap) > limit:
                    kept.discard(sign * heapq.heappop(heap))
    return [sign * event for event in sorted(heap, reverse=True)]


def _parts(
    db: sqlite3.Connection, episode: int, order: str, *, newest_first: bool
) -> Iterator[tuple[int, bytes]]:
    edge = "last_event" if newest_first else "first_event"
    yield from db.execute(
        f"SELECT {edge}, hits FROM alert_events WHERE episode = ? ORDER BY {order}", (episode,)
    )
