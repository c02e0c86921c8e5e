"""A query as a Python function, for rows that are not in the store yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socterm.query.match import Check, check_for, matches
from socterm.query.tree import TEXT, And, Node, Not, Query, Span, Term

Predicate = Callable[[Mapping[str, Any], int, str], bool]
"""(fields, ts in µs, raw text) → whether the row matches."""


def predicate(query: Query) -> Predicate:
    """The query as a test of (fields, ts, raw); agrees with what `compile_sql` finds in the store."""
    return _node(query.tree)


def _node(node: Node) -> Predicate:
    if isinstance(node, Term):
        return _test(node)
    if isinstance(node, Span):
        return _span(node)
    if isinstance(node, Not):
        inner = _node(node.item)
        return lambda fields, ts, raw: not inner(fields, ts, raw)
    parts = tuple(_node(item) for item in node.items)
    if isinstance(node, And):
        return lambda fields, ts, raw: all(part(fields, ts, raw) for part in parts)
    return lambda fields, ts, raw: any(part(fields, ts, raw) for part in parts)


def _span(span: Span) -> Predicate:
    low, high = span.low, span.high
    return lambda _fields, ts, _raw: (low is None or ts >= low) and (high is None or ts < high)


def _test(test: Term) -> Predicate:
    field, op, arg = test.field, test.op, test.arg
    if field == TEXT:
        check: Check = check_for(op, arg)
        return lambda _fields, _ts, raw: check(raw)
    if field == "message":
        return lambda fields, _ts, raw: matches(_or_raw(fields.get("message"), raw), op, arg)
    return lambda fields, _ts, _raw: matches(fields.get(field), op, arg)


def _or_raw(value: Any, raw: str) -> Any:
    return raw if value is None else value
