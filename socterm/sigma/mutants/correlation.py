"""Correlations with a part of their terms broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from socterm.sigma.mutants.changing import (
    DROP,
    Mutant,
    changed,
    conditions,
    numbers,
    shown,
    spans,
    without_each,
)

_COUNTING: Final = ("event_count", "value_count", "temporal", "temporal_ordered")


def correlation_mutants(data: dict[str, Any]) -> Iterator[Mutant]:
    """Without each rule and each group-by field, with another time span, threshold, order and type."""
    terms = data.get("correlation")
    if not isinstance(terms, dict):
        return
    yield from without_each(data, ("correlation", "rules"), terms.get("rules"), "rules")
    yield from _groups(data, terms.get("group-by"))
    yield from spans(data, ("correlation", "timespan"), terms.get("timespan"), "timespan")
    yield from _condition(data, terms)
    yield from _types(data, terms)


def _groups(data: dict[str, Any], fields: object) -> Iterator[Mutant]:
    if isinstance(fields, list) and len(fields) > 1:
        yield from without_each(data, ("correlation", "group-by"), fields, "group-by")
    elif fields:
        yield Mutant("without group-by", changed(data, ("correlation", "group-by"), DROP))


def _condition(data: dict[str, Any], terms: dict[str, Any]) -> Iterator[Mutant]:
    condition = terms.get("condition")
    path = ("correlation", "condition")
    if isinstance(condition, str):
        yield from conditions(data, path, condition)
    elif isinstance(condition, dict):
        by_one = terms.get("type") in _COUNTING
        for op, value in condition.items():
            if op == "field":
                yield from without_each(data, (*path, op), value, "condition.field")
            else:
                yield from numbers(data, (*path, op), value, f"condition.{op}", by_one=by_one)


def _types(data: dict[str, Any], terms: dict[str, Any]) -> Iterator[Mutant]:
    kind = terms.get("type")
    if kind == "temporal_ordered":
        yield Mutant(f"type: {kind} → temporal", changed(data, ("correlation", "type"), "temporal"))
    elif kind == "value_count" and isinstance(terms.get("condition"), dict):
        condition = {op: value for op, value in terms["condition"].items() if op != "field"}
        counted = changed(data, ("correlation", "condition"), condition)
        what = f"type: {kind} of {shown(terms['condition'].get('field'))} → event_count"
        yield Mutant(what, changed(counted, ("correlation", "type"), "event_count"))
