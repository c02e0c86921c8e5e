"""What a rule means, written as plainly as possible: the oracle the compiled form is tested against.

It walks the tree for one event and is slow; `compile` gives the same answers fast. Semantics: docs/sigma.md.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache
from typing import Any

from socterm.event import Event
from socterm.sigma import primitives
from socterm.sigma.fields import text, values
from socterm.sigma.ir import (
    And,
    Cidr,
    Compare,
    Dated,
    Exists,
    FieldMatch,
    Glob,
    Keyword,
    Moment,
    Node,
    Null,
    Or,
    Reference,
    Regex,
    Test,
    Text,
)
from socterm.sigma.keywords import keyword_texts


def evaluate(node: Node, event: Event, tz: tzinfo) -> bool:
    """Whether the event satisfies the tree. `tz` is the zone of hour, day, … tests."""
    if isinstance(node, And):
        return all(evaluate(part, event, tz) for part in node.nodes)
    if isinstance(node, Or):
        return any(evaluate(part, event, tz) for part in node.nodes)
    if isinstance(node, FieldMatch):
        return field_matches(node, event, tz)
    if isinstance(node, Keyword):
        return any(value_matches(node.test, found) for found in keyword_texts(event))
    return not evaluate(node.node, event, tz)


def field_matches(leaf: FieldMatch, event: Event, tz: tzinfo) -> bool:
    """Whether any value of the field passes the test; Null asks that there is none."""
    found = values(event, leaf.names)
    test = leaf.test
    if isinstance(test, Null):
        return not found
    if isinstance(test, Exists):
        return bool(found)
    if isinstance(test, Moment):
        return primitives.moment(test.part, test.relation, test.number, tz)(event.ts)
    if isinstance(test, Reference):
        others = values(event, test.names)
        return any(_refers(one, other, test) for one in found for other in others)
    return any(value_matches(test, one) for one in found)


def _refers(one: Any, other: Any, test: Reference) -> bool:
    if test.cased:
        return primitives.text_at(text(one), text(other), test.place)
    return primitives.text_at(text(one).lower(), text(other).lower(), test.place)


def value_matches(test: Test, value: Any) -> bool:
    """Whether one value passes a test that needs nothing else of the event."""
    if isinstance(test, Compare):
        return primitives.comparison(test.relation, test.number)(value)
    if isinstance(test, Dated):
        return primitives.dated(test.part, test.relation, test.number)(value)
    written = text(value)
    if isinstance(test, Text):
        return primitives.text_at(written if test.cased else written.lower(), test.value, test.place)
    if isinstance(test, Glob):
        return _glob(test.segments, written if test.cased else written.lower())
    if isinstance(test, Regex):
        return _regex(test)(written)
    if isinstance(test, Cidr):
        return primitives.network(test.network)(written)
    raise TypeError(f"{type(test).__name__} is not a test on one value")


_regex = lru_cache(maxsize=1_024)(primitives.regex)


def _glob(segments: tuple[tuple[str | None, ...], ...], value: str) -> bool:
    """The textbook table over pattern × value, kept apart from the fast form on purpose."""
    tokens: list[str | None] = []  # "*" as an own marker: the empty string
    for index, segment in enumerate(segments):
        if index:
            tokens.append("")
        for part in segment:
            tokens.extend([None] if part is None else list(part))
    reached = [True] + [False] * len(value)
    for token in tokens:
        if token == "":
            for at in range(1, len(reached)):
                reached[at] = reached[at] or reached[at - 1]
        else:
            reached = [False] + [
                reached[at] and (token is None or token == value[at]) for at in range(len(value))
            ]
    return reached[-1]
