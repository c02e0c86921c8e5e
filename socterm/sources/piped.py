"""What is piped in, read once: lines, but also packed content and documents, as a file of them would be."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from socterm.errors import SoctermError
from socterm.event import Chunk
from socterm.sources.base import BLOCK, Clock, SourceStats
from socterm.sources.documents import SNIFF
from socterm.sources.finding import Skipped, no_text
from socterm.sources.lines import LineBuffer
from socterm.sources.readers import DamagedError, open_stream
from socterm.sources.whole import Place

_BLOCKS = 16
"""Read for one chunk; more only while there is no whole line."""

_PATIENCE = 200
"""Milliseconds for which a read waits before it asks whether it should still wait."""


class Pipe:
    """A descriptor that can only be read forward, as a file; what was looked at comes again.

    `stop` is asked while nothing comes: once it says so the pipe is at its end. The descriptor stays open.
    """

    def __init__(self, fd: int, stop: Callable[[], bool]) -> None:
        self._fd = fd
        self._stop = stop
        self._ahead = b""
        self._taken = 0
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def peek(self, size: int) -> bytes:
        """The first bytes, `size` of them where so many come."""
        while len(self._ahead) < size and (more := self._fresh(size - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def read1(self, size: int = -1, /) -> bytes:
        """What is there, at most `size` bytes; b"" at the end."""
        wanted = BLOCK if size < 0 else size
        if self._ahead:
            block, self._ahead = self._ahead[:wanted], self._ahead[wanted:]
        else:
            block = self._fresh(wanted)
        self._taken += len(block)
        return block

    read = read1

    def tell(self) -> int:
        """Bytes handed over."""
        return self._taken

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def close(self) -> None:
        """Nothing: the descriptor is the caller's."""

    def _fresh(self, size: int) -> bytes:
        while not self._stop():
            if self._poll.poll(_PATIENCE):
                return os.read(self._fd, size)
        return b""


class PipedLog:
    """Standard input, or a named pipe, as one log. `start` is the beginning of its text.

    Raises SoctermError for content that is no text.
    """

    def __init__(self, name: str, fd: int, *, clock: Clock, stop: Callable[[], bool], first: int = 0) -> None:
        self.name = name
        self.done = False
        self.notes: list[Skipped] = []
        self._clock = clock
        self._first = self._position = first
        self._buffer = LineBuffer()
        self._cut = 0
        pipe = Pipe(fd, stop)
        self._reader = open_stream(cast("IO[bytes]", pipe), pipe.peek(SNIFF), Path(name))
        self._ended = False
        self.start = self._pull()
        why = "" if self._reader.document else no_text(self.start)
        if why:
            raise SoctermError(f"{name}: {why}")

    def read(self, limit: int) -> Chunk | None:
        """The next lines; at the end also a last one without its newline."""
        while not self.done:
            blocks = 0
            while (
                self._buffer.ready < limit
                and not self._ended
                and (blocks < _BLOCKS or not self._buffer.ready)
            ):
                self._pull()
                blocks += 1
            taken = self._buffer.take(limit)
            if taken is None:
                self.done = True
                return None
            first = self._position
            self._position += len(taken.lines)
            self._cut += len(taken.notes)
            return Chunk(self.name, first, taken.lines, {}, self._clock(), live=False, notes=taken.notes)
        return None

    def place(self, position: int) -> Place:
        """The name and the number of the line."""
        return self.name, position - self._first + 1

    def stats(self) -> SourceStats:
        """Lines cut for their length."""
        note = self.notes[-1].reason if self.notes else ""
        return SourceStats(drops={"oversized": self._cut} if self._cut else {}, note=note)

    @property
    def bytes_read(self) -> int:
        """Nothing: how much there will be is not known."""
        return 0

    def close(self) -> None:
        """Read no more."""
        self.done = True

    def _pull(self) -> bytes:
        try:
            block = self._reader.read()
        except DamagedError as error:
            self.notes.append(
                Skipped(self.name, f"damaged after {self._reader.position} bytes of text: {error}")
            )
            block = b""
        if block:
            self._buffer.feed(block)
        else:
            self._ended = True
            self._buffer.finish()
        return block
