"""Check citations while an answer streams: `[#12]` passes if a tool returned event 12, else it is marked."""

from __future__ import annotations

import re
from collections.abc import Collection

_CITATION = re.compile(r"\[\s*#\d{1,18}(?:\s*,\s*#?\d{1,18})*\s*\]")
_NUMBER = re.compile(r"#?(\d+)")
_UNFINISHED = re.compile(r"\[[\s#\d,]{0,80}\Z")


class CitationCheck:
    """Feed it the answer piece by piece. `known` may grow while it runs."""

    def __init__(self, known: Collection[int]) -> None:
        self.known = known
        self.cited: list[int] = []
        self.unverified: list[int] = []
        self._held = ""

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
        return _CITATION.sub(lambda found: _NUMBER.sub(self._one, found[0]), text)

    def _one(self, found: re.Match[str]) -> str:
        number = int(found[1])
        if number in self.known:
            if number not in self.cited:
                self.cited.append(number)
            return f"#{number}"
        if number not in self.unverified:
            self.unverified.append(number)
        return f"#{number} unverified"
