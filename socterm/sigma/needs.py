"""What an event must have for a rule to match at all: the handle by which the index finds the rule.

Every tree is satisfied only by events that meet one of its needs; a tree that requires nothing has none and
is asked about each event.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final, Literal, NamedTuple

from socterm.sigma.ir import (
    And,
    Exists,
    FieldMatch,
    Glob,
    Keyword,
    Moment,
    Node,
    Not,
    Null,
    Or,
    Place,
    Regex,
    Test,
    Text,
)
from socterm.sigma.literals import required
from socterm.sigma.rarity import PRESENT, frequency

ANYWHERE: Final = ("", "")
"""The `names` of a need for a text in the message or the raw line."""

MESSAGE: Final = ("message",)
"""The `names` of a need for a text in the field `message`."""


WORDS: Final = ("event.action", "event.outcome", "event.category")
"""Fields whose values come from our own tables, not from the line: few combinations, looked at beforehand."""


class Without:
    """Fields that a rule is not to be found by: the words, under whatever further names a rule looks for
    them, and `others`."""

    def __init__(self, others: frozenset[tuple[str, ...]] = frozenset()) -> None:
        self._others = others

    def __contains__(self, names: object) -> bool:
        return isinstance(names, tuple) and bool(names) and (names[0] in WORDS or names in self._others)


class Need(NamedTuple):
    """A lower-cased text at a place of a field, or ("has") that the field is there at all."""

    names: tuple[str, ...]
    kind: Place | Literal["has"]
    text: str


Needs = tuple[float, frozenset[Need]]
"""How often at least one of them is likely to be met, and the needs."""


def needs_of(node: Node, without: Container[tuple[str, ...]] = ()) -> Needs | None:
    """The rarest set of needs one of which every matching event meets; None where nothing is required.

    `without` are fields (by their `names`) that no need may ask for.
    """
    if isinstance(node, FieldMatch):
        return None if node.names in without else _of_field(node)
    if isinstance(node, Keyword):
        return None if ANYWHERE in without else _of_texts(ANYWHERE, node.test)
    if isinstance(node, And):
        found = [need for part in node.nodes if (need := needs_of(part, without)) is not None]
        return min(found, key=lambda need: (need[0], len(need[1])), default=None)
    if isinstance(node, Or):
        parts = [needs_of(part, without) for part in node.nodes]
        if not parts or None in parts:
            return None
        known = [part for part in parts if part is not None]
        return sum(part[0] for part in known), frozenset().union(*(part[1] for part in known))
    return _of_not(node, without)


def _of_not(node: Not, without: Container[tuple[str, ...]]) -> Needs | None:
    inner = node.node
    if isinstance(inner, FieldMatch) and isinstance(inner.test, Null) and inner.names not in without:
        return _present(inner.names)
    return None


def _of_field(leaf: FieldMatch) -> Needs | None:
    test = leaf.test
    if isinstance(test, Null | Moment):
        return None
    if isinstance(test, Exists):
        return _present(leaf.names)
    return _of_texts(leaf.names, test) or _present(leaf.names)


def _of_texts(names: tuple[str, ...], test: Test) -> Needs | None:
    texts = [(text.lower(), place) for text, place in _texts(test, names[0]) if text]
    if not texts:
        return None
    cost = sum(frequency(text, place, names[0]) for text, place in texts)
    return cost, frozenset(Need(names, place, text) for text, place in texts)


def _texts(test: Test, field: str) -> list[tuple[str, Place]]:
    """Texts one of which a value that passes the test has."""
    if isinstance(test, Text):
        return [(test.value, test.place)]
    if isinstance(test, Glob):
        stretches = [(text, place) for text, place in _stretches(test) if text]
        rarest = min(stretches, key=lambda it: frequency(it[0].lower(), it[1], field), default=None)
        return [rarest] if rarest else []
    if isinstance(test, Regex):
        return [(text, "contains") for text in required(test).texts]
    return []


def _stretches(test: Glob) -> list[tuple[str, Place]]:
    """The plain stretches of a pattern; those at its ends are where they must be."""
    found: list[tuple[str, Place]] = []
    last = len(test.segments) - 1
    for number, segment in enumerate(test.segments):
        for at, part in enumerate(segment):
            place: Place = "contains"
            if number == 0 and at == 0:
                place = "startswith"
            elif number == last and at == len(segment) - 1:
                place = "endswith"
            found.append((part or "", place))
    return found


def _present(names: tuple[str, ...]) -> Needs:
    return PRESENT, frozenset((Need(names, "has", ""),))
