"""What deleted events leave behind and nothing needs: words in the full-text index, kinds nobody names.

Both are looked for once a share of what is left has been deleted: the work is in proportion to ingest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from socterm.store.connection import transaction

MERGE_PAGES = 40
"""Pages of the full-text index that one step works on: some 20 ms."""

SCAN_IDS = 20_000
DELETE_KINDS = 2_000

Guard = Callable[[sqlite3.Connection], None]


class Words:
    """Merges the full-text index until the marks of deleted lines have met the lines they delete."""

    def __init__(self, db: sqlite3.Connection, guard: Guard) -> None:
        self._db = db
        self._guard = guard
        self._begun = False
        self.hurry = False

    def step(self) -> bool:
        """Work on a few pages, more in a hurry; False when all is merged, which is then on record."""
        db = self._db
        with transaction(db):
            self._guard(db)
            before = db.total_changes
            pages = 2 * MERGE_PAGES if self.hurry else MERGE_PAGES
            if not self._begun:
                pages = -pages  # which begins a full merge
            db.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('merge', ?)", (pages,))
            worked = db.total_changes - before >= 2  # less says there is nothing to merge (FTS5, "merge")
            if not worked:
                db.execute("INSERT OR REPLACE INTO meta VALUES ('fts_dead', 0)")
        self._begun = worked
        return worked


class DeadKinds:
    """Finds the kinds that no event names and deletes them.

    `forget` makes whoever writes events forget the kinds it knows, so that it names none of the old ones
    again; it answers False where that cannot be done, and then none is deleted.
    """

    def __init__(self, db: sqlite3.Connection, guard: Guard, forget: Callable[[], bool]) -> None:
        self._db = db
        self._guard = guard
        self._forget = forget
        self._at = 0
        self._end: int = db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
        self._last: int = db.execute("SELECT coalesce(max(id), 0) FROM kinds").fetchone()[0]
        self._named: set[int] = set()
        self._dead: list[int] | None = None

    def step(self) -> bool:
        """Look at some events, or delete some kinds; False when done, which is then on record."""
        if self._at < self._end:
            self._scan()
            return True
        with transaction(self._db):
            self._guard(self._db)
            if not self._forget():
                return False
            if self._dead is None:
                self._dead = self._find()
            some, self._dead = self._dead[:DELETE_KINDS], self._dead[DELETE_KINDS:]
            self._db.executemany("DELETE FROM kinds WHERE id = ?", [(ident,) for ident in some])
            if not self._dead:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('kinds_dead', 0)")
        return bool(self._dead)

    def _scan(self) -> None:
        first = self._db.execute("SELECT min(id) FROM events WHERE id > ?", (self._at,)).fetchone()[0]
        if first is None:
            self._at = self._end
            return
        self._at = first + SCAN_IDS
        self._named.update(self._kinds("id BETWEEN ? AND ?", first, self._at))

    def _find(self) -> list[int]:
        self._named.update(self._kinds("id > ?", self._end))
        rows = self._db.execute("SELECT id FROM kinds WHERE id <= ? ORDER BY id", (self._last,))
        return [row[0] for row in rows if row[0] not in self._named]

    def _kinds(self, where: str, *params: int) -> list[int]:
        rows = self._db.execute(f"SELECT DISTINCT kind FROM events WHERE {where}", params)
        return [row[0] for row in rows]
