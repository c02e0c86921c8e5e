"""The nouns of the road: a chunk of raw lines, and the event a line becomes.

Times are integer microseconds since the epoch, UTC, everywhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

LogSource = tuple[str, str, str]
"""(product, category, service) as in a Sigma `logsource`; "" where one does not apply."""

Key = tuple[int, str, int]
"""The order of events everywhere: (ts, source, position). Total, and the same in any arrival order."""


class Receipt(msgspec.Struct, frozen=True):
    """What a sender was told of lines that are stored, so that it is told the same when it asks again.

    `owner` is the sender and `key` the sender's own name for what it sent; `digest` is of what that was, and
    `answer` the JSON it got.
    """

    owner: str
    key: str
    digest: bytes
    answer: str


class Chunk(msgspec.Struct, gc=False):
    """What a source handed over in one read: whole lines and where to go on after them.

    `first` is the position of `lines[0]`; positions count the lines of a source from 0 and run on
    through rotation, truncation and restart. `bookmark` is the resume point after the last line,
    opaque JSON that only the source reads. `now` (µs) is the reference for stamps without a year and
    for lines without a stamp: the wall clock for a live source, the file's mtime in replay.
    `ordered` says that one writer's lines follow each other here; where several senders mix, as on a
    listener, a line without a stamp takes `now` and not its neighbour's time.
    `notes` marks single lines by index: {"cut": original length} for one beyond the size limit.
    `senders` are the addresses the lines came from, one for each, where they came over the network.
    `receipts` are committed with the lines they are about.
    """

    source: str
    first: int
    lines: list[bytes]
    bookmark: dict[str, Any]
    now: int
    live: bool = True
    ordered: bool = True
    notes: dict[int, dict[str, Any]] = {}
    senders: list[str] = []
    receipts: tuple[Receipt, ...] = ()


class Event(msgspec.Struct, gc=False):
    """One log line under ECS names; the raw text is always kept.

    `fields` is flat: dotted ECS names to str, int, float, bool or a tuple of them. It holds neither
    `@timestamp` (that is `ts`) nor `event.original` (`raw`) nor `event.kind` (`kind`).
    `repeat` is how many occurrences the line stands for: 5 for "message repeated 5 times", 0 for a line
    that tells of an attempt another line has already counted (a PAM line beside sshd's own).
    `time_from`: "line" (its own stamp), "previous" (the stamp before it in this source) or
    "received" (the chunk's `now`).
    `raw` is text with U+FFFD for what is not UTF-8 and without NULs; `raw_bytes` then keeps the original.
    """

    ts: int
    source: str
    position: int
    raw: str
    fields: dict[str, Any]
    logsources: tuple[LogSource, ...] = ()
    kind: str = "event"
    repeat: int = 1
    time_from: str = "line"
    raw_bytes: bytes | None = None
    id: int = 0

    @property
    def message(self) -> str:
        """The message part of the line, or the whole line where no header was understood."""
        found = self.fields.get("message")
        return found if isinstance(found, str) else self.raw

    @property
    def key(self) -> Key:
        """Where this event stands in the order of all events."""
        return (self.ts, self.source, self.position)
