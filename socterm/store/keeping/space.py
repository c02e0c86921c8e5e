"""How much room a store takes, and giving back what it no longer needs."""

from __future__ import annotations

import sqlite3

import msgspec

INCREMENTAL = 2
"""`PRAGMA auto_vacuum` of a file that can give pages back bit by bit."""


class Room(msgspec.Struct, frozen=True):
    """The pages of a file: all of them, those that are free, and the bytes of one."""

    pages: int
    free: int
    page: int

    @property
    def bytes(self) -> int:
        """Size of the file, as far as it is checkpointed."""
        return self.pages * self.page

    @property
    def used(self) -> int:
        """Bytes of pages that hold something."""
        return (self.pages - self.free) * self.page


def room(db: sqlite3.Connection) -> Room:
    """The room taken now; costs microseconds."""
    return Room(*(pragma(db, name) for name in ("page_count", "freelist_count", "page_size")))


def pragma(db: sqlite3.Connection, name: str) -> int:
    """A number SQLite has about the file."""
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def can_give_back(db: sqlite3.Connection) -> bool:
    """Whether free pages can be given back without rewriting the file; older stores can after `db vacuum`."""
    return pragma(db, "auto_vacuum") == INCREMENTAL


def give_back(db: sqlite3.Connection, pages: int) -> int:
    """Give up to so many free pages back to the disk, in a transaction of their own; how many were."""
    before = pragma(db, "freelist_count")
    # Python takes one step of a statement without columns, which would free one page.
    db.executescript(f"PRAGMA incremental_vacuum({pages})")
    return before - pragma(db, "freelist_count")
