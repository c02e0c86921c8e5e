"""What a sender was told before, for one that asks again."""

from __future__ import annotations

from socterm.event import Receipt
from socterm.store.connections import Connections
from socterm.store.ingest.receipts import KEPT


class ReceiptDesk:
    """Finds receipts of the last day."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def find(self, owner: str, key: str, now: int) -> Receipt | None:
        """The receipt that this sender got under this key, if what it is about is stored; `now` in µs."""
        with self._connections.snapshot() as db:
            row = db.execute(
                "SELECT digest, answer FROM receipts WHERE owner = ? AND key = ? AND at >= ?",
                (owner, key, now - KEPT),
            ).fetchone()
        return Receipt(owner, key, row[0], row[1]) if row else None
