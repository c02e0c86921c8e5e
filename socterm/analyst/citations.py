"""Check citations while an answer streams: `[#12]` passes if a tool returned event 12, else it is marked.

So is a number that stands otherwise where people read an event: `event #12`, `(see #12)`, `[#12; #13]`. Any
other `#3` (an alert's, the first of several things) is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_CITATION = re.compile(r"\[\s*#\d{1,18}(?:\s*,\s*#?\d{1,18})*\s*\]|(?<![\w&/])#\d{1,18}\b")
_OF_EVENT = re.compile(
    r"(?:[(\[,;]|\b(?:events?|lines?|logs?|entry|entries|records?|see|cf\.?|and|or|to))\s?\Z", re.IGNORECASE
)
_NUMBER = re.compile(r"#?(\d+)")
_UNFINISHED = re.compile(r"(?:\[[\s#\d,]{0,80}|#\d{0,18})\Z")
_LOOK_BACK = 16
"""Characters before a number that may say whose it is."""


class CitationCheck:
    """Feed it the answer piece by piece. `known` may grow while it runs."""

    def __init__(self, known: Collection[int]) -> None:
        self.known = known
        self.cited: list[int] = []
        self.unverified: list[int] = []
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> str:
        """The text that can be shown now; what may be the start of a citation waits for its end."""
        text = self._held + text
        unfinished = _UNFINISHED.search(text)
        self._held = text[unfinished.start() :] if unfinished else ""
        return self._mark(text[: len(text) - len(self._held)])

    def finish(self) -> str:
        """What was still held back."""
        rest, self._held = self._held, ""
        return self._mark(rest)

    def _mark(self, text: str) -> str:
        whole, done, out = self._before + text, len(self._before), ""
        for found in _CITATION.finditer(whole, done):
            if found[0][0] == "#" and not _OF_EVENT.search(whole, 0, found.start()):
                continue
            out += whole[done : found.start()] + _NUMBER.sub(self._one, found[0])
            done = found.end()
        self._before = whole[-_LOOK_BACK:]
        return out + whole[done:]

    def _one(self, found: re.Match[str]) -> str:
        number = int(found[1])
        if number in self.known:
            if number not in self.cited:
                self.cited.append(number)
            return f"#{number}"
        if number not in self.unverified:
            self.unverified.append(number)
        return f"#{number} unverified"
