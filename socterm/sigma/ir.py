"""The condition tree of a rule in our own words: small, immutable, picklable, free of any parser's types.

`translate` makes it, `evaluate` says what it means, `compile` makes it fast. A tree is built of And, Or, Not
and two kinds of leaf: a test on a field, and a keyword searched in the message and the raw line.
Texts in tests are stored lower-cased unless `cased` is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

Place = Literal["equals", "contains", "startswith", "endswith"]
Relation = Literal["eq", "gt", "gte", "lt", "lte"]
Part = Literal["minute", "hour", "day", "week", "month", "year"]


class Text(msgspec.Struct, frozen=True, tag=True):
    """The value equals, contains, starts or ends with a text."""

    value: str
    place: Place = "equals"
    cased: bool = False


class Glob(msgspec.Struct, frozen=True, tag=True):
    """The whole value fits a pattern with wildcards.

    `segments` are the stretches between `*`; in a segment None stands for `?`, a string for itself. The first
    segment is anchored at the start, the last at the end; an empty one is a `*` at that end.
    """

    segments: tuple[tuple[str | None, ...], ...]
    cased: bool = False


class Regex(msgspec.Struct, frozen=True, tag=True):
    """A regular expression is found somewhere in the value; `flags` is a subset of "ims"."""

    pattern: str
    flags: str = ""


class Cidr(msgspec.Struct, frozen=True, tag=True):
    """The value is an address inside a network."""

    network: str


class Null(msgspec.Struct, frozen=True, tag=True):
    """The field is absent (or null, or an empty list)."""


class Exists(msgspec.Struct, frozen=True, tag=True):
    """The field is there, empty text included."""


class Compare(msgspec.Struct, frozen=True, tag=True):
    """The value, read as a decimal number, stands in a relation to a number."""

    relation: Relation
    number: int | float


class Moment(msgspec.Struct, frozen=True, tag=True):
    """A part of the event's local time stands in a relation to a number; weeks are ISO weeks."""

    part: Part
    relation: Relation
    number: int


class Dated(msgspec.Struct, frozen=True, tag=True):
    """The value is a date, and a part of it as written stands in a relation to a number."""

    part: Part
    relation: Relation
    number: int


class Reference(msgspec.Struct, frozen=True, tag=True):
    """The value equals (or starts with, …) the value of another field of the same event."""

    names: tuple[str, ...]
    place: Place = "equals"
    cased: bool = False


Test = Text | Glob | Regex | Cidr | Null | Exists | Compare | Moment | Dated | Reference
ValueTest = Text | Glob | Regex | Cidr | Compare | Dated
"""Tests that need one value and nothing else of the event."""


class FieldMatch(msgspec.Struct, frozen=True, tag=True):
    """A test on a field. `names` are the keys to try in order; the first that is there counts.

    `selection` is what the rule calls the group this test stands in: for explaining only.
    """

    names: tuple[str, ...]
    test: Test
    selection: str = ""


class Keyword(msgspec.Struct, frozen=True, tag=True):
    """A test on the message, then on the raw line. `selection` as in FieldMatch."""

    test: Text | Glob | Regex
    selection: str = ""


class Not(msgspec.Struct, frozen=True, tag=True):
    """True where its part is not."""

    node: Node


class And(msgspec.Struct, frozen=True, tag=True):
    """True where all parts are."""

    nodes: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    """True where any part is."""

    nodes: tuple[Node, ...]


Node = And | Or | Not | FieldMatch | Keyword


def leaves(node: Node) -> Iterator[FieldMatch | Keyword]:
    """The tests of a tree, in the order written."""
    if isinstance(node, And | Or):
        for part in node.nodes:
            yield from leaves(part)
    elif isinstance(node, Not):
        yield from leaves(node.node)
    else:
        yield node


def joined(kind: type[And] | type[Or], nodes: tuple[Node, ...]) -> Node:
    """One node for several; nested nodes of the same kind are drawn up into it."""
    flat: list[Node] = []
    for node in nodes:
        if isinstance(node, kind):
            flat.extend(node.nodes)
        else:
            flat.append(node)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
