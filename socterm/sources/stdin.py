"""Lines piped in: `ssh host tail -F /var/log/auth.log | socterm -`."""

from __future__ import annotations

from typing import Any

from socterm.event import Chunk
from socterm.sources.base import Clock, Resume, SourceStats, Wake
from socterm.sources.lines import LineBuffer
from socterm.sources.pump import Pump

_BLOCKS_A_READ = 64


class StdinSource:
    """What another program writes to us, until it ends. Cannot be resumed: the bookmark is empty.

    When socterm cannot keep up it stops reading, and the writer waits; nothing is dropped. The
    descriptor is given, because the console moves standard input away from 0 before it starts.
    """

    name = "stdin"
    live = True

    def __init__(self, *, clock: Clock, fd: int = 0, resume: Resume = None) -> None:
        self._clock = clock
        self._fd = fd
        self._position = resume[0] if resume else 0
        self._buffer = LineBuffer()
        self._pump: Pump | None = None
        self._closed = False
        self._cut = 0

    def start(self, wake: Wake) -> None:
        """Begin reading the descriptor."""
        self._pump = Pump(self._fd, wake, "socterm-stdin")
        self._pump.start()

    def read(self, limit: int) -> Chunk | None:
        """The next lines; after the end also a last one without a newline."""
        if self._pump is None or self._closed:
            return None
        for _ in range(_BLOCKS_A_READ):
            if self._buffer.ready >= limit or not (block := self._pump.take()):
                break
            self._buffer.feed(block)
        if self._pump.ended:
            self._buffer.finish()
        taken = self._buffer.take(limit)
        if taken is None:
            return None
        first = self._position
        self._position += len(taken.lines)
        self._cut += len(taken.notes)
        return Chunk(
            source=self.name,
            first=first,
            lines=taken.lines,
            bookmark={},
            now=self._clock(),
            notes=taken.notes,
        )

    def bookmark(self) -> dict[str, Any] | None:
        """None: what came before its first line cannot be asked for again."""
        return None

    @property
    def done(self) -> bool:
        """True after the last line before the end was read."""
        return self._closed or (self._pump is not None and self._pump.ended and self._buffer.empty)

    def stats(self) -> SourceStats:
        """Bytes waiting, and lines cut for their length."""
        drops = {"oversized": self._cut} if self._cut else {}
        return SourceStats(drops=drops, backlog=self._pump.held if self._pump else 0)

    def close(self) -> None:
        """Stop reading; the descriptor itself stays open."""
        if not self._closed and self._pump is not None:
            self._pump.close()
        self._closed = True
