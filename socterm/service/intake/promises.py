"""A request that is sent twice is stored once: what was promised under its key is told again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from socterm.event import Receipt
from socterm.service.problems import RequestError
from socterm.sources.posted import PostedSource, Ticket

Find = Callable[[str, str], Receipt | None]
"""(owner, key) → what the store holds."""


class Delivery(NamedTuple):
    """The answer, and the ticket it waits for; None where it is stored already."""

    answer: str
    ticket: Ticket | None
    again: bool = False


class Promises:
    """Requests with an `Idempotency-Key`: those under way, and through `find` those that are stored.

    Who repeats a request that is still under way waits with it. Safe from any thread.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], tuple[Receipt, Ticket]] = {}

    def deliver(self, source: PostedSource, lines: list[bytes], receipt: Receipt) -> Delivery:
        """Hand the lines over, or find that this was done. Raises as the source does, and 422.

        422: the key was used for something else.
        """
        name = (receipt.owner, receipt.key)
        with self._lock:
            if under_way := self._open.get(name):
                return Delivery(_same(under_way[0], receipt), under_way[1], again=True)
            if stored := self._find(*name):
                return Delivery(_same(stored, receipt), None, again=True)
            ticket = source.offer(lines, receipt)
            self._open[name] = (receipt, ticket)

        def done(_stored: Future[None]) -> None:
            # In the ingest thread, which must not wait while a request asks the store: so without the lock.
            # Nobody puts another there as long as this one is.
            self._open.pop(name, None)

        ticket.stored.add_done_callback(done)
        return Delivery(receipt.answer, ticket)


def _same(known: Receipt, asked: Receipt) -> str:
    """The answer known, if it was to the same request."""
    if known.digest != asked.digest:
        raise RequestError(422, "key", "this Idempotency-Key was used for another body: take a new one")
    return known.answer
