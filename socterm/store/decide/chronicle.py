"""What was decided when, about whatever."""

from __future__ import annotations

from socterm.store.connections import Connections
from socterm.store.decide import trail
from socterm.store.rows import AuditRow

_SET_BACK = 3_600_000_000
"""µs by which the wall clock may have been set back and rows still be found."""


class ChronicleDesk:
    """Implements `protocols.Chronicle`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def decided(self, since: int, until: int) -> list[AuditRow]:
        """The audit rows of [since, until) µs of wall time, oldest first."""
        found: list[AuditRow] = []
        with self._connections.snapshot() as db:
            for row in trail.read(db, "1 ORDER BY id DESC"):
                if row.at < since - _SET_BACK:
                    break
                if since <= row.at < until:
                    found.append(row)
        return found[::-1]

    def newest(self) -> int:
        """The number of the newest audit row; 0 for none."""
        with self._connections.snapshot() as db:
            return trail.head(db)[0]

    def since(self, row: int, limit: int) -> list[AuditRow]:
        """The audit rows after this one, oldest first."""
        with self._connections.snapshot() as db:
            return list(trail.read(db, "id > ? ORDER BY id LIMIT ?", (row, limit)))
