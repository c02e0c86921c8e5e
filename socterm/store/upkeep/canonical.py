"""A dump for comparing stores: the same input gives the same lines, however it was cut into batches.

Left out are row ids, wall-clock columns (but not when a snoozed alert is to wake), whether an alert is
settled yet, and alerts merged into others.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from socterm.store.codec import JOIN, READ_COLUMNS, decode, time_from
from socterm.store.connection import connect, our_errors
from socterm.store.evidence import event_ids
from socterm.store.jsontext import from_json, unpack_name
from socterm.store.opening import make_readable

_FLAGS = READ_COLUMNS.split(", ").index("e.flags")
_ALERT = ("rule", "first", "last", "count", "signals", "state", "verdict", "owner", "notes", "until")

_MATES = (
    "SELECT a.rule, a.entity, a.first FROM alert_stories s JOIN alert_stories m ON m.incident = s.incident "
    "JOIN alerts a ON a.id = m.alert WHERE s.alert = ? AND s.incident != 0"
)
"""The alerts of an alert's incident, which is named by the first of them."""


def canonical(path: str | Path) -> Iterator[str]:
    """JSON lines: sources by name, events by (source, position), alerts by (rule, entity, first)."""
    make_readable(Path(path))
    db = connect(Path(path), readonly=True)
    try:
        with our_errors():
            db.execute("BEGIN")
            names = {ident: unpack_name(name) for ident, name in db.execute("SELECT id, name FROM sources")}
            for record in _sources(db):
                yield _line(record)
            for record in _events(db, names):
                yield _line(record)
            for record in _alerts(db, names):
                yield _line(record)
    finally:
        db.close()


def _line(record: Any) -> str:
    return json.dumps(record, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _sources(db: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = db.execute("SELECT name, position, lines, decoded, late FROM sources")
    found = [
        {"source": unpack_name(name), "position": position, "lines": lines, "decoded": decoded, "late": late}
        for name, position, lines, decoded, late in rows
    ]
    return sorted(found, key=lambda record: str(record["source"]))


def _events(db: sqlite3.Connection, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Every event; the time of one that has none of its own is the clock's and left out."""
    for ident, name in sorted(names.items(), key=lambda item: item[1]):
        rows = db.execute(
            f"SELECT {READ_COLUMNS}, b.raw FROM events e {JOIN} LEFT JOIN event_bytes b ON b.id = e.id "
            "WHERE e.source = ? ORDER BY e.position",
            (ident,),
        )
        for row in rows:
            event = decode(row[:-1], name, row[-1])
            origin = time_from(row[_FLAGS])
            record: dict[str, Any] = {
                "event": [name, event.position], "raw": event.raw, "fields": event.fields,
                "kind": event.kind, "repeat": event.repeat, "time_from": origin,
            }  # fmt: skip
            if origin != "received":
                record["ts"] = event.ts
            if event.raw_bytes is not None:
                record["raw_bytes"] = base64.b64encode(event.raw_bytes).decode()
            yield record


def _alerts(db: sqlite3.Connection, names: dict[int, str]) -> list[dict[str, Any]]:
    rows = db.execute(
        f"SELECT id, episode, entity, part_of, {', '.join(_ALERT)} FROM alerts WHERE state != 'merged'"
    )
    found = []
    for ident, episode, entity, part_of, *values in rows.fetchall():
        record: dict[str, Any] = dict(zip(_ALERT, values, strict=True))
        record["alert"] = record.pop("rule")
        record["entity"] = from_json(entity)
        if part_of:
            record["part_of"] = _named(db, part_of)
        mates = db.execute(_MATES, (ident,)).fetchall()
        if mates:
            record["incident"] = min(
                ([rule, from_json(entity), first] for rule, entity, first in mates), key=_line
            )
        record["evidence"] = _evidence(db, episode, names)
        found.append(record)
    return sorted(
        found, key=lambda r: (r["alert"], json.dumps(r["entity"], sort_keys=True), r["first"], _line(r))
    )


def _named(db: sqlite3.Connection, alert: int) -> list[Any]:
    """An alert by what it is: rule, entity, first moment."""
    row = db.execute("SELECT rule, entity, first FROM alerts WHERE id = ?", (alert,)).fetchone()
    return [row[0], from_json(row[1]), row[2]] if row else ["", {}, 0]


def _evidence(db: sqlite3.Connection, episode: int, names: dict[int, str]) -> list[list[Any]]:
    """[source, position] of an alert's base events, in that order; an event missing from the log as null."""
    found: set[tuple[str, int]] = set()
    missing = 0
    for (data,) in db.execute("SELECT hits FROM alert_events WHERE episode = ?", (episode,)).fetchall():
        for event in event_ids(data):
            row = db.execute("SELECT source, position FROM events WHERE id = ?", (event,)).fetchone()
            if row is None:
                missing += 1
            else:
                found.add((names[row[0]], row[1]))
    return [*map(list, sorted(found)), *([["", -1]] * missing)]
