"""Alerts that were put off until a time wake by themselves: whoever looks first after it writes that down."""

from __future__ import annotations

import sqlite3

from socterm.alerts.states import by_itself
from socterm.errors import StoreBusyError, StoreFullError
from socterm.store.connections import Connections
from socterm.store.decide import trail
from socterm.store.decide.decisions import write
from socterm.store.decide.standing import read_standing
from socterm.store.rows import AuditRow

_DUE = "SELECT id FROM alerts WHERE until != 0 AND until <= ? ORDER BY until, id"


def wake_due(db: sqlite3.Connection, now: int) -> list[AuditRow]:
    """Wake every alert whose time (µs) has passed, in the caller's transaction. Cheap where none has."""
    due = [row[0] for row in db.execute(_DUE, (now,)).fetchall()]
    if not due:
        return []
    entries = []
    for alert in due:
        before = read_standing(db, alert)
        entries.append(trail.Entry(alert, "woke", before, by_itself(before, "woke"), "its time has come"))
    return write(db, entries, trail.SYSTEM, now)


class SnoozeDesk:
    """Implements `protocols.Snoozes`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def wake(self, now: int) -> int:
        """Wake alerts whose time has passed and say how many.

        Where nothing can be written (open for reading only, a full disk, a lock held for seconds) they sleep
        on until somebody else looks, or the next look.
        """
        if self._connections.readonly:
            return 0
        with self._connections.snapshot() as db:
            if db.execute(f"{_DUE} LIMIT 1", (now,)).fetchone() is None:
                return 0
        try:
            with self._connections.writing() as db:
                return len(wake_due(db, now))
        except (StoreFullError, StoreBusyError):
            return 0

    def next(self) -> int:
        """When (µs) the next alert wakes; 0 where none is snoozed."""
        with self._connections.snapshot() as db:
            found = db.execute("SELECT min(until) FROM alerts WHERE until != 0").fetchone()[0]
        return int(found or 0)
