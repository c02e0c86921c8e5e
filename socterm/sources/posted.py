"""What others hand over and wait to hear about: requests of whole records, answered once they are stored."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from socterm.errors import SoctermError
from socterm.event import Chunk, Receipt
from socterm.sources.base import Clock, Resume, SourceStats, Wake, no_wake
from socterm.sources.inbox import OVERHEAD

QUEUE = 64 << 20
"""Bytes that wait for the pipeline at most, over all senders."""

REFUSED = "refused: queue full"
"""Why records are counted whose sender was told to come again."""


class QueueFullError(SoctermError):
    """Nothing was taken: too much waits already. The same can be handed over again a little later."""


class EndedError(SoctermError):
    """Nothing is taken any more, or what was taken will not be stored by this process."""


class Room:
    """Bytes that may be held, shared by all who hold some; safe from any thread.

    Nobody holds more than what is left free then, so that one alone holds half of it at most, two a third
    each, and there always is some for who comes next. Who holds nothing may take as much as there is.
    """

    def __init__(self, limit: int = QUEUE) -> None:
        self.limit = limit
        self.held = 0
        self._by = Counter[str]()
        self._lock = threading.Lock()

    def take(self, who: str, size: int) -> bool:
        """Hold so many bytes more for somebody, if there is room for them."""
        with self._lock:
            own, free = self._by[who], self.limit - self.held - size
            if free < 0 or (own and own + size > free):
                return False
            self.held += size
            self._by[who] = own + size
            return True

    def give(self, who: str, size: int) -> None:
        """Let go of so many of theirs."""
        with self._lock:
            self.held -= size
            self._by[who] -= size
            if not self._by[who]:
                del self._by[who]


class Ticket:
    """What a sender waits with. `stored` has no result until the commit; EndedError where none will come."""

    def __init__(self) -> None:
        self.stored: Future[None] = Future()
        # Who waits may give up, which would cancel it, and the commit could then not tell the others.
        self.stored.set_running_or_notify_cancel()


class _Parcel(msgspec.Struct, gc=False):
    """The records of one request, which are stored together; `bookmark` holds from its last one on."""

    lines: Sequence[bytes]
    size: int
    ticket: Ticket
    receipt: Receipt | None
    bookmark: Mapping[str, Any] | None
    end: int = 0


class PostedSource:
    """Everything one sender posts. Each request commits in one transaction, with its receipt.

    So a read hands over whole requests, one at least, however long: `limit` decides about further ones. Takes
    nothing any more after `end`; what it took is read, then it is done.
    Drops are what `count` was told.
    """

    live = True

    def __init__(self, name: str, *, clock: Clock, resume: Resume = None, room: Room | None = None) -> None:
        self.name = name
        self._clock = clock
        self._position, marks = resume or (0, {})
        self._bookmark: dict[str, Any] = dict(marks)
        self._committed = self._position
        self._room = room or Room()
        self._lock = threading.Lock()
        self._wake: Wake = no_wake
        self._queue: deque[_Parcel] = deque()
        self._read: deque[_Parcel] = deque()
        self._drops: dict[str, int] = {}
        self._ended = False

    # -- for senders, in any thread --------------------------------------------------------

    def offer(
        self,
        records: Sequence[bytes],
        receipt: Receipt | None = None,
        *,
        bookmark: Mapping[str, Any] | None = None,
    ) -> Ticket:
        """Hand over records, which are lines without their newline; none only waits for those before.

        `bookmark` is what a restart shall know once they are stored. Raises QueueFullError at once where
        there is no room for all of them, EndedError after the end.
        """
        size = sum(map(len, records)) + OVERHEAD * len(records)
        parcel = _Parcel(records, size, Ticket(), receipt, bookmark)
        with self._lock:
            if self._ended:
                raise EndedError("nothing is taken any more: this socterm is ending")
            if not self._room.take(self.name, size):
                raise QueueFullError("too much waits to be stored: send it again a little later")
            self._queue.append(parcel)
        self._wake()
        return parcel.ticket

    def withdraw(self, ticket: Ticket) -> bool:
        """Take back what was offered; False where it is too late and it may yet be stored."""
        with self._lock:
            for parcel in self._queue:
                if parcel.ticket is ticket:
                    self._queue.remove(parcel)
                    self._room.give(self.name, parcel.size)
                    break
            else:
                return False
        ticket.stored.set_exception(EndedError("withdrawn"))
        return True

    def count(self, reason: str, records: int) -> None:
        """Count records that were not taken for another reason."""
        if records:
            with self._lock:
                self._drops[reason] = self._drops.get(reason, 0) + records

    def marks(self) -> dict[str, Any]:
        """The bookmark as of the last record read."""
        with self._lock:
            return dict(self._bookmark)

    # -- for the ingest thread -------------------------------------------------------------

    def start(self, wake: Wake) -> None:
        """Wake the pipeline from now on."""
        self._wake = wake

    def read(self, limit: int) -> Chunk | None:
        """The requests that came, oldest first."""
        lines: list[bytes] = []
        receipts: list[Receipt] = []
        first = self._position
        with self._lock:
            for parcel in self._next(limit):
                lines += parcel.lines
                self._position = parcel.end = first + len(lines)
                if parcel.receipt is not None and parcel.lines:
                    receipts.append(parcel.receipt)
                if parcel.bookmark is not None:
                    self._bookmark |= parcel.bookmark
            bookmark = dict(self._bookmark)
        if not lines:
            self.committed(self._committed)
            return None
        return Chunk(
            self.name, first, lines, bookmark, self._clock(), ordered=False, receipts=tuple(receipts)
        )

    def committed(self, position: int) -> None:
        """Tell the senders of all below `position` that it is stored."""
        done = []
        with self._lock:
            self._committed = position
            while self._read and self._read[0].end <= position:
                done.append(self._read.popleft().ticket)
        for ticket in done:
            ticket.stored.set_result(None)

    def bookmark(self) -> dict[str, Any] | None:
        """None: what came before its first line cannot be asked for again."""
        return None

    @property
    def done(self) -> bool:
        """True after `end`, when all is read."""
        return self._ended and not self._queue

    def stats(self) -> SourceStats:
        """Drops by reason, and the records waiting."""
        with self._lock:
            backlog = sum(len(parcel.lines) for parcel in self._queue)
            return SourceStats(drops=dict(self._drops), backlog=backlog)

    def end(self) -> None:
        """Take nothing more."""
        with self._lock:
            self._ended = True
        self._wake()

    def close(self) -> None:
        """Take nothing more, and tell everyone who still waits that this process will not store it."""
        with self._lock:
            self._ended = True
            self._room.give(self.name, sum(parcel.size for parcel in self._queue))
            lost = [parcel.ticket for parcel in (*self._read, *self._queue)]
            self._read.clear()
            self._queue.clear()
        for ticket in lost:
            ticket.stored.set_exception(EndedError("it was not stored: this socterm is ending"))

    def _next(self, limit: int) -> Iterator[_Parcel]:
        """Parcels to read now, which from then on wait for the commit."""
        count = 0
        while self._queue and (not count or count + len(self._queue[0].lines) <= limit):
            parcel = self._queue.popleft()
            self._room.give(self.name, parcel.size)
            self._read.append(parcel)
            count += len(parcel.lines)
            yield parcel
