"""The templates of the lines a writer stores: learned from the table, counted and written with each batch.

A kind names its lines' template, so that an event says which one it is of without a byte of its own. Counts
and first and last times stay when retention deletes lines: what was seen once is not new again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from socterm.event import Event
from socterm.store.jsontext import clean
from socterm.templates.book import Book, Template

TEMPLATE = "id, how, text, program, dataset, action, outcome, code"
"""The columns of a template as `Book` knows it."""

_LONGEST = 64
"""Characters of a name that templates are told apart by."""

_INSERT = f"""
INSERT INTO templates ({TEMPLATE}, first, last, lines, example, newest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_COUNT = """
UPDATE templates SET first = min(first, ?), last = max(last, ?), lines = lines + ?, newest = ? WHERE id = ?
"""
_CHANGE = "UPDATE templates SET text = ?, vector = NULL, model = '' WHERE id = ?"


class Templates:
    """What a writer knows of them. `batch` is the template of each event encoded last."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.batch: list[int] = []
        self._book = Book()
        rows = db.execute(f"SELECT {TEMPLATE} FROM templates ORDER BY id")
        self._book.restore(Template(*row) for row in rows)

    def told(self, dataset: Any, action: Any, outcome: Any, code: Any, logon: Any, message: str) -> int:
        """The template of a line by what its parser says has happened; `logon` is Windows' kind of logon."""
        kind = _word(code) if logon is None else f"{_word(code)}/{_word(logon)}"
        return self._book.told(_word(dataset), _word(action), _word(outcome), kind, message)

    def mined(self, program: str | None, dataset: str | None, message: str) -> int:
        """The template of a line by its words, among those of the same program."""
        return self._book.mined(_word(program or dataset), _word(dataset), message)

    def fields(self, dataset: Any, names: Sequence[str]) -> int:
        """The template of a line by the names of its fields."""
        return self._book.fields(_word(dataset), [clean(name) for name in names])

    def of(self, event: Event) -> int:
        """The template of any event, whatever its fields hold."""
        fields = event.fields
        dataset, message = fields.get("event.dataset"), fields.get("message")
        action, code = fields.get("event.action"), fields.get("event.code")
        if action is not None or code is not None:
            outcome, logon = fields.get("event.outcome"), fields.get("LogonType")
            return self.told(dataset, action, outcome, code, logon, str(message or ""))
        if isinstance(message, str):
            return self._book.mined(_word(fields.get("process.name") or dataset), _word(dataset), message)
        return self.fields(dataset, tuple(fields))

    def write(self, db: sqlite3.Connection, ids: Sequence[int], stamps: Sequence[int]) -> None:
        """Store what is new of them, and how often and when the batch's events (`ids`, `stamps`) had each."""
        seen = _tally(self.batch, ids, stamps)
        book = self._book
        new = [(*_row(row), *seen.pop(row.id)) for row in book.fresh if row.id in seen]
        if new:
            db.executemany(_INSERT, new)
        if book.changed:
            db.executemany(_CHANGE, [(text, ident) for ident, text in book.changed.items()])
        counted = [(first, last, n, newest, i) for i, (first, last, n, _, newest) in seen.items()]
        db.executemany(_COUNT, counted)

    def committed(self) -> None:
        """The transaction came to pass."""
        self._book.settle()

    def forget(self) -> None:
        """The transaction did not come to pass."""
        self._book.forget()


_Seen = tuple[int, int, int, int, int]
"""(first and last time, lines, first and last event)"""


def _tally(templates: Sequence[int], ids: Sequence[int], stamps: Sequence[int]) -> dict[int, _Seen]:
    cells: dict[int, list[int]] = {}
    for template, ident, ts in zip(templates, ids, stamps, strict=True):
        cell = cells.get(template)
        if cell is None:
            cells[template] = [ts, ts, 1, ident, ident]
            continue
        cell[2] += 1
        cell[4] = ident
        if ts > cell[1]:
            cell[1] = ts
        elif ts < cell[0]:
            cell[0] = ts
    return {template: (a, b, c, d, e) for template, (a, b, c, d, e) in cells.items()}


def _row(row: Template) -> tuple[Any, ...]:
    return (row.id, row.how, row.text, row.program, row.dataset, row.action, row.outcome, row.code)


def _word(value: Any) -> str:
    """A value that templates are told apart by, whatever its type."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        value = value[0] if value else ""
    return clean(str(value)[:_LONGEST])
