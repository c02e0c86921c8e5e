"""Joining all alerts from nothing: where there were no incidents before, and after the policy changed."""

from __future__ import annotations

import sqlite3

from socterm.alerts.bonds import Policy, bonds_of
from socterm.alerts.incidents import links, stories
from socterm.store.ingest import things
from socterm.store.ingest.assigning import Settling
from socterm.store.ingest.grouping import keep_policy, stored_policy
from socterm.store.ingest.stories import digest


def use_policy(db: sqlite3.Connection, policy: Policy, now: int) -> None:
    """Put a policy in force, in the caller's transaction; where it is new, join all alerts anew."""
    if stored_policy(db) == policy:
        return
    keep_policy(db, policy)
    _learn(db)
    found = things.all_facts(db)
    kept = {
        row[0]: row[1:] for row in db.execute("SELECT alert, incident, pinned FROM alert_stories").fetchall()
    }
    for table in ("alert_bonds", "alert_links", "alert_stories"):
        db.execute(f"DELETE FROM {table}")
    joined = links(found, policy)
    told = stories([one.id for one in found], joined)
    for one in found:
        bonds = bonds_of(one.own, one.seen, policy)
        db.executemany(
            "INSERT INTO alert_bonds VALUES (?, ?, ?, ?, ?, ?)",
            [(digest(bond), one.last, one.id, one.first, bonds.kind, one.sign) for bond in bonds.all],
        )
    db.executemany(
        "INSERT INTO alert_links VALUES (?, ?, ?, ?)",
        [(link.alert, link.field, link.value, link.other) for link in joined],
    )
    db.executemany(
        "INSERT INTO alert_stories VALUES (?, ?, ?, ?, ?, ?)",
        [(one.id, told[one.id][0], *kept.get(one.id, (0, 0)), one.first, one.last) for one in found],
    )
    Settling(db, now).settle({story for story, _ in told.values()}, kept)


def _learn(db: sqlite3.Connection) -> None:
    """Put on record what alerts are about of which nothing is known yet."""
    rows = db.execute(
        "SELECT id, episode, entity FROM alerts WHERE state != 'merged' "
        "AND id NOT IN (SELECT alert FROM alert_stories)"
    ).fetchall()
    for alert, episode, entity in rows:
        seen = things.Said(db, {}).by(things.evidence(db, episode))
        things.keep(db, things.kept(alert, things.entity_things(entity), seen, (set(), set())))
    db.execute("UPDATE alerts SET fired = last WHERE fired = 0")
