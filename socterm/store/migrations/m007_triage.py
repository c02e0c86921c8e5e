"""Snoozing, what an alert follows, and audit rows about other things than alerts."""

from __future__ import annotations

import sqlite3


def m007_triage(db: sqlite3.Connection) -> None:
    """Until when an alert is snoozed (0: it is not), and which closed one of its rule and entity it follows.

    `follows_verdict` is what that one was closed as at that time. An audit row about something other than
    an alert names it in `about` ("incident:12"), and its `alert` is 0.
    """
    db.execute("ALTER TABLE alerts ADD COLUMN until INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE alerts ADD COLUMN follows INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE alerts ADD COLUMN follows_verdict TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE audit ADD COLUMN about TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX audit_about ON audit (about) WHERE about != ''")
    db.execute("CREATE INDEX alerts_snoozed ON alerts (until) WHERE until != 0")
    db.execute("CREATE INDEX alerts_group ON alerts (rule, entity, last)")
