"""`%name%` under `|expand`: the lists that fill it, and which of them a rule has asked for.

Sigma 2.1, "Placeholders". Lists come from the configuration; reading it is not this file's affair.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from types import MappingProxyType
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
    """The lists at hand; `used` are those asked for so far, for the digest of a rule.

    `own` are those a rule brings along for whoever has not filled them.
    """

    def __init__(self, lists: Lists, own: Lists = MappingProxyType({})) -> None:
        given = {name: values for name, values in lists.items() if values}
        self._lists = {
            name.lower(): tuple(values) for found in (own, given) for name, values in found.items()
        }
        self._own = {name.lower(): tuple(values) for name, values in own.items()}
        self._missing: dict[str, None] = {}
        self.used: dict[str, tuple[str, ...]] = {}

    @property
    def replaced(self) -> bool:
        """Whether something else fills what was asked for than the rule's own lists."""
        return any(name in self._own and values != self._own[name] for name, values in self.used.items())

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


def own_lists(said: object) -> dict[str, tuple[str, ...]]:
    """What a rule fills its placeholders with where the configuration does not. Raises RuleError.

    >>> own_lists({"admins": ["root", 1001]})
    {'admins': ('root', '1001')}
    """
    if not isinstance(said, dict) or not said:
        raise RuleError("socterm.placeholders must be a map of names, each with a list of values")
    found = {}
    for name, values in said.items():
        if not isinstance(values, list) or not values or not all(map(_plain, values)):
            raise RuleError(
                f"socterm.placeholders.{name} must be a list of texts; put NO, yes and dates in quotes"
            )
        found[str(name)] = tuple(map(str, values))
    return found


def _plain(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


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
