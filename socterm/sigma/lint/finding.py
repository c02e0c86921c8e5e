"""A finding of the linter, and the place in a file that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

Severity = Literal["error", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")
"""error: the rule is refused or cannot mean what it says · warning: it runs, likely not as meant · hint: what
a good rule also has."""

_TRIED_MOST = 500
_WORD_MOST = 100


class Spot(NamedTuple):
    """A place in a file: line and character, both from 1."""

    line: int
    char: int


class Finding(msgspec.Struct, frozen=True):
    """One line of `rules check`. `check` names the kind of finding; counts go by it."""

    path: str
    line: int
    char: int
    severity: Severity
    check: str
    message: str

    @property
    def text(self) -> str:
        """As compilers say it: `file:line:char: severity: message`."""
        return f"{self.path}:{self.line}:{self.char}: {self.severity}: {self.message} [{self.check}]"


class Note(NamedTuple):
    """A finding before its file is known."""

    spot: Spot
    severity: Severity
    check: str
    message: str


def near(word: str, known: Iterable[str], cutoff: float = 0.8) -> str:
    """ "; did you mean …?" for a word close to a known one, else "". Of many the first are tried."""
    if len(word) > _WORD_MOST:
        return ""
    found = get_close_matches(word.lower(), islice(known, _TRIED_MOST), n=1, cutoff=cutoff)
    return f"; did you mean {found[0]}?" if found and found[0] != word else ""
