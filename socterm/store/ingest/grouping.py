"""The policy by which alerts are joined, kept in the store: all who read it join them the same way."""

from __future__ import annotations

import sqlite3

import msgspec

from socterm.alerts.bonds import Policy
from socterm.config import INTERNAL

POLICY = "incident_policy"
"""Its key in `meta`; not there before the first ingest joined alerts."""

DEFAULT = Policy(internal=INTERNAL)


def stored_policy(db: sqlite3.Connection) -> Policy | None:
    """The policy in force; None where alerts were never joined."""
    found = db.execute("SELECT value FROM meta WHERE key = ?", (POLICY,)).fetchone()
    return msgspec.json.decode(found[0], type=Policy) if found else None


def keep_policy(db: sqlite3.Connection, policy: Policy) -> None:
    """Put a policy in force, in the caller's transaction."""
    text = msgspec.json.encode(policy).decode()
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (POLICY, text))
