"""What the figures of triage are made of, read from alerts and the audit trail."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from socterm.alerts.metrics import Life, Metrics, Step, measure
from socterm.store.connections import Connections
from socterm.store.jsontext import from_json

_SHOWN = "(a.part_of = 0 OR NOT EXISTS (SELECT 1 FROM alerts h WHERE h.id = a.part_of AND h.open = 1))"
_LIVES = """
SELECT a.id, a.rule, a.title, a.level, a.first, a.created, a.state, a.verdict, a.part_of != 0,
  a.fired
FROM alerts a WHERE a.created >= ? AND a.created < ? AND a.state != 'merged' ORDER BY a.id
"""
_STEPS = """
SELECT d.alert, d.id, d.at, d.verb, json_extract(d.before, '$.state'), json_extract(d.after, '$.state'),
  d.undoes
FROM audit d JOIN alerts a ON a.id = d.alert
WHERE d.alert != 0 AND a.created >= ? AND a.created < ? ORDER BY d.id
"""
_BORN = """
SELECT min(at) FROM (SELECT min(applied) AS at FROM migrations UNION ALL SELECT min(created) FROM alerts)
"""


class MetricsDesk:
    """Implements `protocols.Figures`. It reads every alert of the period: call it from a thread."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def figures(self, since: int, until: int, now: int) -> Metrics:
        """The figures of the alerts raised in [since, until) µs; not from before the store began.

        What is open is so old at `now` (µs).
        """
        with self._connections.snapshot() as db:
            since = min(max(since, db.execute(_BORN).fetchone()[0] or 0), until - 1)
            return measure(
                _lives(db, since, until),
                db.execute(f"SELECT a.level, a.created FROM alerts a WHERE a.open = 1 AND {_SHOWN}"),
                db.execute("SELECT count(*) FROM alerts WHERE until != 0").fetchone()[0],
                since,
                until,
                now,
                _tune(db),
            )


def _lives(db: sqlite3.Connection, since: int, until: int) -> Iterator[Life]:
    steps: dict[int, list[Step]] = {}
    for alert, *values in db.execute(_STEPS, (since, until)):
        steps.setdefault(alert, []).append(Step(*values))
    for row in db.execute(_LIVES, (since, until)).fetchall():
        alert, rule, title, level, first, created, state, verdict, part, fired = row
        done = tuple(steps.get(alert, ()))
        yield Life(alert, rule, title, level, first, created, state, verdict, bool(part), done, fired)


def _tune(db: sqlite3.Connection) -> dict[str, str]:
    """What rules say about tuning them."""
    rows = db.execute("SELECT key, info FROM rules WHERE info IS NOT NULL").fetchall()
    said = ((key, from_json(info)) for key, info in rows)
    return {key: str(info.get("tune", "")) for key, info in said if isinstance(info, dict)}
