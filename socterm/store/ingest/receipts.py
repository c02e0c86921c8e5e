"""Answers to senders, committed with the lines they are about, so that what is sent twice is stored once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Final

from socterm.event import Receipt
from socterm.store.jsontext import clean

KEPT: Final = 86_400_000_000
"""µs that a receipt is kept."""

_PRUNED = 1_000
"""Rows that one batch deletes at most: a day of many small requests must not go in one transaction."""


MOST: Final = 100_000
"""Receipts kept of each sender; of more the oldest go. They must not push the lines out of a small store."""

_SLACK = MOST // 10
"""So many more are put on record until a sender's are counted again and the oldest go together."""


class Receipts:
    """Puts receipts on record for one writer, and lets go of what is older than a day or beyond `MOST`."""

    def __init__(self) -> None:
        self._uncounted: dict[str, int] = {}

    def write(self, db: sqlite3.Connection, receipts: Sequence[Receipt], now: int) -> None:
        """Put them on record, in the transaction of their lines."""
        db.execute(
            "DELETE FROM receipts WHERE (owner, key) IN"
            " (SELECT owner, key FROM receipts WHERE at < ? LIMIT ?)",
            (now - KEPT, max(_PRUNED, 2 * len(receipts))),
        )
        db.executemany(
            "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)",
            [(clean(one.owner), clean(one.key), one.digest, clean(one.answer), now) for one in receipts],
        )
        for owner, more in Counter(clean(one.owner) for one in receipts).items():
            self._uncounted[owner] = self._uncounted.get(owner, _SLACK) + more
            if self._uncounted[owner] > _SLACK:  # also the first time, for what was there before
                self._uncounted[owner] = 0
                _let_go(db, owner)


def _let_go(db: sqlite3.Connection, owner: str) -> None:
    """Delete the oldest of a sender's, so that `MOST` stay."""
    (count,) = db.execute("SELECT count(*) FROM receipts WHERE owner = ?", (owner,)).fetchone()
    if count > MOST:
        db.execute(
            "DELETE FROM receipts WHERE owner = ?1 AND key IN"
            " (SELECT key FROM receipts WHERE owner = ?1 ORDER BY at LIMIT ?2)",
            (owner, count - MOST),
        )
