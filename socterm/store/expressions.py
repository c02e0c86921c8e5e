"""How a query reaches what stands in no plain column: SQL expressions by ECS field, for `compile_sql`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from socterm.errors import UsageError
from socterm.query import Query, json_field
from socterm.query.tree import TEXT as FREE
from socterm.query.tree import And, Term
from socterm.store.codec import CATEGORY, FAILED_PARSE, MESSAGE_SHIFT, TIME_SHIFT, TYPE
from socterm.store.jsontext import to_json
from socterm.taxonomy import ACTIONS, COLUMNS, Column
from socterm.templates import FIELD as TEMPLATE

TEXT = "e.raw"

_FIELDS = "coalesce(e.fields, (SELECT fields FROM kinds WHERE id = e.kind))"


def _promoted(column: Column) -> str:
    return f"(SELECT {column.name} FROM kinds WHERE id = e.kind)" if column.shared else f"e.{column.name}"


EXPRESSIONS: dict[str, str] = {column.ecs: _promoted(column) for column in COLUMNS} | {
    "@timestamp": "e.ts",
    "event.original": TEXT,
    "event.kind": f"CASE WHEN e.flags & {FAILED_PARSE} THEN 'pipeline_error' "
    "ELSE coalesce(e.fields ->> '$.\"~\".kind', 'event') END",
    "socterm.source": "(SELECT name FROM sources WHERE id = e.source)",
    "socterm.position": "e.position",
    TEMPLATE: "(SELECT template FROM kinds WHERE id = e.kind)",
    "socterm.time_from": f"CASE e.flags >> {TIME_SHIFT} & 3 "
    "WHEN 0 THEN 'line' WHEN 1 THEN 'previous' ELSE 'received' END",
    "event.id": "e.id",
}
"""ECS field → SQL expression of its scalar value, for the table `events AS e`."""

_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,200}")

_stored = json_field(_FIELDS)

_MESSAGE = (
    f"CASE WHEN e.flags >> {MESSAGE_SHIFT} THEN json_quote(substr(e.raw, e.flags >> {MESSAGE_SHIFT})) "
    f"ELSE {_stored('message')} END"
)


def other(field: str) -> str:
    """SQL giving the JSON text of a field without a column, NULL where the event lacks it.

    Raises UsageError for what is no field name: it stands in the SQL text.
    """
    if not _NAME.fullmatch(field):
        raise UsageError(f"{field[:40]!r} is no field name: letters, digits and . _ @ - only")
    if field == "message":
        return _MESSAGE
    bit = {"event.category": CATEGORY, "event.type": TYPE}.get(field)
    if bit:
        implied = f"socterm_implied({EXPRESSIONS['event.action']}, {bit})"
        return f"CASE WHEN e.flags & {bit} THEN {implied} ELSE {_stored(field)} END"
    return _stored(field)


_PLAIN = re.compile(r"[A-Za-z0-9.:@-]*[A-Za-z.:@-][A-Za-z0-9.:@-]*")
"""Texts that stand in JSON as they are, whatever their case, and are no spelling of a number."""

_NUMBER = re.compile(
    r"[+-]?[0-9]*\.?[0-9]*(e[+-]?[0-9]+)?|0x[0-9a-f]*|inf|infinity|nan|true|false", re.IGNORECASE
)


def plain_values(query: Query, known: Collection[str]) -> list[str]:
    """Texts that stand somewhere in the JSON of every hit: of equalities demanded on fields not `known`."""
    tree = query.tree
    parts = tree.items if isinstance(tree, And) else (tree,)
    return [
        str(part.arg)
        for part in parts
        if isinstance(part, Term) and part.op == "eq" and part.field not in known and part.field != FREE
        and _PLAIN.fullmatch(str(part.arg)) and not _NUMBER.fullmatch(str(part.arg))
    ]  # fmt: skip


_IMPLIED = {
    (name, bit): to_json(words)
    for name, action in ACTIONS.items()
    for bit, words in ((CATEGORY, action.category), (TYPE, action.type))
}


def socterm_implied(action: Any, bit: int) -> str | None:
    """JSON of the categories or types that the taxonomy gives for an action."""
    return _IMPLIED.get((action, bit))


SQL_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {"socterm_implied": (2, socterm_implied)}
"""SQL functions these expressions call: name → (number of arguments, function)."""
