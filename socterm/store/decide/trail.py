"""Writing the audit trail: rows are appended inside the transaction of what they tell about."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from socterm.alerts.audit import START, seal
from socterm.alerts.states import Standing
from socterm.store.jsontext import clean, from_json, to_json
from socterm.store.rows import AuditRow

SYSTEM = "socterm"
"""The actor of what the software decided."""

COLUMNS = "id, at, actor, alert, verb, before, after, note, undoes, bulk, hash, about"
HEAD = "audit_head"


State = Standing | dict[str, Any]
"""An alert's standing, or all that decisions change of something else, as JSON."""


class Entry(msgspec.Struct):
    """One change to write down: of an alert, or with alert 0 of what `about` names (see `store.subjects`)."""

    alert: int
    verb: str
    before: State
    after: State
    note: str = ""
    undoes: int = 0
    about: str = ""


def append(db: sqlite3.Connection, entries: list[Entry], *, actor: str, now: int) -> list[AuditRow]:
    """Append the rows of one decision; they share `bulk`, the id of the first."""
    ident, previous = head(db)
    bulk = ident + 1
    rows = []
    for entry in entries:
        ident += 1
        row: dict[str, Any] = {
            "id": ident, "at": now, "actor": clean(actor), "alert": entry.alert, "verb": entry.verb,
            "before": _plain(entry.before), "after": _plain(entry.after), "note": clean(entry.note),
            "undoes": entry.undoes, "bulk": bulk, "about": entry.about,
        }  # fmt: skip
        previous = seal(previous, row)
        rows.append(AuditRow(**row, hash=previous))
    db.executemany(
        f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (r.id, r.at, r.actor, r.alert, r.verb, to_json(r.before), to_json(r.after), r.note, r.undoes,
             r.bulk, r.hash, r.about)
            for r in rows
        ],
    )  # fmt: skip
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (HEAD, f"{ident} {previous}"))
    return rows


def _plain(state: State) -> dict[str, Any]:
    """A state as it is sealed: what reading the row back gives."""
    plain = msgspec.structs.asdict(state) if isinstance(state, Standing) else state
    found: dict[str, Any] = from_json(to_json(plain))
    return found


def head(db: sqlite3.Connection) -> tuple[int, str]:
    """(id, hash) of the newest row; (0, START) for an empty trail."""
    found = db.execute("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
    return (found[0], found[1]) if found else (0, START)


def latest(db: sqlite3.Connection, alerts: Sequence[int]) -> int:
    """The newest row about any of these alerts; 0 for none."""
    sql = "SELECT coalesce(max(id), 0) FROM audit WHERE alert = ?"
    return max((int(db.execute(sql, (alert,)).fetchone()[0]) for alert in alerts), default=0)


def read(db: sqlite3.Connection, where: str = "1", params: tuple[object, ...] = ()) -> Iterator[AuditRow]:
    """Audit rows, lazily; `where` may end in an ORDER BY."""
    for row in db.execute(f"SELECT {COLUMNS} FROM audit WHERE {where}", params):
        yield AuditRow(
            id=row[0], at=row[1], actor=row[2], alert=row[3], verb=row[4], before=from_json(row[5]),
            after=from_json(row[6]), note=row[7], undoes=row[8], bulk=row[9], hash=row[10],
            about=row[11],
        )  # fmt: skip


def problems(db: sqlite3.Connection) -> list[str]:
    """What is wrong with the chain: gaps, rows that were changed, rows missing at the end."""
    previous, expected = START, 0
    found = []
    for row in read(db, "1 ORDER BY id"):
        expected += 1
        if row.id != expected:
            found.append(f"audit: row {expected} is missing")
            expected = row.id
        if seal(previous, msgspec.structs.asdict(row)) != row.hash:
            found.append(f"audit: row {row.id} does not fit its hash")
        previous = row.hash
    noted = db.execute("SELECT value FROM meta WHERE key = ?", (HEAD,)).fetchone()
    if noted and noted[0] != f"{expected} {previous}":
        found.append(f"audit: the trail ends at row {expected}, but {noted[0].split()[0]} were written")
    if not noted and expected:
        found.append("audit: the note of its last row is missing")
    return found
