"""What kinds of lines there are: since when, how many, which lines. Implements `protocols.Templates`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from socterm.errors import UsageError
from socterm.store.connections import Connections
from socterm.store.templates import TEMPLATE
from socterm.store.words import key_match
from socterm.templates import FIELD
from socterm.templates.book import Template

ORDERS: Final = {
    "rare": "lines, id DESC",
    "common": "lines DESC, id",
    "new": "first DESC, id DESC",
    "latest": "last DESC, id DESC",
}
"""How templates can be sorted."""

_ROW = f"{TEMPLATE}, first, last, lines, example, newest"
_CHUNK = 500


class TemplateRow(Template):
    """A template as stored. Times are µs of events.

    `lines` counts since the store began, deleted ones too; `example` and `newest` are the ids of the
    first and the last event stored of it, which may be gone by now.
    """

    first: int = 0
    last: int = 0
    lines: int = 0
    example: int = 0
    newest: int = 0


class Found(msgspec.Struct, frozen=True):
    """An event that has some words, and the template it is of, 0 for none."""

    id: int
    template: int


class TemplateDesk:
    """Templates of one store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self, *, order: str = "rare", since: int | None = None, limit: int = 10_000) -> list[TemplateRow]:
        """Templates by one of `ORDERS`, those first seen at `since` (µs) or later. Raises UsageError."""
        if order not in ORDERS:
            raise UsageError(f"templates are sorted by one of {', '.join(ORDERS)}, not {order[:40]!r}")
        where, params = ("first >= ?", [since]) if since is not None else ("1", [])
        sql = f"SELECT {_ROW} FROM templates WHERE {where} ORDER BY {ORDERS[order]} LIMIT ?"
        with self._connections.snapshot() as db:
            return [TemplateRow(*row) for row in db.execute(sql, (*params, limit))]

    def get(self, ids: Iterable[int]) -> list[TemplateRow]:
        """Templates by number, in the order asked; unknown ones are left out."""
        wanted = list(ids)
        with self._connections.snapshot() as db:
            found = {row[0]: TemplateRow(*row) for row in _some(db, f"SELECT {_ROW} FROM templates", wanted)}
        return [found[ident] for ident in wanted if ident in found]

    def of_event(self, event: int) -> TemplateRow | None:
        """The template of an event; None where it was stored before there were any."""
        sql = f"SELECT {_ROW} FROM templates WHERE id = (SELECT template FROM kinds WHERE id = "
        with self._connections.snapshot() as db:
            row = db.execute(f"{sql}(SELECT kind FROM events WHERE id = ?))", (event,)).fetchone()
        return TemplateRow(*row) if row else None

    def total(self) -> int:
        """How many lines have been given a template, since the store began."""
        with self._connections.snapshot() as db:
            return int(db.execute("SELECT coalesce(sum(lines), 0) FROM templates").fetchone()[0])

    def events(self, template: int, *, limit: int = 20) -> list[int]:
        """The newest events of a template, by the full-text index; lines it has not come to are looked at."""
        with self._connections.snapshot() as db:
            done = _done(db)
            late = db.execute(
                "SELECT e.id FROM events e JOIN kinds k ON k.id = e.kind WHERE e.id > ? AND k.template = ? "
                "ORDER BY e.id DESC LIMIT ?",
                (done, template, limit),
            ).fetchall()
            match = key_match(FIELD, str(template))
            return [row[0] for row in (*late, *_matching(db, match, limit - len(late)))]

    def matching(self, wanted: Sequence[Sequence[str]], *, limit: int = 30) -> list[list[Found]]:
        """For each list of words the newest events whose lines have all of them, whole and in either case."""
        with self._connections.snapshot() as db:
            hits = [[row[0] for row in _matching(db, _all(words), limit)] for words in wanted]
            ids = sorted({ident for some in hits for ident in some})
            of = dict(
                _some(db, "SELECT e.id, k.template FROM events e JOIN kinds k ON k.id = e.kind", ids, "e.id")
            )
        return [[Found(ident, of.get(ident) or 0) for ident in some] for some in hits]

    def vectors(self, model: str) -> dict[int, bytes]:
        """The vectors that this model made of templates: little-endian 32-bit floats."""
        with self._connections.snapshot() as db:
            return dict(db.execute("SELECT id, vector FROM templates WHERE model = ?", (model,)).fetchall())

    def keep_vectors(self, model: str, vectors: Mapping[int, tuple[str, bytes]]) -> None:
        """Keep template → (the text it was made of, vector); not where the text is another by now."""
        if self._connections.readonly or not vectors:
            return
        rows = [(vector, model, ident, text) for ident, (text, vector) in vectors.items()]
        with self._connections.writing() as db:
            db.executemany("UPDATE templates SET vector = ?, model = ? WHERE id = ? AND text = ?", rows)


def _done(db: sqlite3.Connection) -> int:
    found = db.execute("SELECT value FROM meta WHERE key = 'fts_done'").fetchone()
    return int(found[0]) if found else 0


def _all(words: Sequence[str]) -> str:
    return " AND ".join(f'"{word}"' for word in words if word.isalnum())


def _matching(db: sqlite3.Connection, match: str, limit: int) -> list[tuple[int]]:
    if not match or limit < 1:
        return []
    sql = "SELECT rowid FROM events_fts WHERE events_fts MATCH ? ORDER BY rowid DESC LIMIT ?"
    return db.execute(sql, (match, limit)).fetchall()


def _some(db: sqlite3.Connection, select: str, ids: Sequence[int], column: str = "id") -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        found += db.execute(f"{select} WHERE {column} IN ({','.join('?' * len(part))})", part).fetchall()
    return found
