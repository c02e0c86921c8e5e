"""Journals that other machines upload: what is sent a second time, after a break, is stored once."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from socterm.sources.base import Clock
from socterm.sources.exported import Entry
from socterm.sources.posted import PostedSource, Ticket

_CURSOR = re.compile(r"s=([0-9a-f]{32});i=([0-9a-f]{1,16});(?:.*;)?t=([0-9a-f]{1,16});")
"""The journal's own id, the entry's number in it and its time in µs (systemd, JOURNAL_FILE_FORMAT)."""

_ENDLESS = (1 << 64) - 1

_JOURNALS = 256
"""Journals remembered for each sender; a machine makes a new one when it lost its state."""


class _Last(NamedTuple):
    """The highest number of a journal that was taken, and the latest time (µs)."""

    number: int = -1
    time: int = -1


class Uploads:
    """Hands entries over to a source and remembers, by journal, how far it was taken.

    Numbers of a journal only grow and are sent in their order, so what is neither beyond the highest one nor
    later than all before it was sent before. The bookmark of the source says what is stored; what still waits
    in the queue counts as well, for `offer` waits for that, too.

    `clock` is that of the machine that sends, where it is known. Times beyond it are not believed: who makes
    up an entry of the highest number cannot have those that really come taken for known ones.
    """

    def __init__(self, source: PostedSource, clock: Clock | None = None) -> None:
        self.source = source
        self._clock = clock
        self._lock = threading.Lock()
        kept = source.marks().get("journals")
        self._last = {name: _stored(told) for name, told in kept.items()} if isinstance(kept, dict) else {}

    def offer(self, entries: Sequence[Entry]) -> Ticket:
        """Hand over those that are new; the ticket also waits for the others. Raises as the source does."""
        now = self._clock() if self._clock else _ENDLESS
        with self._lock:
            last = dict(self._last)
            lines = [entry.line for entry in entries if _is_new(entry, last, now)]
            while len(last) > _JOURNALS:
                del last[next(iter(last))]
            ticket = self.source.offer(
                lines, bookmark={"journals": {name: [*at] for name, at in last.items()}}
            )
            self._last = last
        self.source.count("duplicate", len(entries) - len(lines))
        return ticket


def _stored(told: Any) -> _Last:
    """What a bookmark says of a journal; those of the first version had the number alone."""
    return _Last(told, _ENDLESS) if isinstance(told, int) else _Last(*told)


def _is_new(entry: Entry, last: dict[str, _Last], now: int) -> bool:
    """Whether it was not sent before, which it then is; so is one without a cursor."""
    found = _CURSOR.match(entry.cursor)
    if found is None:
        return True
    journal, number, time = found[1], int(found[2], 16), int(found[3], 16)
    before = last.pop(journal, _Last())  # what was heard of last stands last
    last[journal] = _Last(max(before.number, number), max(before.time, min(time, now)))
    return number > before.number or time > before.time
