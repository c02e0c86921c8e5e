"""What all events of an alert agree on."""

from __future__ import annotations

import sqlite3


def m019_sole(db: sqlite3.Connection) -> None:
    """The value of the field its rule names, with its name, as JSON: the alert is about it, too.

    "" where the rule names none or the events do not agree. Alerts from before have none.
    """
    db.execute("ALTER TABLE alerts ADD COLUMN sole TEXT NOT NULL DEFAULT ''")
