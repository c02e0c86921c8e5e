r"""What text a regular expression cannot match without: read off its source, never by running it.

Deliberately narrow. What it is not sure of it skips, and an expression it cannot follow requires nothing.
Only ASCII letters count: elsewhere RE2 and `str.lower` disagree about which letters are the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from socterm.sigma.ir import Regex
from socterm.sigma.rarity import frequency

_CLASSES: Final = frozenset("dDwWsSbBAz")
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_QUANTIFIERS: Final = frozenset("*+?{")
_MOST: Final = 32
"""More alternatives than this are no help in finding a rule."""


class Required(NamedTuple):
    """What every value has that an expression matches.

    One of `texts` stands in the lower-cased value (empty: none is known of), and it has at least `length`
    characters.
    """

    texts: frozenset[str]
    length: int


@lru_cache(maxsize=4_096)
def required(test: Regex) -> Required:
    r"""What a value must have for the expression to match it.

    >>> required(Regex(r"\\(?:cmd|sh)\.exe\s+hidden"))
    Required(texts=frozenset({'hidden'}), length=14)
    >>> sorted(required(Regex("a+(foo|bar)", "i")).texts)
    ['bar', 'foo']
    >>> required(Regex("(foo)?|x"))
    Required(texts=frozenset(), length=0)
    """
    try:
        return _Reader(test.pattern).alternatives()
    except _LostError:
        return _NOTHING


_NOTHING: Final = Required(frozenset(), 0)


class _LostError(Exception):
    """The expression has something this reader does not know."""


class _Reader:
    """Reads one expression from left to right; each method leaves `_at` behind what it has read."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0

    def alternatives(self) -> Required:
        """One of several branches: what is required is one text of each, or nothing."""
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        if self._at < len(self._pattern) and self._depth == 0:
            raise _LostError
        texts = frozenset().union(*(branch.texts for branch in branches))
        known = all(branch.texts for branch in branches) and len(texts) <= _MOST
        return Required(texts if known else frozenset(), min(branch.length for branch in branches))

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _sequence(self) -> Required:
        """Parts one after another: the rarest text any of them requires, and the length of all."""
        found: list[frozenset[str]] = []
        run = ""
        length = 0
        while (char := self._peek()) and char not in "|)":
            literal, part = self._atom()
            least, most = self._quantifier()
            length += least * part.length
            if literal and least == most == 1:
                run += literal
                continue
            if literal and least:
                found.append(frozenset((run + literal,)))  # x+: the run and one x
            elif run:
                found.append(frozenset((run,)))
            run = ""
            if part.texts and least:
                found.append(part.texts)
        if run:
            found.append(frozenset((run,)))
        return Required(min(found, key=_weight, default=frozenset()), length)

    def _atom(self) -> tuple[str, Required]:
        """One character, class or group: its text where it is a plain character, and what it requires."""
        char = self._peek()
        self._at += 1
        if char == "(":
            return "", self._group()
        if char == "[":
            self._skip_class()
            return "", _ONE
        if char == "\\":
            return self._escape()
        if char in _QUANTIFIERS:
            raise _LostError
        if char in "^$":
            return "", _NOTHING
        return "" if char == "." else _letter(char), _ONE

    def _group(self) -> Required:
        if self._peek() == "?":
            flags = self._pattern[self._at + 1 : self._at + 2]
            if flags == ":":
                self._at += 2
            elif self._pattern[self._at : self._at + 3] == "?P<":
                self._at = self._find(">") + 1
            else:
                self._flags()
                return _NOTHING
        self._depth += 1
        found = self.alternatives()
        self._depth -= 1
        if self._peek() != ")":
            raise _LostError
        self._at += 1
        return found

    def _flags(self) -> None:
        """`(?i)` and the like change how letters compare, and texts are lower-cased anyway."""
        end = self._find(")")
        if not set(self._pattern[self._at + 1 : end]) <= set("imsU-"):
            raise _LostError
        self._at = end + 1

    def _find(self, char: str) -> int:
        found = self._pattern.find(char, self._at)
        if found < 0:
            raise _LostError
        return found

    def _skip_class(self) -> None:
        self._at += self._peek() == "^"
        self._at += self._peek() == "]"  # a bracket that comes first is a member
        while (char := self._peek()) != "]":
            if not char:
                raise _LostError
            if char == "[" and self._pattern[self._at + 1 : self._at + 2] == ":":
                self._at = self._find(":]") + 2
            else:
                self._at += 2 if char == "\\" else 1
        self._at += 1

    def _escape(self) -> tuple[str, Required]:
        char = self._peek()
        self._at += 1
        if char in _CONTROL:
            return _CONTROL[char], _ONE
        if char in _CLASSES:
            return "", _ONE if char in "dDwWsS" else _NOTHING
        if not char or char.isalnum():
            raise _LostError  # \x41, \pL, \Q…\E, \1: rare, and not worth a mistake
        return _letter(char), _ONE

    def _quantifier(self) -> tuple[int, int]:
        """How often what was just read comes, at least and at most; two stands for more than once."""
        char = self._peek()
        if not char or char not in _QUANTIFIERS:
            return 1, 1
        if char == "{":
            end = self._find("}")
            least, comma, most = self._pattern[self._at + 1 : end].partition(",")
            if not least.isdecimal() or (most and not most.isdecimal()):
                raise _LostError  # `{` as itself, or a form of another dialect
            self._at = end + 1
            often = int(least), 1 if not comma and int(least) == 1 else 2
        else:
            self._at += 1
            often = {"*": (0, 2), "?": (0, 1), "+": (1, 2)}[char]
        self._at += self._peek() in ("?", "+")  # lazy; possessive is refused by RE2 anyway
        return often


_ONE: Final = Required(frozenset(), 1)


def _letter(char: str) -> str:
    """A character as part of a required text: nothing for one whose case folding is not plain."""
    return char.lower() if char.isascii() else ""


def _weight(texts: frozenset[str]) -> float:
    return sum(frequency(text, "contains", "") for text in texts)
