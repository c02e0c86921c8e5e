"""The rules in force as the store keeps them: every document's fate, and the text of every file.

The texts are what a file that was broken meanwhile goes on with, after a restart too.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from socterm.alerts.model import RuleInfo
from socterm.store.jsontext import clean, pack_name, to_json, unpack_name

if TYPE_CHECKING:
    from socterm.sigma.model import RuleFate

_QUICK = 1
"""zlib's level: thousands of files are written at once, and read back rarely."""


def write_fates(db: sqlite3.Connection, fates: Sequence[RuleFate], infos: Mapping[str, RuleInfo]) -> None:
    """Put every document's fate on record, in the caller's transaction."""
    db.execute("DELETE FROM rules")
    db.executemany(
        "INSERT INTO rules VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number, clean(fate.key), clean(fate.title), clean(fate.level), fate.fate, clean(fate.reason),
                clean(fate.path), fate.line, to_json(infos[fate.key]) if fate.key in infos else None,
            )
            for number, fate in enumerate(fates, 1)
        ],
    )  # fmt: skip


def write_texts(db: sqlite3.Connection, files: Sequence[tuple[str, str]]) -> None:
    """Make these (path, text) the files in force, in their order; only what changed is written."""
    known = {path: (number, digest) for path, number, digest in db.execute(
        "SELECT path, number, digest FROM rule_files"
    )}  # fmt: skip
    named = [(pack_name(path), text) for path, text in files]
    gone = known.keys() - {path for path, _ in named}
    db.executemany("DELETE FROM rule_files WHERE path = ?", [(path,) for path in gone])
    moved, written = [], []
    for number, (path, text) in enumerate(named, 1):
        data = text.encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(data).hexdigest()
        if known.get(path) == (number, digest):
            continue
        if path in known and known[path][1] == digest:
            moved.append((number, path))
        else:
            written.append((path, number, digest, zlib.compress(data, _QUICK)))
    db.executemany("UPDATE rule_files SET number = ? WHERE path = ?", moved)
    db.executemany("INSERT OR REPLACE INTO rule_files VALUES (?, ?, ?, ?)", written)


def read_texts(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """(path, text) of the files in force, in their order."""
    rows = db.execute("SELECT path, text FROM rule_files ORDER BY number")
    return [(unpack_name(path), _text(packed)) for path, packed in rows]


def _text(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")
