"""What people decided about an alert, as it stands in its row."""

from __future__ import annotations

import sqlite3

from socterm.alerts.states import Standing
from socterm.errors import TransitionError

COLUMNS = ", ".join(Standing.__struct_fields__)


def next_change(db: sqlite3.Connection) -> int:
    """The number of this transaction's changes; it must hold the write lock."""
    found: int = db.execute("SELECT coalesce(max(change), 0) + 1 FROM alerts").fetchone()[0]
    return found


def read_standing(db: sqlite3.Connection, alert: int) -> Standing:
    """Raises TransitionError where there is no such alert."""
    row = db.execute(f"SELECT {COLUMNS} FROM alerts WHERE id = ?", (alert,)).fetchone()
    if row is None:
        raise TransitionError(f"there is no alert {alert}")
    return Standing(*row)


def write_standing(db: sqlite3.Connection, alert: int, standing: Standing, now: int, change: int) -> None:
    """Put a standing into the alert's row; the caller writes the audit row in the same transaction."""
    db.execute(
        "UPDATE alerts SET state = ?, verdict = ?, owner = ?, notes = ?, until = ?, open = ?, updated = ?, "
        "change = ? WHERE id = ?",
        (
            standing.state, standing.verdict, standing.owner, standing.notes, standing.until,
            int(standing.is_open), now, change, alert,
        ),
    )  # fmt: skip
