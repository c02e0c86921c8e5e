"""SQL functions that compiled queries call, as pure Python: the store registers them on each connection.

for name, (arguments, function) in FUNCTIONS.items():
    connection.create_function(name, arguments, function, deterministic=True)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from socterm.query.match import Arg, in_network, matches


def socterm_cidr(value: Any, net: str) -> int:
    """1 where the value is an address in the network, else 0."""
    return int(in_network(value, net))


def socterm_test(value: Any, op: str, arg: Arg) -> int:
    """1 where a scalar value passes the test; NULL is 0."""
    return int(matches(value, op, arg))


def socterm_json(value: Any, op: str, arg: Arg) -> int:
    """The same for a value given as JSON text (`fields -> '$."a.b"'`), where lists can stand; NULL is 0."""
    if not isinstance(value, str):
        return int(matches(value, op, arg))
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):  # not JSON: take it as the text it is
        decoded = value
    return int(matches(decoded, op, arg))


FUNCTIONS: dict[str, tuple[int, Callable[..., int]]] = {
    "socterm_cidr": (2, socterm_cidr),
    "socterm_test": (3, socterm_test),
    "socterm_json": (3, socterm_json),
}
"""SQL name → (number of arguments, function)."""


def json_field(column: str) -> Callable[[str], str]:
    """The `other` of `compile_sql` for fields kept in a JSON object column.

    Field names are letters, digits and `_ . @ -` only (the grammar sees to it): they can stand in the path.

    >>> json_field("e.fields")("process.title")
    'e.fields -> \\'$."process.title"\\''
    """
    return lambda field: f"""{column} -> '$."{field}"'"""
