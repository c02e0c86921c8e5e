r"""What text a regular expression cannot match without: read off its source, never by running it.

Deliberately narrow. What it is not sure of it skips, and an expression it cannot follow requires nothing.
Only ASCII letters count: elsewhere RE2 and `str.lower` disagree about which letters are the same.
"""

from __future__ import annotations

from typing import Final

from socterm.sigma.ir import Regex
from socterm.sigma.rarity import frequency

_CLASSES: Final = frozenset("dDwWsSbBAz")
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_QUANTIFIERS: Final = frozenset("*+?{")
_MOST: Final = 32
"""More alternatives than this are no help in finding a rule."""


def required(test: Regex) -> frozenset[str]:
    r"""Lower-cased texts one of which stands in every (lower-cased) value the expression matches; empty where
    it requires none.

    >>> sorted(required(Regex(r"\\(?:net|net1)\.exe\s+user")))
    ['.exe']
    >>> sorted(required(Regex("a+(foo|bar)", "i")))
    ['bar', 'foo']
    >>> sorted(required(Regex("(foo)?|x")))
    []
    """
    try:
        found = _Reader(test.pattern).alternatives()
    except _LostError:
        return frozenset()
    return found or frozenset()


class _LostError(Exception):
    """The expression has something this reader does not know."""


class _Reader:
    """Reads one expression from left to right; each method leaves `_at` behind what it has read."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0

    def alternatives(self) -> frozenset[str] | None:
        """One of several branches: what is required is one text of each, or nothing."""
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        if self._at < len(self._pattern) and self._depth == 0:
            raise _LostError
        if None in branches:
            return None
        joined = frozenset().union(*(branch for branch in branches if branch))
        return joined if len(joined) <= _MOST else None

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _sequence(self) -> frozenset[str] | None:
        """Parts one after another: the rarest text any of them requires."""
        found: list[frozenset[str]] = []
        run = ""
        while (char := self._peek()) and char not in "|)":
            literal, group = self._atom()
            optional, repeated = self._quantifier()
            if literal and not optional and not repeated:
                run += literal
                continue
            if literal and not optional:
                found.append(frozenset((run + literal,)))  # x+: the run and one x
            elif run:
                found.append(frozenset((run,)))
            run = ""
            if group and not optional:
                found.append(group)
        if run:
            found.append(frozenset((run,)))
        return min(found, key=_weight, default=None)

    def _atom(self) -> tuple[str, frozenset[str] | None]:
        """One character, class or group: its text where it is a plain character, what it requires else."""
        char = self._peek()
        self._at += 1
        if char == "(":
            return "", self._group()
        if char == "[":
            self._skip_class()
            return "", None
        if char == "\\":
            return self._escape(), None
        if char in _QUANTIFIERS:
            raise _LostError
        if char in ".^$":
            return "", None
        return _letter(char), None

    def _group(self) -> frozenset[str] | None:
        if self._peek() == "?":
            flags = self._pattern[self._at + 1 : self._at + 2]
            if flags == ":":
                self._at += 2
            elif self._pattern[self._at : self._at + 3] == "?P<":
                self._at = self._find(">") + 1
            else:
                self._flags()
                return None
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

    def _escape(self) -> str:
        char = self._peek()
        self._at += 1
        if char in _CONTROL:
            return _CONTROL[char]
        if char in _CLASSES:
            return ""
        if not char or char.isalnum():
            raise _LostError  # \x41, \pL, \Q…\E, \1: rare, and not worth a mistake
        return _letter(char)

    def _quantifier(self) -> tuple[bool, bool]:
        """(may be missing, may come more than once) of what was just read."""
        char = self._peek()
        optional = repeated = False
        if char and char in "*?":
            self._at += 1
            optional = True
        elif char == "+":
            self._at += 1
            repeated = True
        elif char == "{":
            end = self._find("}")
            least, _, most = self._pattern[self._at + 1 : end].partition(",")
            if not least.isdecimal() or (most and not most.isdecimal()):
                raise _LostError  # `{` as itself, or a form of another dialect
            self._at = end + 1
            optional, repeated = int(least) == 0, True
        else:
            return False, False
        self._at += self._peek() in ("?", "+")  # lazy; possessive is refused by RE2 anyway
        return optional, repeated


def _letter(char: str) -> str:
    """A character as part of a required text: nothing for one whose case folding is not plain."""
    return char.lower() if char.isascii() else ""


def _weight(texts: frozenset[str]) -> float:
    return sum(frequency(text, "contains") for text in texts)
