"""A query as SQL: an expression with bound values, and a full-text term that narrows the rows first.

Only field names reach the SQL text, and the grammar allows nothing but letters, digits and `_ . @ -` in
them; every value is bound. Whatever plain SQL says in the same way as `match` is said in SQL, so that
indexes help; the rest calls the functions of `socterm.query.functions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from socterm.errors import QueryError
from socterm.query.match import canonical_int, segments
from socterm.query.tree import TEXT, And, Node, Not, Or, Query, Span, Term

Param = str | int | float
Part = tuple[str, list[Param]]

_SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_NUMERIC = re.compile(r"\s*[+-]?(\d|\.\d|0x)", re.IGNORECASE | re.ASCII)
_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_SHORTEST_PREFIX = 3
_MOST_WILDCARDS = 3


class Sql(msgspec.Struct, frozen=True):
    """A compiled query: `WHERE {where}` with `params`, in that order.

    `match` is an FTS5 expression over the raw text (bind it to `fts MATCH ?`) that no hit fails; "" where
    full text cannot narrow the search. It asks for whole words and `prefix*`, works with detail=none, and
    is a prefilter only: `where` decides. `words` are the whole words that every hit must contain.
    """

    where: str
    params: tuple[Param, ...] = ()
    words: tuple[str, ...] = ()
    match: str = ""


def compile_sql(query: Query, columns: Mapping[str, str], *, text: str, other: Callable[[str], str]) -> Sql:
    """Compile for one table.

    `columns`: ECS field → SQL expression of its scalar value; `@timestamp` must be there (integer µs) if
    times are to be asked. `text`: SQL expression of the raw text. `other`: SQL expression giving the *JSON
    text* of a field that has no column, NULL where it is absent: see `functions.json_field`.
    Raises QueryError where the table has no time.
    """
    compiler = _Compiler(columns, text, other)
    where, params = compiler.node(query.tree)
    return Sql(where, tuple(params), tuple(dict.fromkeys(_exact(query.tree))), _match(query.tree) or "")


class _Compiler:
    def __init__(self, columns: Mapping[str, str], text: str, other: Callable[[str], str]) -> None:
        self.columns = columns
        self.text = text
        self.other = other

    def node(self, node: Node) -> Part:
        if isinstance(node, Term):
            return self.test(node)
        if isinstance(node, Span):
            return self.span(node)
        if isinstance(node, Not):
            where, params = self.node(node.item)
            return f"NOT coalesce({where}, 0)", params
        if not node.items:
            return ("1" if isinstance(node, And) else "0"), []
        parts = [self.node(item) for item in node.items]
        joint = " AND " if isinstance(node, And) else " OR "
        return f"({joint.join(part[0] for part in parts)})", [value for part in parts for value in part[1]]

    def span(self, span: Span) -> Part:
        column = self.columns.get("@timestamp")
        if column is None:
            raise QueryError("time cannot be asked for here", span.position)
        bounds = [(sign, value) for sign, value in ((">=", span.low), ("<", span.high)) if value is not None]
        return "(" + " AND ".join(f"{column} {sign} ?" for sign, _ in bounds) + ")", [v for _, v in bounds]

    def test(self, test: Term) -> Part:
        if test.field == TEXT:
            return _text(self.text, test)
        column = self.columns.get(test.field)
        if test.field == "message":
            return self.message(test, column)
        if column is not None:
            return _column(column, test)
        if test.op == "exists":
            return f"{self.other(test.field)} IS NOT NULL", []
        return f"socterm_json({self.other(test.field)}, ?, ?)", [test.op, test.arg]

    def message(self, test: Term, column: str | None) -> Part:
        """The message, or the raw text of an event that has none."""
        if test.op == "exists":
            return "1", []
        if column is not None:
            return f"socterm_test(coalesce({column}, {self.text}), ?, ?)", [test.op, test.arg]
        whole = f"coalesce({self.other('message')}, json_quote({self.text}))"
        return f"socterm_json({whole}, ?, ?)", [test.op, test.arg]


def _column(column: str, test: Term) -> Part:
    if test.op == "exists":
        return f"{column} IS NOT NULL", []
    if test.op == "cidr":
        return f"socterm_cidr({column}, ?)", [test.arg]
    if test.op in _SIGNS:
        plain = f"{column} {_SIGNS[test.op]} ?"
        slow = f"socterm_test({column}, ?, ?)"
        whole = f"CASE WHEN typeof({column}) IN ('integer', 'real') THEN {plain} ELSE {slow} END"
        return whole, [test.arg, test.op, test.arg]
    arg = str(test.arg)
    if arg.isascii() and test.op == "eq":
        return _equal(column, arg)
    if arg.isascii() and test.op == "like" and len(segments(arg)) <= _MOST_WILDCARDS + 1:
        return f"{column} LIKE ? ESCAPE '\\'", ["%".join(_like_literal(part) for part in segments(arg))]
    return f"socterm_test({column}, ?, ?)", [test.op, test.arg]


def _equal(column: str, arg: str) -> Part:
    """Equality that an index can answer; a column of numbers must not read "1e3" as 1000."""
    number = canonical_int(arg)
    if number is not None:
        return f"({column} = ? COLLATE NOCASE OR {column} = ?)", [arg, number]
    if _NUMERIC.match(arg):
        return f"CAST({column} AS TEXT) = ? COLLATE NOCASE", [arg]
    return f"{column} = ? COLLATE NOCASE", [arg]


def _text(text: str, test: Term) -> Part:
    """Words of the raw text: LIKE passes over most rows in C, the function decides on word boundaries."""
    if test.op == "exists":
        return f"{text} IS NOT NULL", []
    pattern = str(test.arg)
    where, params = f"socterm_test({text}, ?, ?)", [test.op, test.arg]
    probe = max((word for part in segments(pattern) for word in part.split()), key=len, default="")
    if not pattern.isascii() or not probe:
        return where, params
    return f"({text} LIKE ? ESCAPE '\\' AND {where})", [f"%{_like_literal(probe)}%", *params]


def _like_literal(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _exact(node: Node) -> list[str]:
    """Whole words that stand in every hit."""
    if isinstance(node, And):
        return [word for item in node.items for word in _exact(item)]
    if isinstance(node, Term) and node.field == TEXT:
        return [word for word, is_prefix in _tokens(node) if not is_prefix]
    return []


def _match(node: Node) -> str | None:
    """The FTS5 expression, or None where a hit need not contain any word."""
    if isinstance(node, And):
        parts = [part for item in node.items if (part := _match(item))]
        return " AND ".join(parts) if parts else None
    if isinstance(node, Or):
        maybe = [_match(item) for item in node.items]
        if not maybe or not all(maybe):
            return None
        return "(" + " OR ".join(f"({part})" for part in maybe) + ")"
    if isinstance(node, Term) and node.field == TEXT:
        terms = [f'"{word}"*' if is_prefix else f'"{word}"' for word, is_prefix in _tokens(node)]
        return " AND ".join(terms) if terms else None
    return None


def _tokens(test: Term) -> list[tuple[str, bool]]:
    """The full-text tokens a hit contains: (lower-case word, whether only its start is known).

    ASCII queries only: what other letters fold to is the tokenizer's own affair.
    """
    pattern = str(test.arg)
    if test.op not in ("word", "phrase") or not pattern.isascii():
        return []
    parts = segments(pattern)
    found: list[tuple[str, bool]] = []
    for index, part in enumerate(parts):
        for word in _ASCII_WORD.finditer(part):
            if word.start() == 0 and index > 0:
                continue  # a wildcard before it: only the middle of a word is known
            is_prefix = word.end() == len(part) and (test.op == "word" or index < len(parts) - 1)
            if not is_prefix or len(word[0]) >= _SHORTEST_PREFIX:
                found.append((word[0].lower(), is_prefix))
    return found
