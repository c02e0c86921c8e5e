"""JSON files that are not one object per line, as lines of one object each."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from socterm.sources.base import BLOCK
from socterm.sources.bundles import parts_of
from socterm.sources.documents import ARRAY, SNIFF, WIDE, WRAPPED, DocumentError, Lines, Stream

_LISTS = ("Records", "records", "value", "results", "items", "events", "entries", "logs")
"""Names under which a document of one object holds its records."""
_SKIPPED = re.compile(r"[\s,]*")
_MOST = 64 << 20
"""Characters of one record; what is longer is taken for broken."""


class JsonStream(Lines):
    """JSON that is not one object per line: arrays, lists of records in an object, objects over many lines.

    A record that stands on one line keeps its text as it is; others are written anew, compactly. Where the
    JSON breaks, the rest is handed over as it is, line by line.
    """

    def __init__(self, stream: Stream, damage: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._stream = stream
        self._damage = damage
        self._decode: codecs.IncrementalDecoder | None = None
        self._scan = json.JSONDecoder(strict=False).raw_decode
        self._text = ""
        self._at = 0
        self._passed = 0
        self._ended = False
        self._wrong = ""

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _lines(self) -> Iterator[bytes]:
        try:
            yield from self._values()
        except _BrokenError:
            where = self._passed + self._at
            yield from self._rest()
            self._wrong = self._wrong or f"the JSON breaks at character {where}; its rest was read as lines"
        if self._wrong:
            raise DocumentError(self._wrong)

    def _values(self) -> Iterator[bytes]:
        """What stands at the top: one document after the other."""
        while not self._at_end():
            wrapped = WRAPPED.match(self._text, self._at) if self._peek("{") else None
            if wrapped is not None or ARRAY.match(self._text, self._at):
                self._at = wrapped.end() if wrapped is not None else self._at + 1
                yield from self._elements()
                if wrapped is not None:
                    self._leave_object()
            elif self._peek("{"):
                yield from self._records(*self._next())
            else:
                raise _BrokenError

    def _elements(self) -> Iterator[bytes]:
        while True:
            if self._at_end():
                raise _BrokenError
            if self._peek("]"):
                self._at += 1
                return
            value, start = self._next()
            yield self._line(value, start)

    def _leave_object(self) -> None:
        """Behind the records: what else the object around them says."""
        while True:
            if self._at_end():
                raise _BrokenError
            if self._peek("}"):
                self._at += 1
                return
            self._next()
            if self._at_end() or not self._peek(":"):
                raise _BrokenError
            self._at += 1
            if self._at_end():
                raise _BrokenError
            self._next()

    def _records(self, value: Any, start: int) -> Iterator[bytes]:
        """An object at the top: its records, if it is one that holds a list of them and nothing but notes."""
        if isinstance(value, dict) and "logEvents" in value:
            parts = parts_of(self._line(value, start).rstrip())
            if parts:
                yield from (part + b"\n" for part in parts)
                return
        if isinstance(value, dict) and "\n" in self._text[start : self._at]:
            lists = [name for name, item in value.items() if isinstance(item, list | dict) and item]
            if len(lists) == 1 and lists[0] in _LISTS and isinstance(value[lists[0]], list):
                items = value[lists[0]]
                if all(isinstance(item, dict) for item in items):
                    for item in items:
                        yield _compact(item)
                    return
        yield self._line(value, start)

    def _line(self, value: Any, start: int) -> bytes:
        text = self._text[start : self._at]
        if "\n" in text or "\r" in text:
            return _compact(value)
        return text.encode("utf-8", "surrogateescape") + b"\n"

    def _next(self) -> tuple[Any, int]:
        """The value that begins here, and where it begins; more is read until it is whole."""
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except (ValueError, RecursionError):
                end = -1
            if end >= 0 and (end < len(self._text) or self._ended or isinstance(value, dict | list | str)):
                start, self._at = self._at, end
                return value, start
            if self._ended or len(self._text) - self._at > _MOST:
                raise _BrokenError
            self._more()

    def _peek(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _at_end(self) -> bool:
        """Go behind blanks and commas; True if nothing is there."""
        while True:
            found = _SKIPPED.match(self._text, self._at)
            self._at = found.end() if found is not None else self._at
            if self._ended or len(self._text) - self._at > SNIFF:
                return self._at >= len(self._text)
            self._more()

    def _more(self) -> None:
        """Read as much again as is held: a long record is then looked at a few times only."""
        wanted = max(BLOCK, len(self._text) - self._at)
        parts = [self._text[self._at :]]
        self._passed += self._at
        self._at = 0
        while wanted > 0 and not self._ended:
            try:
                data = self._stream.read1(BLOCK)
            except self._damage as error:
                data = b""
                self._wrong = f"damaged: {error}"
            if self._decode is None:
                self._decode, data = decoder_of(data)
            self._ended = not data
            parts.append(self._decode.decode(data, final=self._ended))
            wanted -= len(data)
        self._text = "".join(parts)

    def _rest(self) -> Iterator[bytes]:
        while True:
            text = self._text[self._at :]
            self._passed += len(self._text)
            self._text, self._at = "", 0
            yield text.encode("utf-8", "surrogateescape")
            if self._ended:
                return
            self._more()


class _BrokenError(Exception):
    """The JSON goes on in no way that JSON can."""


def decoder_of(data: bytes) -> tuple[codecs.IncrementalDecoder, bytes]:
    """How to read text that begins so, and what follows the byte order mark. Bytes that are no text stay."""
    for mark, encoding in WIDE.items():
        if data.startswith(mark):
            return codecs.getincrementaldecoder(encoding)("replace"), data[2:]
    made = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    return made, data.removeprefix(codecs.BOM_UTF8)


def _compact(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"
