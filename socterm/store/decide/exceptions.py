"""Exceptions as the store keeps them: added and ended by people, counted by the ingest, never deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from socterm.alerts.states import Decision
from socterm.errors import TransitionError
from socterm.store.connection import transaction
from socterm.store.connections import Connections
from socterm.store.decide import decisions, trail
from socterm.store.decide.subjects import SUBJECTS, Subject
from socterm.store.jsontext import clean, from_json, to_json
from socterm.store.rows import AuditRow, ExceptionRow

KIND: Final = "exception"
ADDED: Final = "except"
ENDED: Final = "expire"
"""What the audit trail calls adding one and ending it before its time (or giving it another)."""

CHANGES: Final = "exceptions"
"""The name in `meta` of the number that grows with each decision on exceptions."""

_DECIDED: Final = ("document", "title", "rules", "reason", "author", "created", "expires", "alert")
_COLUMNS: Final = ", ".join(ExceptionRow.__struct_fields__)


class ExceptionDesk:
    """Implements `protocols.Exceptions`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> list[ExceptionRow]:
        """Every exception that was not undone, newest first: those that ended, too."""
        with self._connections.snapshot() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM exceptions WHERE withdrawn = 0 ORDER BY id DESC")
            return [_row(row) for row in rows]

    def get(self, ident: int) -> ExceptionRow | None:
        """One of them, or None."""
        with self._connections.snapshot() as db:
            sql = f"SELECT {_COLUMNS} FROM exceptions WHERE id = ? AND withdrawn = 0"
            row = db.execute(sql, (ident,)).fetchone()
        return None if row is None else _row(row)

    def add(
        self,
        made: Mapping[str, Any],
        *,
        actor: str,
        now: int,
        expires: int,
        alert: int = 0,
        closing: Sequence[int] = (),
        verdict: str = "false_positive",
    ) -> list[AuditRow]:
        """Put an exception in force until `expires` (µs, 0 for ever) and, in the same decision, close alerts.

        `made` has `document`, `title`, `rules` and `reason`, as `socterm.pipeline.exceptions` makes them. The
        row about the exception is the last one; its id stands in `about`.
        Raises TransitionError where one of the alerts cannot be closed; nothing is written then.
        """
        actor = clean(actor)
        state = {
            "document": clean(made["document"]), "title": clean(made["title"]), "rules": list(made["rules"]),
            "reason": clean(made["reason"]), "author": actor, "created": now, "expires": expires,
            "alert": alert,
        }  # fmt: skip
        with self._connections.decider() as db, transaction(db):
            known = db.execute("SELECT coalesce(max(id), 0) FROM exceptions").fetchone()[0]
            decision = Decision("verdict", actor, verdict=verdict, at=now)
            entries = decisions.entries_of(db, closing, decision) if closing else []
            about = f"{KIND}:{known + 1}"
            entries.append(trail.Entry(0, ADDED, {}, state, note=clean(made["reason"]), about=about))
            return decisions.write(db, entries, actor, now)

    def end(self, ident: int, *, actor: str, now: int, expires: int | None = None) -> list[AuditRow]:
        """End an exception now, or have it end at another time. Hidden events stay hidden.

        Raises TransitionError where there is none, or it has ended and no new end is given.
        """
        with self._connections.decider() as db, transaction(db):
            before = _read(db, ident)
            if not before:
                raise TransitionError(f"there is no exception {ident}; socterm exceptions list shows them")
            if expires is None and before["expires"] and before["expires"] <= now:
                raise TransitionError(f"exception {ident} has expired already")
            after = {**before, "expires": now if expires is None else expires}
            entry = trail.Entry(0, ENDED, before, after, about=f"{KIND}:{ident}")
            return decisions.write(db, [entry], clean(actor), now)

    def history(self, ident: int) -> list[AuditRow]:
        """The audit rows of one exception, oldest first."""
        with self._connections.snapshot() as db:
            return list(trail.read(db, "about = ? ORDER BY id", (f"{KIND}:{ident}",)))


def _row(row: tuple[Any, ...]) -> ExceptionRow:
    values = dict(zip(ExceptionRow.__struct_fields__, row, strict=True))
    values["rules"] = tuple(from_json(values["rules"]))
    return ExceptionRow(**values)


def _read(db: sqlite3.Connection, ident: int) -> dict[str, Any]:
    """What was decided of an exception; {} where there is none, or its adding was undone."""
    sql = f"SELECT {', '.join(_DECIDED)} FROM exceptions WHERE id = ? AND withdrawn = 0"
    row = db.execute(sql, (ident,)).fetchone()
    if row is None:
        return {}
    state = dict(zip(_DECIDED, row, strict=True))
    state["rules"] = from_json(state["rules"])
    return state


def _write(db: sqlite3.Connection, ident: int, state: dict[str, Any], now: int) -> None:  # noqa: ARG001
    """Make an exception what was decided. An undone one keeps its row, for what it hid it has counted."""
    if not state:
        db.execute("UPDATE exceptions SET withdrawn = 1 WHERE id = ?", (ident,))
    else:
        values = [to_json(state["rules"]) if name == "rules" else state[name] for name in _DECIDED]
        updates = ", ".join(f"{name} = excluded.{name}" for name in _DECIDED)
        db.execute(
            f"INSERT INTO exceptions (id, {', '.join(_DECIDED)}) VALUES (?{', ?' * len(_DECIDED)}) "
            f"ON CONFLICT (id) DO UPDATE SET {updates}, withdrawn = 0",
            (ident, *values),
        )
    number = db.execute("SELECT value FROM meta WHERE key = ?", (CHANGES,)).fetchone()
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (CHANGES, (number[0] if number else 0) + 1))


SUBJECTS[KIND] = Subject(_read, _write, frozenset({ADDED, ENDED}))


# -- the ingest's side -------------------------------------------------------------------


def changed(db: sqlite3.Connection) -> int:
    """A number that grows whenever somebody decides something about exceptions."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (CHANGES,)).fetchone()
    return int(row[0]) if row else 0


def standing(db: sqlite3.Connection) -> list[tuple[int, str, int]]:
    """(id, document, expires) of every exception that was not undone, oldest first."""
    return db.execute(
        "SELECT id, document, expires FROM exceptions WHERE withdrawn = 0 ORDER BY id"
    ).fetchall()


def count(
    db: sqlite3.Connection, hits: Mapping[int, tuple[int, int]], problems: Mapping[int, str] | None
) -> None:
    """In the caller's transaction: (times, newest event time) by exception; what is wrong with which now."""
    db.executemany(
        "UPDATE exceptions SET hits = hits + ?1, last_hit = max(last_hit, ?2) WHERE id = ?3",
        [(times, last, ident) for ident, (times, last) in hits.items()],
    )
    if problems is not None:
        db.execute("UPDATE exceptions SET problem = '' WHERE problem != ''")
        db.executemany(
            "UPDATE exceptions SET problem = ? WHERE id = ?", [(clean(t), i) for i, t in problems.items()]
        )


def problems(db: sqlite3.Connection) -> Iterator[str]:
    """For `db check`: each exception is what the audit trail says was decided of it."""
    said = {row.about: row.after for row in trail.read(db, f"about LIKE '{KIND}:%' ORDER BY id")}
    for (ident,) in db.execute("SELECT id FROM exceptions ORDER BY id").fetchall():
        if _read(db, ident) != said.pop(f"{KIND}:{ident}", None):
            yield f"exception {ident}: is not what the audit trail says was decided of it"
    for about in said:
        yield f"audit: speaks of {about.replace(':', ' ')}, which does not exist"
