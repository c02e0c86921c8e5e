"""The condition of a rule: `selection and not 1 of filter_*`, read into our tree.

Sigma 2.1, "Condition". The specification writes the operators in lower case; upper case is taken too, where
no selection of the rule bears that name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from socterm.errors import RuleError
from socterm.sigma import ir

DEEPEST: Final = 100
"""Brackets and `not` inside one another."""

_TOKEN: Final = re.compile(r"\s*([()]|[^\s()]+)")
_QUANTIFIERS: Final[dict[str, type[ir.And] | type[ir.Or]]] = {"1": ir.Or, "any": ir.Or, "all": ir.And}
_OPERATORS: Final = frozenset({"and", "or", "not", "of"})


def read_condition(said: object, selections: Mapping[str, ir.Node], used: Callable[[str], None]) -> ir.Node:
    """The tree of one condition over named selections; `used` hears of each use of one.

    Raises RuleError, one line.
    """
    if not isinstance(said, str) or not said.strip():
        raise RuleError(
            "its condition is empty" if said is None or said == "" else "its condition must be text"
        )
    if "|" in said:
        raise RuleError("conditions with a pipe (| count() …) are of the past; write a correlation instead")
    return _Reading(said, selections, used).whole()


class _Reading:
    """Recursive descent, loosest operator first: or, and, not, `x of`, brackets."""

    def __init__(self, said: str, selections: Mapping[str, ir.Node], used: Callable[[str], None]) -> None:
        self._words = _TOKEN.findall(said)
        self._at = 0
        self._names = selections
        self._used = used
        self._depth = 0

    def whole(self) -> ir.Node:
        tree = self._chain("or", ir.Or)
        if self._at < len(self._words):
            raise RuleError(
                f"condition: '{self._words[self._at]}' stands where and, or or the end is expected"
            )
        return tree

    def _operator(self, ahead: int = 0) -> str:
        """The operator (or bracket) here, in lower case; "" for the name of a selection and for the end."""
        if self._at + ahead >= len(self._words):
            return ""
        word: str = self._words[self._at + ahead]
        low = word.lower()
        if word in ("(", ")") or word in _OPERATORS:
            return word
        return low if low in _OPERATORS and word not in self._names else ""

    def _chain(self, operator: str, kind: type[ir.And] | type[ir.Or]) -> ir.Node:
        parts = []
        while True:
            parts.append(self._chain("and", ir.And) if kind is ir.Or else self._negation())
            if self._operator() != operator:
                return ir.joined(kind, tuple(parts))
            self._at += 1

    def _negation(self) -> ir.Node:
        found = self._operator()
        if found not in ("not", "("):
            return self._selection()
        self._depth += 1
        if self._depth > DEEPEST:
            raise RuleError(f"its condition is nested deeper than {DEEPEST} levels")
        self._at += 1
        tree = ir.Not(self._negation()) if found == "not" else self._bracket()
        self._depth -= 1
        return tree

    def _bracket(self) -> ir.Node:
        tree = self._chain("or", ir.Or)
        if self._operator() != ")":
            raise RuleError("condition: a bracket is not closed")
        self._at += 1
        return tree

    def _selection(self) -> ir.Node:
        if self._at >= len(self._words):
            raise RuleError("condition: it ends where a selection is expected")
        word = self._words[self._at]
        if self._operator():
            raise RuleError(f"condition: '{word}' stands where a selection is expected")
        self._at += 1
        if self._operator() != "of":
            if word not in self._names:
                raise RuleError(
                    f"condition: '{word}' is none of its selections: {', '.join(self._names)[:200]}"
                )
            return self._named(word)
        kind = _QUANTIFIERS.get(word.lower())
        if kind is None:
            raise RuleError(f"condition: before 'of' stands 1, any or all, not '{word}'")
        self._at += 1
        if self._at >= len(self._words) or self._operator():
            raise RuleError("condition: behind 'of' stands them or a pattern such as filter_*")
        self._at += 1
        return self._several(kind, self._words[self._at - 1])

    def _named(self, name: str) -> ir.Node:
        self._used(name)
        return self._names[name]

    def _several(self, kind: type[ir.And] | type[ir.Or], pattern: str) -> ir.Node:
        """Those a pattern names. Names with `_` in front are outside unless the pattern begins so, too."""
        them = pattern not in self._names and pattern.lower() == "them"
        fits = re.compile(".*" if them else ".*".join(map(re.escape, pattern.split("*")))).fullmatch
        found = [
            name for name in self._names if fits(name) and (pattern[0] == "_" or not name.startswith("_"))
        ]
        if not found:
            raise RuleError(f"condition: 'of {pattern}' doesn't match any of its selections")
        return ir.joined(kind, tuple(map(self._named, found)))
