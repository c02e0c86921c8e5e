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
from socterm.templates.book import FULL, Template

ORDERS: Final = {
    "rare": "lines, id DESC",
    "common": "lines DESC, id",
    "new": "first DESC, id DESC",
    "latest": "last DESC, id DESC",
}
"""How templates can be sorted."""

_ROW = f"{TEMPLATE}, first, last, lines, example, newest"
_CHUNK = 500
_LOOKED_AT = 64
_OLDER = 20
"""Templates whose newest line is gone that are looked at, and lines of each."""


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

    @property
    def alike(self) -> bool:
        """Whether its lines are alike: those for whose kind there was no room are not."""
        return self.how != FULL


class Totals(msgspec.Struct, frozen=True):
    """How many templates and lines there are; for the templates of `beyond` lines there was no room."""

    kinds: int
    lines: int
    beyond: int


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

    def kinds(self) -> list[Template]:
        """All templates without their counts, but not the one of all lines there was no room for."""
        sql = f"SELECT {TEMPLATE} FROM templates WHERE how <> ? ORDER BY id"
        with self._connections.snapshot() as db:
            return [Template(*row) for row in db.execute(sql, (FULL,))]

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

    def totals(self) -> Totals:
        """How many templates there are, and how many lines have been given one since the store began."""
        sql = (
            "SELECT coalesce(sum(how <> ?), 0), coalesce(sum(lines), 0), coalesce(sum(lines * (how = ?)), 0) "
        )
        with self._connections.snapshot() as db:
            return Totals(*db.execute(f"{sql} FROM templates", (FULL, FULL)).fetchone())

    def standing(self, templates: Sequence[int]) -> dict[int, int]:
        """Of these templates those of which a line is stored, in their order, with the newest there is.

        Retention may leave older lines of a template than its newest. That is looked at for the first few.
        """
        with self._connections.snapshot() as db:
            sql = "SELECT t.id, t.newest FROM templates t JOIN events e ON e.id = t.newest"
            newest = dict(_some(db, sql, templates, "t.id"))
            for template in [one for one in templates if one not in newest][:_LOOKED_AT]:
                ids = [row[0] for row in _matching(db, key_match(FIELD, str(template)), _OLDER)]
                if left := _some(db, "SELECT id FROM events", ids):
                    newest[template] = max(left)[0]
        return {template: newest[template] for template in templates if template in newest}

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
        """For each list of words the newest events whose lines have all of them, whole and in either case.

        Of the newest that the full-text index has: what retention has deleted of them by now is left out.
        """
        with self._connections.snapshot() as db:
            hits = [[row[0] for row in _matching(db, _all(words), limit)] for words in wanted]
            ids = sorted({ident for some in hits for ident in some})
            of = dict(
                _some(db, "SELECT e.id, k.template FROM events e JOIN kinds k ON k.id = e.kind", ids, "e.id")
            )
        return [[Found(ident, of[ident] or 0) for ident in some if ident in of] for some in hits]

    def vectors(self, model: str) -> dict[int, bytes]:
        """The vectors that this model made of templates: little-endian 32-bit floats."""
        with self._connections.snapshot() as db:
            return dict(db.execute("SELECT id, vector FROM templates WHERE model = ?", (model,)).fetchall())

    def without_vector(self, model: str, size: int, *, limit: int) -> list[Template]:
        """Templates that have no vector of so many numbers from this model, the latest first."""
        sql = (
            f"SELECT {TEMPLATE} FROM templates WHERE how <> ? AND (vector IS NULL OR model <> ? "
            "OR length(vector) <> ?) ORDER BY last DESC, id DESC LIMIT ?"
        )
        with self._connections.snapshot() as db:
            return [Template(*row) for row in db.execute(sql, (FULL, model, 4 * size, limit))]

    def keep_vectors(self, model: str, vectors: Mapping[int, tuple[str, bytes]]) -> int:
        """Keep template → (the text it was made of, vector); not where the text is another by now.

        Answers how many were kept: none where the store may only be read.
        """
        if self._connections.readonly or not vectors:
            return 0
        rows = [(vector, model, ident, text) for ident, (text, vector) in vectors.items()]
        with self._connections.writing() as db:
            sql = "UPDATE templates SET vector = ?, model = ? WHERE id = ? AND text = ?"
            return db.executemany(sql, rows).rowcount


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
