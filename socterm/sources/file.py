"""Following one log file through rotation, truncation and restarts: each line once, in order."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import msgspec

from socterm.errors import SoctermError
from socterm.event import Chunk
from socterm.sources import rotation
from socterm.sources.access import WAITING, as_text, why_not
from socterm.sources.base import Clock, Resume, SourceStats, Wake, no_wake
from socterm.sources.bundles import unbundled
from socterm.sources.lines import LineBuffer, Taken
from socterm.sources.marks import HEAD, Identity, Mark, digest, read_bookmark
from socterm.sources.readers import (
    PACKED_SUFFIXES,
    DamagedError,
    PackedReader,
    PlainReader,
    RewrittenError,
    open_reader,
)
from socterm.sources.rotation import holds
from socterm.sources.watch import Watcher

_BLOCKS_A_FILL = 16
_FILLS_A_READ = 8
_TRIES = 8
_REMEMBERED = 64
_NOWHERE = (-1, -1)


def name_of(path: Path) -> str:
    """The name of the source that a log file is."""
    return f"file:{as_text(path)}"


class FileSource:
    """One log under one name, followed like `tail -F`; `once` reads it to its end and is done.

    A renamed file is drained first: also lines written to it after the rename, until the new file has
    its first byte (a daemon goes on writing to the old one until it is told to reopen). A truncated
    one is looked for by content among the rotated files, and what was not read yet is read there.
    A packed file is always read `once`.

    Start: at the bookmark; else `from_start`; else the last `lines` lines; else at the end. A file
    that was not there yet is read from its start. One writer is assumed: after the new file has
    content and the old one is at its end, nothing more is read from the old one.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        resume: Resume = None,
        from_start: bool = False,
        lines: int | None = None,
        once: bool = False,
        watcher: Watcher | None = None,
    ) -> None:
        self.path = path
        self.name = name_of(path)
        self.live = not (once or path.suffix in PACKED_SUFFIXES)
        self._clock = clock
        self._position, stored = resume or (0, {})
        self._stored = read_bookmark(stored)
        self._start_at = None if from_start or not self.live else (lines or 0)
        self._watcher = watcher
        self._own_watcher = watcher is None
        self._wake: Wake = no_wake
        self._reader: PlainReader | PackedReader | None = None
        self._mark = Mark(0, 0, 0, "", "", 0, 0)
        self._buffer = LineBuffer()
        self._ended = False
        self._done = False
        self._skip: set[Identity] = set()
        self._empty_next: Identity | None = None
        self._left: deque[Mark] = deque(maxlen=_REMEMBERED)
        self._stats = SourceStats(drops={})

    def start(self, wake: Wake) -> None:
        """Watch the file's directory and wake the pipeline when something changes there."""
        self._wake = wake
        if self.live:
            self._watcher = self._watcher or Watcher()
            self._watcher.add(self.path, wake)
        if self._reader is None and not self._done:
            self._begin()  # the end to start at is the end as it is now
        wake()

    def bookmark(self) -> dict[str, Any] | None:
        """Where reading stands; None while there is no file."""
        return self._mark.as_bookmark() if self._reader is not None else None

    @property
    def done(self) -> bool:
        """True at the end of a replay and after `close`."""
        return self._done

    def read(self, limit: int) -> Chunk | None:
        """The next lines of one file; None when all that is there was handed over."""
        fills = 0
        while fills < _FILLS_A_READ and not self._done and (self._reader or self._begin()):
            at_end = self._fill(limit)
            # Lines that carry thousands of records each go one by one, and each whole.
            if taken := self._buffer.take(1 if self._reader and self._reader.bundled else limit):
                return self._chunk(taken)
            if not at_end:
                fills += 1
            elif not self._advance():
                return None
        if fills:
            self._wake()  # a line longer than one read may take: go on at the next
        return None

    def has_read(self, path: Path) -> bool:
        """Whether that path is a file this source reads, or has read lately, under its own name."""
        marks = [*self._left, self._mark] if self._reader else self._left
        return any(mark.offset and holds(path, mark) for mark in marks)

    def stats(self) -> SourceStats:
        """Counters, what is wrong, and the bytes of the present file not read yet."""
        backlog = -1
        if isinstance(self._reader, PlainReader):
            backlog = max(0, self._reader.info().st_size - self._mark.offset)
        elif self._reader is not None:
            backlog = self._reader.left
        note = self._stats.note
        if not note and self._watcher is not None and self.live:
            note = self._watcher.note(self.path)
        drops = dict(self._stats.drops)
        return msgspec.structs.replace(self._stats, drops=drops, backlog=backlog, note=as_text(note))

    def close(self) -> None:
        """Close the file and stop watching it."""
        self._done = True
        self._release()
        if self._watcher is not None:
            self._watcher.remove(self.path)
            if self._own_watcher:
                self._watcher.close()

    def _begin(self) -> bool:
        """Open the file to start with. False when there is none to read yet."""
        stored, self._stored = self._stored, None
        if stored is None:
            return self._open_path()
        if not self.live:
            return self._open_path(stored)
        if reader := rotation.locate(self.path, stored):
            self._use(reader)
            return True
        self._mark = stored
        self._start_at = None
        self._count("file of the bookmark gone")
        opened = False
        for _ in range(_TRIES):  # again when a file was renamed while we looked
            following = rotation.successor(self.path, _NOWHERE, stored, self._skip)
            if following is None or opened:
                break
            opened = self._open_next(following) and self._reader is not None
        self._stats.note = self._stats.note or (
            "the file read last is gone: lines written to it since then are missing; "
            "keep rotated files longer than socterm is down"
        )
        return opened

    def _open_path(self, mark: Mark | None = None) -> bool:
        try:
            reader = open_reader(self.path, follow=self.live)
            if mark is not None and not reader.resume(mark):
                reader.close()
                reader = open_reader(self.path, follow=self.live)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                self._start_at = None  # all of a file created later is new
            return self._refused(why_not(self.path, error))
        except SoctermError as error:
            return self._refused(str(error).removeprefix(f"{self.path}: "))
        if reader.packed:
            self.live = False
        elif self._start_at is not None and isinstance(reader, PlainReader) and not reader.bundled:
            reader.seek_lines(self._start_at)
        self._stats.note = ""
        self._use(reader)
        return True

    def _refused(self, note: str) -> bool:
        if not self.live:
            self._count("unreadable file")
            self._done = True
        self._stats.note = note
        return False

    def _use(self, reader: PlainReader | PackedReader) -> None:
        self._release()
        self._reader = reader
        self._ended = False
        self._empty_next = None
        self._start_at = None
        self._set_mark(reader.position, reader.before())

    def _release(self) -> None:
        if self._reader is not None:
            self._left.append(self._mark)
            self._reader.close()
            self._reader = None

    def _fill(self, limit: int) -> bool:
        """Read until `limit` lines are ready. True when nothing more is there now."""
        if self._ended or self._reader is None:
            return True
        for _ in range(_BLOCKS_A_FILL):
            if self._buffer.ready >= limit:
                return False
            before = self._reader.position
            try:
                block = self._reader.read()
            except RewrittenError:
                self._follow_copy()
                return self._ended
            except DamagedError as error:
                self._count("damaged file")
                self._stats.note = f"damaged after {self._reader.position} bytes of text: {error}"
                self._end()
                return True
            if not block:
                return True
            if hole := self._reader.position - before - len(block):
                self._set_mark(self._mark.offset + hole, b"")
            self._buffer.feed(block)
        return False

    def _advance(self) -> bool:
        """At the end of the present file with no whole line left: go on to what follows.

        True when there may be more to read now.
        """
        if not self.live:
            if not self._ended:
                self._end()
            if self._buffer.ready:
                return True
            self._done = True
            self._release()
            return False
        following = self._following()
        if following is None:
            return False
        if not self._ended:
            # What the writer put into the old file before it went on must come first.
            if not self._fill(1) or self._buffer.ready:
                return True
            self._end()
            return True
        return self._open_next(following)

    def _following(self) -> rotation.Found | None:
        """The file the writer has gone on to; None while it may still write to the present one."""
        assert self._reader is not None  # noqa: S101 - for the type checker
        identity = self._reader.identity
        try:
            info = self.path.stat()
        except OSError as error:
            info = None
            self._stats.note = why_not(self.path, error)
        if info is not None:
            if self._stats.note == WAITING:
                self._stats.note = ""
            now = (info.st_dev, info.st_ino)
            if now == identity:
                if not self._ended:
                    return None
                return rotation.Found(self.path, now, info.st_mtime_ns, info.st_size)
            if self._empty_next == now and not info.st_size:
                return None
        found = rotation.successor(self.path, identity, self._mark_of_all_read(), self._skip)
        if found is None and info is not None and not info.st_size:
            self._empty_next = (info.st_dev, info.st_ino)
        return found

    def _open_next(self, found: rotation.Found | None) -> bool:
        if found is None:
            return False
        if found.path == self.path:
            before, left = self._reader, self._mark
            self._reader = None
            if not self._open_path():
                self._reader = before
                return False
            if before is not None:
                self._left.append(left)
                before.close()
            self._stats.rotations += 1
            return True
        reader = rotation.open_found(found)
        if reader is None:
            if found.path.exists():
                self._skip.add(found.identity)
                self._count("unreadable rotated file")
                self._stats.note = f"left out {found.path}: it could not be read"
            return True
        self._use(reader)
        self._stats.rotations += 1
        return True

    def _follow_copy(self) -> None:
        """The file was truncated: go on reading in its copy, if one holds all that was read so far."""
        copy = rotation.locate(self.path, self._mark_of_all_read())
        if copy is None:
            self._end()
            return
        kept = self._mark
        self._use(copy)
        dev, ino = copy.identity
        self._mark = msgspec.structs.replace(kept, dev=dev, ino=ino)
        self._stats.rotations += 1

    def _end(self) -> None:
        """Nothing more will be read from the present file: its rest is a line."""
        self._buffer.finish()
        self._ended = True

    def _chunk(self, taken: Taken) -> Chunk:
        assert self._reader is not None  # noqa: S101 - for the type checker
        self._count("oversized", len(taken.notes))
        self._set_mark(self._mark.offset + taken.size, taken.tail)
        lines, notes = unbundled(taken) if self._reader.bundled else (taken.lines, taken.notes)
        first = self._position
        self._position += len(lines)
        now = self._clock() if self.live else self._mark.mtime // 1000
        return Chunk(
            source=self.name,
            first=first,
            lines=lines,
            bookmark=self._mark.as_bookmark(),
            now=now,
            live=self.live,
            notes=notes,
        )

    def _set_mark(self, offset: int, tail: bytes) -> None:
        self._mark = self._make_mark(offset, tail)

    def _mark_of_all_read(self) -> Mark:
        """Where reading stands, lines not handed over yet included."""
        assert self._reader is not None  # noqa: S101 - for the type checker
        return self._make_mark(self._reader.position, self._reader.before())

    def _make_mark(self, offset: int, tail: bytes) -> Mark:
        reader = self._reader
        assert reader is not None  # noqa: S101 - for the type checker
        same_head = self._mark.identity == reader.identity and HEAD <= self._mark.offset <= offset
        return Mark(
            dev=reader.identity[0],
            ino=reader.identity[1],
            offset=offset,
            head=self._mark.head if same_head else digest(reader.head[: min(HEAD, offset)]),
            tail=digest(tail),
            tail_size=len(tail),
            mtime=reader.info().st_mtime_ns,
        )

    def _count(self, reason: str, times: int = 1) -> None:
        if times:
            self._stats.drops[reason] = self._stats.drops.get(reason, 0) + times
