"""Decisions as transactions: a verb, an undo or a redo changes alerts and the audit trail together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby

from socterm.alerts.states import FOLLOWED, VERBS, Decision, Standing, decide, follow
from socterm.errors import StaleError, TransitionError
from socterm.store.connection import transaction
from socterm.store.decide import trail
from socterm.store.decide.standing import next_change, read_standing, write_standing
from socterm.store.decide.subjects import SUBJECTS, subject
from socterm.store.rows import AuditRow


def apply(
    db: sqlite3.Connection,
    alert_ids: Sequence[int],
    decision: Decision,
    now: int,
    seen: int | None = None,
) -> list[AuditRow]:
    """One decision on one or many alerts and their parts: all of them or, with TransitionError, none.

    Raises StaleError where something was decided on one of them after the audit row `seen`.
    """
    with transaction(db):
        unchanged(db, alert_ids, seen)
        return write(db, entries_of(db, alert_ids, decision), decision.actor, now)


def unchanged(db: sqlite3.Connection, alert_ids: Sequence[int], seen: int | None) -> None:
    """Raise StaleError where something was decided on one of these alerts after the audit row `seen`."""
    if seen is not None and trail.latest(db, alert_ids) > seen:
        which = ", ".join(map(str, alert_ids))
        raise StaleError(f"alert {which} was decided on since you looked: look again")


def entries_of(db: sqlite3.Connection, alert_ids: Sequence[int], decision: Decision) -> list[trail.Entry]:
    """What a decision on alerts changes, of these first and then of their parts; nothing is written.

    Raises TransitionError, naming the alert, where a state does not allow it.
    """
    chosen = dict.fromkeys(alert_ids)
    entries = []
    for alert in chosen:
        before = read_standing(db, alert)
        try:
            after = decide(before, decision)
        except TransitionError as error:
            raise TransitionError(f"alert {alert}: {error}") from None
        entries.append(trail.Entry(alert, decision.verb, before, after, decision.text))
    for alert in chosen:
        entries += [entry for entry in _followed(db, alert, decision) if entry.alert not in chosen]
    return entries


def _followed(db: sqlite3.Connection, alert: int, decision: Decision) -> Iterator[trail.Entry]:
    """What a decision on an alert changes of its parts."""
    if decision.verb not in FOLLOWED:
        return
    rows = db.execute("SELECT id FROM alerts WHERE part_of = ? AND part_of != 0 ORDER BY id", (alert,))
    for (part,) in rows.fetchall():
        before = read_standing(db, part)
        after = follow(before, decision)
        if after is not None:
            yield trail.Entry(part, decision.verb, before, after, f"with alert {alert}")


def undo(db: sqlite3.Connection, actor: str, now: int) -> list[AuditRow]:
    """Take back the actor's newest decision that stands; [] where there is none.

    Raises TransitionError where an alert was changed since by somebody else.
    """
    with transaction(db):
        return _take_back(db, _to_undo(db, actor), "undo", actor, now)


def redo(db: sqlite3.Connection, actor: str, now: int) -> list[AuditRow]:
    """Take back the actor's newest undo, if they decided nothing since; [] otherwise."""
    with transaction(db):
        return _take_back(db, _to_redo(db, actor), "redo", actor, now)


def _take_back(
    db: sqlite3.Connection, rows: list[AuditRow], verb: str, actor: str, now: int
) -> list[AuditRow]:
    entries = []
    for row in rows:
        before, left, back = _present(db, row)
        if before != left:
            what = row.about.replace(":", " ") or f"alert {row.alert}"
            raise TransitionError(f"{what} was changed since: {verb} would lose that")
        entries.append(trail.Entry(row.alert, verb, before, back, undoes=row.id, about=row.about))
    return write(db, entries, actor, now) if entries else []


def _present(db: sqlite3.Connection, row: AuditRow) -> tuple[trail.State, trail.State, trail.State]:
    """How what a row is about stands, how the row left it, and how it stood before."""
    if row.about:
        kind, ident = subject(row.about)
        left = {name: value for name, value in row.after.items() if not name.startswith("~")}
        return kind.read(db, ident), left, row.before
    return read_standing(db, row.alert), Standing(**row.after), Standing(**row.before)


def write(db: sqlite3.Connection, entries: list[trail.Entry], actor: str, now: int) -> list[AuditRow]:
    """Carry out what entries say, as one decision with one audit row each, in the caller's transaction."""
    change = next_change(db)
    for entry in entries:
        if isinstance(entry.after, Standing):
            write_standing(db, entry.alert, entry.after, now, change)
            if entry.before.is_open != entry.after.is_open:  # type: ignore[union-attr]
                _touch_parts(db, entry.alert, change)
        else:
            kind, ident = subject(entry.about)
            kind.write(db, ident, entry.after, now)
    rows = trail.append(db, entries, actor=actor, now=now)
    _finish(db, entries, now)
    return rows


def _finish(db: sqlite3.Connection, entries: list[trail.Entry], now: int) -> None:
    """Tell each kind of thing that all of a decision about it is written."""
    about: dict[str, list[tuple[int, trail.State, trail.State]]] = {}
    for entry in entries:
        if entry.about:
            kind, _, ident = entry.about.partition(":")
            about.setdefault(kind, []).append((int(ident), entry.before, entry.after))
    for kind, changed in about.items():
        finish = SUBJECTS[kind].finish
        if finish is not None:
            finish(db, changed, now)


def _touch_parts(db: sqlite3.Connection, alert: int, change: int) -> None:
    """Whether an alert's parts are listed depends on whether it is open."""
    db.execute("UPDATE alerts SET change = ? WHERE part_of = ? AND part_of != 0", (change, alert))


def _backwards(db: sqlite3.Connection, actor: str) -> Iterator[list[AuditRow]]:
    """The actor's decisions, newest first, each with its rows in order."""
    rows = trail.read(db, "actor = ? ORDER BY id DESC", (actor,))
    for _, group in groupby(rows, key=lambda row: row.bulk):
        yield list(group)[::-1]


def _to_undo(db: sqlite3.Connection, actor: str) -> list[AuditRow]:
    """Rows of the newest decision that no undo, or an undo with a redo, followed."""
    undone: set[int] = set()
    redone: set[int] = set()
    for group in _backwards(db, actor):
        verb, target = group[0].verb, group[0].undoes
        if verb == "redo":
            redone.add(target)
        elif verb == "undo":
            if group[0].id not in redone:
                undone.add(target)
        elif _decided(group[0]) and group[0].id not in undone:
            return group
    return []


def _decided(row: AuditRow) -> bool:
    """Whether a person decided it; the software may run under the name of one."""
    return row.verb in (subject(row.about)[0].verbs if row.about else VERBS)


def _to_redo(db: sqlite3.Connection, actor: str) -> list[AuditRow]:
    """Rows of the newest undo that was not redone, down to the actor's newest decision."""
    redone: set[int] = set()
    for group in _backwards(db, actor):
        verb = group[0].verb
        if verb == "redo":
            redone.add(group[0].undoes)
        elif verb == "undo":
            if group[0].id not in redone:
                return group
        else:
            return []
    return []


def decisions_since(db: sqlite3.Connection, audit_id: int) -> tuple[int, list[tuple[int, str]]]:
    """(newest audit id, [(alert, close or reopen)]) of the rows after `audit_id`, oldest first."""
    newest, _ = trail.head(db)
    found = []
    for row in trail.read(db, "id > ? AND id <= ? AND alert != 0 ORDER BY id", (audit_id, newest)):
        was, now = row.before["state"] == "closed", row.after["state"] == "closed"
        if was != now and row.after["state"] != "merged":
            found.append((row.alert, "close" if now else "reopen"))
    return max(newest, audit_id), found
