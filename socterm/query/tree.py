"""What a query means once read: a small tree that the store turns into SQL and live views into a test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

Op = Literal["exists", "eq", "like", "cidr", "word", "phrase", "gt", "ge", "lt", "le"]
"""exists · eq: equal · like: wildcards over the whole value · cidr: an address in a network ·
word, phrase: words of a text · gt, ge, lt, le: numbers."""

TEXT = "event.original"
"""The field that free words look at: the raw text."""


class Term(msgspec.Struct, frozen=True):
    """One thing asked of one field. `word`, `phrase` and `like` take a pattern (see `match`)."""

    field: str
    op: Op
    arg: str | int | float = ""


class Span(msgspec.Struct, frozen=True):
    """A stretch of event time: low <= ts < high in µs; None is open."""

    low: int | None = None
    high: int | None = None
    position: int = 0


class And(msgspec.Struct, frozen=True):
    """All of them; the empty one matches everything."""

    items: tuple[Node, ...] = ()


class Or(msgspec.Struct, frozen=True):
    """Any of them."""

    items: tuple[Node, ...]


class Not(msgspec.Struct, frozen=True):
    """Not that one. A field that is absent fails its test, so `not field:x` holds where it is absent."""

    item: Node


Node = Term | Span | And | Or | Not

EVERYTHING = And()


class Query(msgspec.Struct, frozen=True):
    """A query as read: its tree, and the text a person typed."""

    tree: Node
    text: str = ""

    @property
    def is_empty(self) -> bool:
        """True where it asks nothing and so matches everything."""
        return self.tree == EVERYTHING

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it asks by name, each once, in order."""
        return tuple(dict.fromkeys(name for name in _fields(self.tree) if name != TEXT))


def _fields(node: Node) -> Iterator[str]:
    match node:
        case Term():
            yield node.field
        case And() | Or():
            for item in node.items:
                yield from _fields(item)
        case Not():
            yield from _fields(node.item)
