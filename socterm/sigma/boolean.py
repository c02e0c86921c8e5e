"""The condition of a temporal correlation with `and`, `or`, `not`: text to the ways in which it can hold.

`not` binds closest, then `and`, then `or`; upper and lower case are the same. Everything else is a rule's
name or id, so that ids with hyphens can be written too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from typing import Final

from socterm.errors import RuleError
from socterm.sigma.model import Case

MOST_CASES: Final = 64
"""Ways a condition may have to hold; one with more is refused: it would be tried at every event."""

_TOKEN: Final = re.compile(r"[()]|[^\s()]+")
_WORDS: Final = frozenset({"and", "or", "not", "(", ")"})
_DEEPEST: Final = 50

Literal = tuple[str, bool]
Term = frozenset[Literal]
"""Rules that must be there (True) and that must be absent (False), all at once."""


def rules_in(condition: str) -> tuple[str, ...]:
    """The rules a condition names, in order of appearance."""
    found = (token for token in _TOKEN.findall(condition) if token.lower() not in _WORDS)
    return tuple(dict.fromkeys(found))


def cases_of(condition: str) -> tuple[Case, ...]:
    """The ways in which a condition can hold. Raises RuleError.

    >>> cases_of("a and not (b or c)")
    ((('a',), ('b', 'c')),)
    """
    terms = _Reader(condition).whole()
    places = {name: n for n, name in enumerate(rules_in(condition))}
    cases = []
    for term in _least(terms):
        there = sorted((name for name, wanted in term if wanted), key=places.__getitem__)
        absent = sorted((name for name, wanted in term if not wanted), key=places.__getitem__)
        if not there:
            names = " and ".join(f"not {name}" for name in absent)
            raise RuleError(
                f"its condition would hold where nothing happens ('{names}'); ask for at least one rule"
            )
        cases.append((tuple(there), tuple(absent)))
    if not cases:
        raise RuleError(f"its condition can never hold: {condition}")
    return tuple(sorted(cases))


def _least(terms: Iterable[Term]) -> set[Term]:
    """Without terms that contradict themselves, and without those a shorter one makes superfluous."""
    possible = {term for term in terms if not any((name, not wanted) in term for name, wanted in term)}
    return {term for term in possible if not any(other < term for other in possible)}


class _Reader:
    """A descent through the condition; every answer is a set of terms, joined by `or`."""

    def __init__(self, condition: str) -> None:
        self._tokens = _TOKEN.findall(condition)
        self._at = 0
        self._deep = 0

    def whole(self) -> set[Term]:
        found = self._either(wanted=True)
        if self._at < len(self._tokens):
            raise RuleError(f"its condition is not understood at '{self._tokens[self._at]}'")
        return found

    def _next(self) -> str:
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else ""

    def _either(self, *, wanted: bool) -> set[Term]:
        found = self._both(wanted=wanted)
        while self._next() == "or":
            self._at += 1
            right = self._both(wanted=wanted)
            found = found | right if wanted else _joined(found, right)
        return _bounded(found)

    def _both(self, *, wanted: bool) -> set[Term]:
        found = self._one(wanted=wanted)
        while self._next() == "and":
            self._at += 1
            right = self._one(wanted=wanted)
            found = _joined(found, right) if wanted else found | right
        return _bounded(found)

    def _one(self, *, wanted: bool) -> set[Term]:
        word = self._next()
        self._at += 1
        self._deep += 1
        if self._deep > _DEEPEST:
            raise RuleError("its condition is nested too deeply")
        try:
            if word == "not":
                return self._one(wanted=not wanted)
            if word == "(":
                found = self._either(wanted=wanted)
                if self._next() != ")":
                    raise RuleError("its condition lacks a closing bracket")
                self._at += 1
                return found
        finally:
            self._deep -= 1
        if word in _WORDS or not word:
            raise RuleError(f"its condition needs a rule where it has '{word or 'its end'}'")
        return {frozenset({(self._tokens[self._at - 1], wanted)})}


def _joined(left: set[Term], right: set[Term]) -> set[Term]:
    return {one | two for one, two in product(left, right)}


def _bounded(terms: set[Term]) -> set[Term]:
    least = _least(terms)
    if len(least) > MOST_CASES:
        raise RuleError(f"its condition can hold in more than {MOST_CASES} ways; split it into several rules")
    return least
