"""`%name%` under `|expand`: the lists that fill it, and which of them a rule has asked for.

Sigma 2.1, "Placeholders". Lists come from the configuration; reading it is not this file's affair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Final, NamedTuple

from socterm.errors import RuleError

COMBINATIONS: Final = 10_000
"""Texts one value may become by its placeholders."""

Lists = Mapping[str, Sequence[str]]
"""Placeholder → the values that fill it; upper and lower case of the names are the same."""


class Piece(NamedTuple):
    """A stretch of a value: the rule's own text, or a value that stands in place of `%name%`."""

    text: str
    filled: bool = False


class Placeholders:
    """The lists at hand; `used` are those asked for so far, for the digest of a rule."""

    def __init__(self, lists: Lists) -> None:
        self._lists = {name.lower(): tuple(values) for name, values in lists.items()}
        self._missing: dict[str, None] = {}
        self.used: dict[str, tuple[str, ...]] = {}

    def check(self) -> None:
        """Raises RuleError naming every placeholder met so far that nothing fills, and how to fill one."""
        if self._missing:
            first = next(iter(self._missing))
            raise RuleError(
                f"nothing fills {', '.join(f'%{name}%' for name in self._missing)}; a placeholder gets its "
                "values in the configuration file: "
                f'[placeholders] {first if _BARE.fullmatch(first) else repr(first)} = ["…"]'
            )

    def fill(self, text: str) -> list[tuple[Piece, ...]]:
        r"""The values a text with placeholders stands for, in pieces.

        `\%` is a percent sign; one that opens no name is itself. What nothing fills stays, and `check` tells.
        """
        choices = [self._values(part) if named else (Piece(part),) for named, part in cut(text)]
        size = prod(map(len, choices))
        if size > COMBINATIONS:
            raise RuleError(f"'{text[:80]}' would become {size:,} values; at most {COMBINATIONS:,} are read")
        return list(product(*choices))

    def _values(self, name: str) -> tuple[Piece, ...]:
        found = self._lists.get(name.lower(), ())
        if not found:
            self._missing[name] = None
            return (Piece(f"%{name}%"),)
        self.used[name.lower()] = found
        return tuple(Piece(value, filled=True) for value in found)


_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_MARKS: Final = re.compile(r"\\(\\|%)|%([^%\\]+)%")


def cut(text: str) -> list[tuple[bool, str]]:
    r"""(is a placeholder's name, text) for each stretch; a pair of backslashes stays as it is written.

    >>> cut(r"\%plain%name%x")
    [(False, '%plain'), (True, 'name'), (False, 'x')]
    """
    found: list[tuple[bool, str]] = []
    own = ""
    at = 0
    for mark in _MARKS.finditer(text):
        own += text[at : mark.start()]
        at = mark.end()
        if mark[2] is None:
            own += "%" if mark[1] == "%" else mark[0]
            continue
        found += [(False, own), (True, mark[2])]
        own = ""
    found.append((False, own + text[at:]))
    return [(named, part) for named, part in found if part]
