"""Bytes into whole lines: the partial last line is held, an endless one is cut and counted."""

from __future__ import annotations

from typing import Any

import msgspec

from socterm.sources.base import LINE_LIMIT
from socterm.sources.marks import TAIL


class Taken(msgspec.Struct):
    """Lines handed over, the bytes of the source they took, and notes by index as in `Chunk`.

    `tail` is the end of those bytes, as far as one line tells: the file's bookmark knows it again.
    """

    lines: list[bytes]
    size: int
    tail: bytes
    notes: dict[int, dict[str, Any]]


class LineBuffer:
    r"""Splits a byte stream at "\n" and holds what is not yet a line.

    A line longer than `limit` keeps its first `limit` bytes; it comes out when its newline does, with
    its full length in the notes. A "\r" before the newline stays: the parser strips it.
    Blocks fed must be shorter than `limit`, so that only a held line can grow beyond it.
    """

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._lines: list[bytes] = []
        self._next = 0
        self._partial = bytearray()
        self._length = 0
        self._cut: dict[int, int] = {}
        self._unterminated = False

    @property
    def ready(self) -> int:
        """Whole lines waiting to be taken."""
        return len(self._lines) - self._next

    @property
    def empty(self) -> bool:
        """Whether neither a line nor a part of one is held."""
        return not self.ready and not self._length

    def feed(self, block: bytes) -> None:
        """Add the next bytes of the stream."""
        if self._next:
            self._drop_taken()
        if self._length:
            head, newline, block = block.partition(b"\n")
            self._hold(head)
            if not newline:
                return
            self._end_line()
        parts = block.split(b"\n")
        self._hold(parts.pop())
        self._lines += parts

    def finish(self) -> bool:
        """Make the held rest a line: nothing will follow it. False when nothing was held."""
        if not self._length:
            return False
        self._end_line()
        self._unterminated = True
        return True

    def clear(self) -> None:
        """Forget everything not taken yet: it will be read again from the bookmark."""
        self._lines.clear()
        self._cut.clear()
        self._partial.clear()
        self._next = self._length = 0
        self._unterminated = False

    def take(self, limit: int) -> Taken | None:
        """Hand over up to `limit` lines; None when there is no whole line."""
        first = self._next
        lines = self._lines[first : first + limit] if first or limit < len(self._lines) else self._lines
        if not lines:
            return None
        size = sum(map(len, lines)) + len(lines)
        notes: dict[int, dict[str, Any]] = {}
        for index in [index for index in self._cut if index < first + len(lines)]:
            length = self._cut.pop(index)
            notes[index - first] = {"cut": length}
            size += length - self._limit
        tail = b"\n" if len(lines) - 1 in notes else lines[-1][1 - TAIL :] + b"\n"
        self._next = first + len(lines)
        if self._next == len(self._lines):
            if self._unterminated:
                size -= 1
                tail = tail[:-1]
                self._unterminated = False
            self._lines = []
            self._next = 0
        return Taken(lines, size, tail, notes)

    def _hold(self, piece: bytes) -> None:
        room = self._limit - len(self._partial)
        if room > 0:
            self._partial += piece[:room]
        self._length += len(piece)

    def _end_line(self) -> None:
        if self._length > self._limit:
            self._cut[len(self._lines)] = self._length
        self._lines.append(bytes(self._partial))
        self._partial.clear()
        self._length = 0

    def _drop_taken(self) -> None:
        self._cut = {index - self._next: length for index, length in self._cut.items()}
        del self._lines[: self._next]
        self._next = 0
