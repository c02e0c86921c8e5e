"""Logs that are read once, from their first line to their last: rotated files in turn, each to its end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Protocol

from socterm.errors import SoctermError
from socterm.event import Chunk
from socterm.sources.access import WAITING
from socterm.sources.base import Clock, Resume, SourceStats
from socterm.sources.file import FileSource
from socterm.sources.finding import LogFile, Skipped
from socterm.sources.marks import Mark, read_bookmark
from socterm.sources.readers import DamagedError, open_reader

Place = tuple[str, int]
"""(file as it was named, number of the line or record in it, from 1)."""


class Whole(Protocol):
    """Something read once from start to end, in one place after another."""

    name: str
    done: bool
    notes: list[Skipped]

    def read(self, limit: int) -> Chunk | None:
        """The next lines, at most `limit`; None when all were read."""

    def place(self, position: int) -> Place:
        """Where a line that was read stands."""

    def stats(self) -> SourceStats:
        """What was dropped so far."""

    @property
    def bytes_read(self) -> int:
        """Bytes of the files themselves (packed ones as they are) read so far."""

    def close(self) -> None:
        """Let go of what is open."""


class WholeLog:
    """One log as files of one chain, oldest first, under one name: lines are numbered through.

    `resume` is where an earlier reading stopped: files before the one it stopped in are passed over; where
    none holds what was read then, all are read.
    """

    def __init__(self, name: str, files: Sequence[LogFile], *, clock: Clock, resume: Resume = None) -> None:
        self.name = name
        self.done = False
        self.notes: list[Skipped] = []
        self._files = list(files)
        self._clock = clock
        self._starts: list[int] = []
        self._read_before = 0
        self._position, bookmark = resume or (0, {})
        self._next = 0
        self._source: FileSource | None = None
        self._drops: dict[str, int] = {}
        self._bookmark: dict[str, Any] = {}
        mark = read_bookmark(bookmark)
        if mark is not None:
            self._go_behind(mark)

    def read(self, limit: int) -> Chunk | None:
        """The next lines, all of one file; None when all were read."""
        while not self.done:
            source = self._source or self._open()
            chunk = source.read(limit)
            if chunk is not None:
                self._position = chunk.first + len(chunk.lines)
                return chunk
            if source.done:
                self._close_file()
        return None

    def place(self, position: int) -> Place:
        """Where a line stands that was read: the file as it was named, and its number there from 1."""
        n = max(0, bisect_right(self._starts, position) - 1)
        start = self._starts[n] if self._starts and position >= self._starts[0] else 0
        return self._files[n].shown, position - start + 1

    @property
    def bytes_read(self) -> int:
        """Bytes of the files themselves read so far."""
        if self._source is None:
            return self._read_before
        size = self._files[self._next - 1].size
        return self._read_before + max(0, size - max(0, self._source.stats().backlog))

    def close(self) -> None:
        """Let go of the open file."""
        self.done = True
        if self._source is not None:
            self._close_file()

    def stats(self) -> SourceStats:
        """What was dropped in all files so far, and the last thing that was wrong with one."""
        drops = dict(self._drops)
        now = self._source.stats() if self._source is not None else SourceStats()
        for reason, times in now.drops.items():
            drops[reason] = drops.get(reason, 0) + times
        note = self.notes[-1].reason if self.notes else ""
        return SourceStats(drops=drops, note=now.note or note, backlog=now.backlog)

    def _go_behind(self, mark: Mark) -> None:
        """Find the file of the mark; what was read of it and the files before it are passed over."""
        for n, file in enumerate(self._files):
            known = _lines_before(file, mark)
            if known is not None:
                self._read_before = sum(other.size for other in self._files[:n])
                self._files = self._files[n:]
                self._bookmark = mark.as_bookmark()
                self._starts.append(self._position - known)
                return

    def _open(self) -> FileSource:
        file = self._files[self._next]
        self._next += 1
        resume = (self._position, self._bookmark)
        self._source = FileSource(file.path, clock=self._clock, resume=resume, from_start=True, once=True)
        self._source.name = self.name
        if not self._bookmark:
            self._starts.append(self._position)
        self._bookmark = {}
        return self._source

    def _close_file(self) -> None:
        assert self._source is not None  # noqa: S101 - for the type checker
        file = self._files[self._next - 1]
        stats = self._source.stats()
        if stats.note:
            gone = "gone before its turn came" if stats.note == WAITING else stats.note
            self.notes.append(Skipped(file.shown, gone))
        for reason, times in stats.drops.items():
            self._drops[reason] = self._drops.get(reason, 0) + times
        self._source.close()
        self._source = None
        self._read_before += file.size
        self.done = self.done or self._next >= len(self._files)


def _lines_before(file: LogFile, mark: Mark) -> int | None:
    """How many lines stand before a mark; None where the file does not hold what was read up to it."""
    try:
        reader = open_reader(file.path)
    except (OSError, SoctermError):
        return None
    try:
        if not reader.resume(mark):
            return None
    finally:
        reader.close()
    reader = open_reader(file.path)
    lines = 0
    try:
        while reader.position < mark.offset and (block := reader.read()):
            beyond = max(0, reader.position - mark.offset)
            lines += block[: len(block) - beyond].count(b"\n")
    except DamagedError:
        pass  # it held the mark a moment ago: what could be read was counted
    finally:
        reader.close()
    return lines
