"""From the text a person typed to a tree: reads the syntax tree, unescapes words, keeps to the limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from socterm.errors import QueryError
from socterm.query import values
from socterm.query.grammar import read
from socterm.query.tree import EVERYTHING, And, Node, Not, Or, Query
from socterm.query.values import Value

if TYPE_CHECKING:
    from lark import Token, Tree
    from typing_extensions import TypeIs

    Branch: TypeAlias = Tree[Token]
    Leaf: TypeAlias = Callable[[Value], Node]

MAX_LENGTH = 16_384
MAX_TERMS = 500
MAX_DEPTH = 50
"""Limits of a query: far above what people write, below what SQLite and Python's stack bear."""

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNTYPABLE = re.compile("[\0\ud800-\udfff]")


def parse(text: str, *, now: int = 0) -> Query:
    """Read a query; `now` (µs) is what relative times count back from.

    Raises QueryError with the character's position for anything that is no query; nothing else.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"a query has at most {MAX_LENGTH:,} characters", MAX_LENGTH)
    clean = _UNTYPABLE.sub(" ", text)
    if not clean.strip():
        return Query(EVERYTHING, text)
    return Query(_Reader(now).start(read(clean)), text)


class _Reader:
    """Walks one syntax tree and counts its terms."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.terms = 0

    def start(self, tree: Branch) -> Node:
        if not tree.children:
            return EVERYTHING
        return self.node(tree.children[0], values.free, 0)

    def node(self, item: Branch | Token, leaf: Leaf, depth: int) -> Node:
        if not _is_tree(item):
            return self.term(item, leaf)
        if depth > MAX_DEPTH:
            raise QueryError(f"parentheses and nots nest at most {MAX_DEPTH} deep", _position(item))
        match str(item.data):
            case "or_":
                return self.several(item, leaf, depth, Or)
            case "and_":
                return self.several(item, leaf, depth, And)
            case "negated":
                return Not(self.node(item.children[0], leaf, depth + 1))
            case "free":
                return self.node(item.children[0], leaf, depth)
            case "comparison":
                return self.comparison(item)
            case _:
                return self.field(item, depth)

    def several(self, tree: Branch, leaf: Leaf, depth: int, kind: type[And] | type[Or]) -> Node:
        items: list[Node] = []
        for child in tree.children:
            node = self.node(child, leaf, depth + 1)
            items.extend(node.items if isinstance(node, kind) else (node,))
        return items[0] if len(items) == 1 else kind(tuple(items))

    def term(self, token: Token, leaf: Leaf) -> Node:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise QueryError(f"a query has at most {MAX_TERMS} terms", _position(token))
        return leaf(_value(token))

    def comparison(self, tree: Branch) -> Node:
        name, sign, token = _tokens(tree)
        return self.term(token, lambda value: values.compared(name, sign, value, self.now))

    def field(self, tree: Branch, depth: int) -> Node:
        name, item = str(tree.children[0]), tree.children[1]
        if _is_tree(item) and item.data == "range":
            low, high = _tokens(item)
            return self.term(low, lambda value: values.between(name, value, _value(high), self.now))
        return self.node(item, lambda value: values.equals(name, value, self.now), depth + 1)


def _is_tree(item: Branch | Token) -> TypeIs[Branch]:
    return hasattr(item, "children")


def _tokens(tree: Branch) -> list[Token]:
    return [item for item in tree.children if not _is_tree(item)]


def _position(item: Branch | Token) -> int:
    while _is_tree(item):
        item = item.children[0]
    return int(item.start_pos or 0)


def _value(token: Token) -> Value:
    """Unescape a token: `\\*` and `\\\\` stay as they are, other escaped signs lose the backslash.

    A backslash before a letter or digit is itself, so that `C:\\Windows` can be typed as it stands.
    """
    position = int(token.start_pos or 0)
    if token.type == "PHRASE":
        body = re.sub(r'\\(["\\])', r"\1", str(token)[1:-1])
        return values.quoted(body, position)
    pattern = _ESCAPED.sub(lambda found: _unescape(found[1]), str(token))
    if len(pattern) - len(pattern.rstrip("\\")) & 1:  # a lone backslash at the end
        pattern += "\\"
    return Value(pattern, position, quoted=False)


def _unescape(sign: str) -> str:
    if sign in "*\\":
        return "\\" + sign
    return "\\\\" + sign if sign.isalnum() or sign == "_" else sign
