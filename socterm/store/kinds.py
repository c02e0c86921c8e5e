"""What many lines have in common stands once, in the table `kinds`: process, action, outcome, and the
other fields where they were seen before; and the template that such lines are of.

Writing only ever adds kinds; retention deletes those that no event names (`tidy.DeadKinds`). The same
one may stand there twice: only the latest are remembered.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from socterm.store.templates import Templates
from socterm.taxonomy import COLUMNS

SHARED = tuple(column for column in COLUMNS if column.shared)
"""The promoted fields of a kind."""

Shared = tuple[str | None, ...]
"""Their values."""

_NAMES = ", ".join(column.name for column in SHARED)
_INSERT = f"INSERT INTO kinds (id, {_NAMES}, fields, template) VALUES (?, {'?, ' * len(SHARED)}?, ?)"
_MOST_KEPT = 8192
_ROOM = 16 << 20
"""Characters of what is remembered in one place at most: values are as long as whoever writes logs likes."""

_OFTEN = 8
"""Times that fields are seen before they go into a kind: what differs line by line stays in the rows."""


class Kinds:
    """The kinds a writer knows, by their values. New ones wait in memory for the transaction that needs them.

    `shapes` is a shorter way to what was found before, for `codec.encode` to fill and ask.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.shapes: dict[Any, Any] = {}
        self._remembered = self._remembered_size = self._seen_size = self._ids_size = 0
        self.templates = Templates(db)
        self.ids: dict[tuple[Shared, bytes, int], int] = {}
        self._seen: dict[bytes, int] = {}
        self._new: list[tuple[object, ...]] = []
        self._last: int = db.execute("SELECT coalesce(max(id), 0) FROM kinds").fetchone()[0]
        for ident, fields, template, *shared in db.execute(
            f"SELECT id, fields, template, {_NAMES} FROM kinds WHERE template IS NOT NULL "
            "ORDER BY id DESC LIMIT ?",
            (_MOST_KEPT // 2,),
        ):
            self.ids[tuple(shared), (fields or "").encode(), template] = ident

    def plain(self, shared: Shared, template: int) -> int:
        """The kind of a line whose other fields stand in its own row."""
        return self.ids.get((shared, b"", template)) or self._add(shared, b"", None, template)

    def remember(self, known: dict[Any, Any], key: object, found: object) -> None:
        """Keep an answer with the shape it is about."""
        if self._remembered >= _MOST_KEPT or self._remembered_size > _ROOM:
            self.shapes.clear()
            self._remembered = self._remembered_size = 0
        known[key] = found
        self._remembered += 1
        self._remembered_size += size(key)

    def place(self, shared: Shared, encoded: bytes, template: int) -> tuple[int, str | None]:
        """(kind, what is left for the row) of a line with these values and other fields."""
        known = self.ids.get((shared, encoded, template))
        if known is not None:
            return known, None
        if not encoded:
            return self._add(shared, b"", None, template), None
        seen, text = self._seen.get(encoded, 0), encoded.decode()
        if seen >= _OFTEN:
            return self._add(shared, encoded, text, template), None
        if len(self._seen) >= _MOST_KEPT or self._seen_size > _ROOM:
            self._seen.clear()
            self._seen_size = 0
        self._seen[encoded] = seen + 1
        self._seen_size += 0 if seen else len(encoded)
        return self.plain(shared, template), text

    def _add(self, shared: Shared, encoded: bytes, fields: str | None, template: int) -> int:
        if len(self.ids) >= _MOST_KEPT or self._ids_size > _ROOM:
            self.ids.clear()
            self._ids_size = 0
        self._ids_size += size(shared) + len(encoded)
        self._last += 1
        self.ids[shared, encoded, template] = self._last
        self._new.append((self._last, *shared, fields, template))
        return self._last

    def write(self, db: sqlite3.Connection) -> None:
        """Store the new ones inside the caller's transaction."""
        if self._new:
            db.executemany(_INSERT, self._new)

    def committed(self) -> None:
        """The transaction came to pass."""
        self.templates.committed()
        self._new.clear()

    def forget_all(self) -> bool:
        """Name none of the kinds stored so far again, between two transactions; always True."""
        self.shapes.clear()
        self._remembered = self._remembered_size = self._ids_size = 0
        self.ids.clear()
        return True

    def forget(self) -> None:
        """The transaction did not come to pass: what it would have added is unknown again."""
        self.templates.forget()
        if self._new:
            self._last -= len(self._new)
            self.shapes.clear()
            self.ids = {key: ident for key, ident in self.ids.items() if ident <= self._last}
            self._new.clear()


def size(value: object) -> int:
    """Characters of a value and those in it, about: what is no text counts as few."""
    if isinstance(value, tuple):
        return sum(map(size, value))
    return len(value) if isinstance(value, str | bytes) else 8
