"""Lines that are one JSON object: parsed once, then offered to the formats that read objects, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socterm.parsers.envelopes import parse_json
from socterm.parsers.format import Found, LineReader, ObjectReader, Reading
from socterm.parsers.marks import Fields
from socterm.parsers.text import clean

_JOURNAL = '"__REALTIME_TIMESTAMP"'
_DOCKER = '{"log":'
_DEEPEST = 64


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


def json_reader(readers: Sequence[ObjectReader]) -> LineReader:
    """A reader of whole lines that asks `readers` about the object a line is.

    It leaves envelopes (the journal's, docker's) to the careful way, and what is no object, too. Readers may
    rely on texts without NULs and lone surrogates: only an escape can bring one in.
    """

    def read(text: str, fields: Fields, reading: Reading) -> Found | None:
        if text[:1] != "{" or text.startswith(_DOCKER) or _JOURNAL in text:
            return None
        entry: dict[str, Any] | str = parse_json(text)
        if isinstance(entry, str):
            return None
        if "\\u" in text:
            entry = cleaned(entry)
        for reader in readers:
            found = reader(entry, fields, reading)
            if found is not None:
                return found
        return None

    return read
