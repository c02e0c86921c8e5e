"""What every source of log lines promises, whatever it reads from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import msgspec

from socterm.event import Chunk

Clock = Callable[[], int]
"""Wall clock in µs since the epoch; passed in so that a test decides the time."""

Wake = Callable[[], None]
"""Called from any thread when there may be something to read; never blocks."""

Bookmarks = Callable[[str], tuple[int, dict[str, Any]] | None]
"""Source name → (position to go on from, bookmark), or None for a source never read before."""

Resume = tuple[int, dict[str, Any]] | None
"""What a source is started with: the answer of `Bookmarks` for its name."""

LINE_LIMIT = 1 << 20
"""Bytes of one line that are kept; the rest up to its newline is skipped and counted."""

BLOCK = 256 << 10
"""Bytes asked for in one read of a file."""


class SourceStats(msgspec.Struct):
    """How a source is doing: what it had to drop, what a person should know, what still waits.

    `drops` maps a reason to a count. `note` is one line with what to do, "" when all is well.
    `backlog` counts bytes (files, stdin) or records (UDP, journal) not read yet, -1 where unknown.
    `rotations` counts how often the source went on to another file under the same name.
    """

    drops: dict[str, int] = {}
    note: str = ""
    backlog: int = -1
    rotations: int = 0


class Source(Protocol):
    """A place lines come from. All methods but `wake` are called from the one ingest thread."""

    name: str
    live: bool

    def start(self, wake: Wake) -> None:
        """Begin watching; `wake` is called from any thread when there may be something to read."""

    def read(self, limit: int) -> Chunk | None:
        """Hand over what is there now, at most `limit` lines; None when there is nothing now."""

    def bookmark(self) -> dict[str, Any] | None:
        """Where a started source stands before it handed over a line; None where that cannot be told.

        Kept at once, so that what is written while socterm is down is read at the next start.
        """

    @property
    def done(self) -> bool:
        """Whether nothing will ever come again."""

    def stats(self) -> SourceStats:
        """Counters and the line a person can read."""

    def close(self) -> None:
        """Let go of files, threads and children; reading afterwards gives None."""


@runtime_checkable
class Listener(Source, Protocol):
    """A source that others send to: what it has taken nobody will send again."""

    def end(self) -> None:
        """Take nothing more. What was taken is still to be read; then the source is `done`."""


@runtime_checkable
class Answering(Source, Protocol):
    """A source whose senders wait to hear that what they sent is stored."""

    def committed(self, position: int) -> None:
        """All lines below `position` are stored, for good."""


def no_wake() -> None:
    """Stand in for the wake call of a source that was not started."""
