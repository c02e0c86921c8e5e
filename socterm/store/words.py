"""What the full-text index knows of an event: the words of its raw text, and one key for each value that
people pivot on (an address, a user, the template).

An index of SQLite's own on such a column costs four times as much per line, for it is kept up with every
insert; keys go in with the words, in steps behind the inserts. Like words they only narrow a search down.
"""

from __future__ import annotations

import re

from socterm.taxonomy import COLUMNS
from socterm.templates import FIELD as TEMPLATE

INDEXED = tuple(column.name for column in COLUMNS if column.indexed)
"""The columns whose keys go into the index, in its order."""

MARKS = {column.ecs: 0xE000 + at for at, column in enumerate(c for c in COLUMNS if c.indexed)}
"""ECS field → what its keys begin with: a character for private use, which no word of a log begins with."""

MARKS[TEMPLATE] = 0xE000 + len(MARKS)

_ADDRESSES = frozenset({"source.ip"})
"""Fields whose values become one word, with an x for each dot and colon: numbers alone stand anywhere."""

_WORD = re.compile("[A-Za-z0-9\ue000-\ue0ff]+")
_MOST = 4
"""Words of a key that are asked for; the rest of a long one hardly narrows anything."""


def keys_sql() -> str:
    """The SELECT that the index is filled from, over `events`: id, raw, and a key or NULL per field."""
    named = [f"{key} AS {name}" for key, name in zip(_keys(), INDEXED, strict=True)]
    return f"SELECT id, raw, {', '.join(named)} FROM events"


def words_sql() -> str:
    """The same with the template's key beside the last one: the index does not tell its columns apart."""
    *others, last = _keys()
    key = f"' ' || char({MARKS[TEMPLATE]}) || k.template"
    both = f"coalesce({last}, '') || coalesce({key}, '') AS {INDEXED[-1]}"
    named = [f"{one} AS {name}" for one, name in zip(others, INDEXED, strict=False)]
    # The join costs half of what a subquery a line does.
    return f"SELECT e.id, raw, {', '.join((*named, both))} FROM events e LEFT JOIN kinds k ON k.id = e.kind"


def _keys() -> list[str]:
    return [
        f"char({MARKS[column.ecs]}) || {_spelt(column.name) if column.ecs in _ADDRESSES else column.name}"
        for column in COLUMNS
        if column.indexed
    ]


def _spelt(name: str) -> str:
    return f"replace(replace({name}, '.', 'x'), ':', 'x')"


def key_match(field: str, value: str) -> str:
    """The full-text expression that every event fulfils whose field equals an ASCII value, in either case.

    >>> key_match("source.ip", "192.0.2.7").isascii(), key_match("user.name", "Ann-Mary")[2:]
    (False, 'ann" AND "mary"')
    """
    text = value.replace(".", "x").replace(":", "x") if field in _ADDRESSES else value
    words = _WORD.findall(chr(MARKS[field]) + text.lower())[:_MOST]
    return " AND ".join(f'"{word}"' for word in words)
