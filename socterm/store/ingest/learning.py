"""What rules have learned, and the events that wait to be judged by them: rows of a batch, and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

import msgspec

from socterm.event import Event
from socterm.sigma.learning.changes import LearningChanges, RuleMemory, StoredLearning
from socterm.sigma.learning.judge import Course
from socterm.store.codec import JOIN, READ_COLUMNS, decode

_RULE = """
INSERT INTO learning (rule, shape, course) VALUES (?, ?, ?)
ON CONFLICT (rule) DO UPDATE SET shape = excluded.shape, course = excluded.course
"""
_HELD = f"SELECT h.rules, {READ_COLUMNS} FROM held h JOIN events e ON e.id = h.event {JOIN} ORDER BY h.event"


def write(db: sqlite3.Connection, changes: LearningChanges) -> None:
    """Put on record what changed; inside the transaction of the batch, behind its events."""
    for rule in changes.void:
        _forget(db, rule)
    for memory in changes.rules:
        db.execute(_RULE, (memory.rule, memory.shape, msgspec.json.encode(memory.course).decode()))
    if changes.rules:
        ids = dict(db.execute("SELECT rule, id FROM learning"))
        for memory in changes.rules:
            _write_entries(db, ids[memory.rule], memory)
    db.executemany("DELETE FROM held WHERE event = ?", [(event,) for event in changes.released])
    rows = [(event, msgspec.json.encode(keys).decode()) for event, keys in changes.held]
    db.executemany("INSERT OR REPLACE INTO held VALUES (?, ?)", rows)
    if changes.taught:
        _note_taught(db, changes.taught)


def _forget(db: sqlite3.Connection, rule: str) -> None:
    for table in ("learned", "learned_from"):
        db.execute(f"DELETE FROM {table} WHERE rule = (SELECT id FROM learning WHERE rule = ?)", (rule,))
    db.execute("DELETE FROM learning WHERE rule = ?", (rule,))


def _write_entries(db: sqlite3.Connection, ident: int, memory: RuleMemory) -> None:
    if memory.anew:
        db.execute("DELETE FROM learned WHERE rule = ?", (ident,))
        db.execute("DELETE FROM learned_from WHERE rule = ?", (ident,))
    gone = [(ident, key) for key, value in memory.entries if value is None]
    kept = [(ident, key, value) for key, value in memory.entries if value is not None]
    db.executemany("DELETE FROM learned WHERE rule = ? AND key = ?", gone)
    db.executemany("INSERT OR REPLACE INTO learned VALUES (?, ?, ?)", kept)


def load(db: sqlite3.Connection, names: Mapping[int, str]) -> StoredLearning:
    """All of it; `names` are those of the sources, by number."""
    entries: dict[int, list[tuple[str, str | None]]] = {}
    for rule, key, value in db.execute("SELECT rule, key, value FROM learned"):
        entries.setdefault(rule, []).append((key, value))
    found = StoredLearning()
    for ident, rule, shape, course in db.execute("SELECT id, rule, shape, course FROM learning ORDER BY id"):
        found.rules.append(RuleMemory(rule, shape, _course(course), entries.get(ident, [])))
    for keys, *row in db.execute(_HELD):
        event = decode(tuple(row), names[row[2]])
        held = Event(
            event.ts, event.source, event.position, event.raw, event.fields, kind=event.kind,
            repeat=event.repeat, id=event.id,
        )  # fmt: skip
        found.held.append((held, msgspec.json.decode(keys, type=tuple[str, ...])))
    found.taught = db.execute(
        "SELECT l.rule, f.log, f.lines FROM learned_from f JOIN learning l ON l.id = f.rule"
    ).fetchall()
    return found


def _course(text: str) -> Course:
    try:
        return msgspec.json.decode(text, type=Course)
    except msgspec.DecodeError:
        return Course()


def _note_taught(db: sqlite3.Connection, logs: Iterable[tuple[str, str, int]]) -> None:
    ids = dict(db.execute("SELECT rule, id FROM learning"))
    rows = [(ids[rule], log, lines) for rule, log, lines in logs if rule in ids]
    db.executemany("INSERT OR REPLACE INTO learned_from VALUES (?, ?, ?)", rows)
