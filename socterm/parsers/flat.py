"""Nested JSON as flat dotted fields, within bounds: what an event's `fields` may hold.

Lists of scalars become tuples; of objects, the values of each name in one tuple, without an index:
`[{"ip": "a"}, {"ip": "b"}]` under `answers` is `answers.ip = ("a", "b")`. What is null or empty is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from socterm.parsers.marks import Fields

DEEPEST = 10
MOST = 500
LONGEST_NAME = 200
LONGEST_LIST = 500
LEFT_OUT = "socterm.left_out"
"""The field that counts what was too much to keep; the raw line has it all."""
_INT64 = 1 << 63
_HUGE = 1e308
_PLAIN = frozenset({str, bool})


def scalar(value: Any) -> str | int | float | bool | None:
    """A JSON value that is no container as a field may hold it; numbers beyond 64 bits as text."""
    kind = value.__class__
    if kind is str or kind is bool:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return value if -_INT64 <= value < _INT64 else str(value)
    return value if kind is float and -_HUGE < value < _HUGE else None if value is None else str(value)


def flatten(value: Mapping[str, Any], fields: Fields, prefix: str = "", depth: int = 1) -> None:
    """Write an object into `fields` under `prefix`.

    A name that is there already keeps its value; one written out in the object (`"a.b": 1`) goes before the
    same one by nesting.

    >>> fields: Fields = {}
    >>> flatten({"a": {"b": [1, 2], "c": None}, "d": [{"e": 1}, {"e": "x"}]}, fields); fields
    {'a.b': (1, 2), 'd.e': (1, 'x')}
    """
    few = len(fields) + len(value) < MOST
    nested: list[tuple[str, Any]] = []
    for key, item in value.items():
        name = prefix + key
        kind = item.__class__
        if few and len(name) <= LONGEST_NAME and (kind is str or (kind is int and -_INT64 <= item < _INT64)):
            if name not in fields:
                fields[name] = item
        elif kind is dict or kind is list:
            nested.append((name, item))
        else:
            put(fields, name, item, depth)
    for name, item in nested:
        put(fields, name, item, depth)


def put(fields: Fields, name: str, item: Any, depth: int = 1) -> None:
    """Write any JSON value under a name, within the bounds."""
    kind = item.__class__
    if kind is dict:
        if depth >= DEEPEST:
            put(fields, name, _as_text(item), depth)
        else:
            flatten(item, fields, f"{name}.", depth + 1)
    elif item is None:
        return
    elif len(fields) >= MOST or len(name) > LONGEST_NAME:
        leave_out(fields)
    elif kind is list:
        _put_list(fields, name, item, depth)
    elif name not in fields:
        fields[name] = scalar(item)


def _put_list(fields: Fields, name: str, items: list[Any], depth: int) -> None:
    if len(items) > LONGEST_LIST:
        leave_out(fields, len(items) - LONGEST_LIST)
        items = items[:LONGEST_LIST]
    if _PLAIN.issuperset(map(type, items)):
        if items and name not in fields:
            fields[name] = tuple(items)
        return
    plain: list[Any] = []
    together: dict[str, list[Any]] = {}
    for item in items:
        if isinstance(item, dict):
            part: Fields = {}
            if depth < DEEPEST:
                flatten(item, part, "", depth + 1)
            else:
                plain.append(_as_text(item))
            for key, value in part.items():
                together.setdefault(key, []).extend(value if isinstance(value, tuple) else (value,))
        elif isinstance(item, list):
            plain.append(_as_text(item))
        elif item is not None:
            plain.append(scalar(item))
    if plain:
        fields.setdefault(name, tuple(plain))
    for key, values in together.items():
        if key == LEFT_OUT:
            leave_out(fields, sum(values))
        elif len(fields) < MOST and len(name) + len(key) < LONGEST_NAME:
            fields.setdefault(f"{name}.{key}", tuple(values[:LONGEST_LIST]))
        else:
            leave_out(fields)


def leave_out(fields: Fields, times: int = 1) -> None:
    """Count what is not kept."""
    fields[LEFT_OUT] = fields.get(LEFT_OUT, 0) + times


def _as_text(value: Any) -> str:
    """What lies too deep, as one piece of JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):
        return ""
