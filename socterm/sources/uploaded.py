"""Journals that other machines upload: what is sent a second time, after a break, is stored once."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

from socterm.sources.exported import Entry
from socterm.sources.posted import PostedSource, Ticket

_CURSOR = re.compile(r"s=([0-9a-f]{32});i=([0-9a-f]{1,16});")
"""The journal's own id and the entry's number in it (systemd, JOURNAL_FILE_FORMAT, "sequence numbers")."""

_JOURNALS = 256
"""Journals remembered for each sender; a machine makes a new one when it lost its state."""


class Uploads:
    """Hands entries over to a source and remembers, by journal, the number of the last one taken.

    Numbers of a journal only grow and are sent in their order, so what is not beyond the last one was sent
    before. The bookmark of the source says what is stored; what still waits in the queue counts as well, for
    `offer` waits for that, too.
    """

    def __init__(self, source: PostedSource) -> None:
        self.source = source
        self._lock = threading.Lock()
        kept = source.marks().get("journals")
        self._last: dict[str, int] = dict(kept) if isinstance(kept, dict) else {}

    def offer(self, entries: Sequence[Entry]) -> Ticket:
        """Hand over those that are new; the ticket also waits for the others. Raises as the source does."""
        with self._lock:
            last = dict(self._last)
            lines = [entry.line for entry in entries if _is_new(entry, last)]
            while len(last) > _JOURNALS:
                del last[next(iter(last))]
            ticket = self.source.offer(lines, bookmark={"journals": last})
            self._last = last
        self.source.count("duplicate", len(entries) - len(lines))
        return ticket


def _is_new(entry: Entry, last: dict[str, int]) -> bool:
    """Whether it is beyond the last one of its journal, which it then is; so is one without a cursor."""
    found = _CURSOR.match(entry.cursor)
    if found is None:
        return True
    journal, number = found[1], int(found[2], 16)
    before = last.pop(journal, -1)  # what was heard of last stands last
    last[journal] = max(before, number)
    return number > before
