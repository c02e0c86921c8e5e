"""Answers to senders, committed with the lines they are about, so that what is sent twice is stored once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from socterm.event import Receipt
from socterm.store.jsontext import clean

KEPT: Final = 86_400_000_000
"""µs that a receipt is kept."""

_PRUNED = 1_000
"""Rows that one batch deletes at most: a day of many small requests must not go in one transaction."""


def write(db: sqlite3.Connection, receipts: Sequence[Receipt], now: int) -> None:
    """Put receipts on record, and delete some of those that are older than a day."""
    db.execute(
        "DELETE FROM receipts WHERE (owner, key) IN (SELECT owner, key FROM receipts WHERE at < ? LIMIT ?)",
        (now - KEPT, max(_PRUNED, 2 * len(receipts))),
    )
    db.executemany(
        "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)",
        [(clean(one.owner), clean(one.key), one.digest, clean(one.answer), now) for one in receipts],
    )
