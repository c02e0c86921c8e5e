"""Lines that are one JSON object: parsed once, then offered to the formats that read objects, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socterm.parsers.envelopes import parse_json
from socterm.parsers.format import Found, LineReader, ObjectReader, Reading
from socterm.parsers.marks import Fields

_JOURNAL = '"__REALTIME_TIMESTAMP"'
_DOCKER = '{"log":'


def json_reader(readers: Sequence[ObjectReader]) -> LineReader:
    """A reader of whole lines that asks `readers` about the object a line is.

    It leaves envelopes (the journal's, docker's) to the careful way, and what is no object, too.
    """

    def read(text: str, fields: Fields, reading: Reading) -> Found | None:
        if text[:1] != "{" or text.startswith(_DOCKER) or _JOURNAL in text:
            return None
        entry: dict[str, Any] | str = parse_json(text)
        if isinstance(entry, str):
            return None
        for reader in readers:
            found = reader(entry, fields, reading)
            if found is not None:
                return found
        return None

    return read
