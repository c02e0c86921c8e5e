"""Which entries of lists of indicators stored events were searched for: their hashes, a row a list."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from array import array
from collections.abc import Iterable


def digest(entry: str) -> int:
    """Eight bytes that stand for an entry."""
    found = hashlib.blake2b(entry.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(found, "little")


def known(db: sqlite3.Connection, path: str) -> frozenset[int]:
    """The digests of a list's entries that were looked for; none of a list that is new."""
    row = db.execute("SELECT entries FROM feeds WHERE path = ?", (path,)).fetchone()
    return frozenset(array("Q", zlib.decompress(row[0]))) if row else frozenset()


def remember(db: sqlite3.Connection, path: str, entries: Iterable[str]) -> None:
    """These, and no others, are the entries of a list by now; inside the caller's transaction."""
    packed = zlib.compress(array("Q", sorted(map(digest, entries))).tobytes(), 1)
    db.execute("INSERT OR REPLACE INTO feeds VALUES (?, ?)", (path, packed))
