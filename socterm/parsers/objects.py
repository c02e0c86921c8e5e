"""Lines that are one JSON object: parsed once, then offered to the formats that read objects, in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from socterm.parsers.envelopes import parse_json
from socterm.parsers.format import Found, Keys, LineReader, ObjectReader, Reading
from socterm.parsers.marks import Fields
from socterm.parsers.text import clean

_JOURNAL = "__REALTIME_TIMESTAMP"
_DOCKER = '{"log":'
_DEEPEST = 64
_MOST_SHAPES = 1024
_MOST_NAMES = 100
_LONGEST_NAMES = 8192
"""Names of an object, and characters of them, for what they lead to be kept."""


def cleaned(value: Any, depth: int = 0) -> Any:
    """A JSON value with every text in it clean, names too; what is nested beyond all sense is left out.

    >>> cleaned({"a\\0": ["\\0b", 1]})
    {'a': ['b', 1]}
    """
    if isinstance(value, str):
        return clean(value)
    if depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        return {clean(key): cleaned(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item, depth + 1) for item in value]
    return value


def may_read(keys: Keys, entry: Iterable[str]) -> bool:
    """Whether an object with these names may be of a format that declares `keys`.

    >>> may_read((frozenset({"a", "b"}),), {"b": 1}), may_read((frozenset({"a"}),), {})
    (True, False)
    """
    return not any(names.isdisjoint(entry) for names in keys)


def json_reader(readers: Sequence[tuple[ObjectReader, Keys]]) -> LineReader:
    """A reader of whole lines that asks `readers` about the object a line is.

    It leaves envelopes (the journal's, docker's) to the careful way, and what is no object, too. Readers may
    rely on texts without NULs and lone surrogates: only an escape can bring one in. Which of them to ask
    follows from the object's names; the lines of a log mostly have the same ones.
    """
    shapes: dict[tuple[str, ...], tuple[ObjectReader, ...]] = {}

    def asked(shape: tuple[str, ...]) -> tuple[ObjectReader, ...]:
        found = tuple(reader for reader, keys in readers if may_read(keys, shape))
        if len(shape) <= _MOST_NAMES and sum(map(len, shape)) <= _LONGEST_NAMES:
            if len(shapes) >= _MOST_SHAPES:
                shapes.clear()
            shapes[shape] = found
        return found

    def read(text: str, fields: Fields, reading: Reading) -> Found | None:
        if text[:1] != "{" or text.startswith(_DOCKER):
            return None
        parsed = parse_json(text)
        if isinstance(parsed, str) or _JOURNAL in parsed:
            return None
        entry: dict[str, Any] = cleaned(parsed) if "\\" in text and "\\u" in text else parsed
        shape = tuple(entry)
        for reader in shapes.get(shape) or asked(shape):
            found = reader(entry, fields, reading)
            if found is not None:
                return found
        return None

    return read
