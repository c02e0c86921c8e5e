"""What a body holds, record by record: lines to store, and which records are none and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Any, Final

import msgspec

from socterm.parsers.envelopes import parse_json
from socterm.sources.base import LINE_LIMIT
from socterm.sources.bundles import elements, parts_of

MOST: Final = 10_000
"""Records of one request."""

TOLD: Final = 100
"""Rejected records that an answer names."""

_BLANKS: Final = 10
"""Lines a record that a body may have: blank ones are passed over, but not without end."""

_BLANK: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"
_DEEP: Final = 1_000
_LOOKED_AT: Final = 1_000_000
"""Texts, brackets and commas of a broken array that are told apart: about a second's work."""

_PIECES = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_SPACES = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|([ \t\r\n]++)', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"

_object = msgspec.json.Decoder(dict[str, Any]).decode

_LONG = "longer than 1 MiB"


class TooManyError(ValueError):
    """More records than one request may have."""


class Verdict(msgspec.Struct):
    """The records of a body: `lines` to store, and how many are rejected, the first `TOLD` with reasons.

    Records are numbered from 0: the elements of an array, the lines of anything else.
    """

    lines: list[bytes] = []
    rejected: int = 0
    errors: list[tuple[int, str]] = []

    def take(self, index: int, record: bytes) -> None:
        """Judge one record of JSON: an object is a line as it was sent, a string is the line it says.

        An object that carries several records is as many lines, each judged by itself.
        """
        parts = parts_of(record, MOST) if record[:1] == b"{" else []
        for part in parts:
            self._take(index, part)
        if not parts:
            self._take(index, record)

    def _take(self, index: int, record: bytes) -> None:
        try:
            line = line_of(record)
        except ValueError as error:
            self.reject(index, str(error))
        else:
            self.add(index, line)

    def add(self, index: int, line: bytes) -> None:
        """Take a line that is none too long."""
        if len(line) > LINE_LIMIT:
            self.reject(index, _LONG)
            return
        self.lines.append(line)
        self._check()

    def reject(self, index: int, reason: str) -> None:
        """Name a record that is none."""
        self.rejected += 1
        if len(self.errors) < TOLD:
            self.errors.append((index, reason))
        self._check()

    def _check(self) -> None:
        if len(self.lines) + self.rejected > MOST:
            raise TooManyError(f"more than {MOST} records: send them in several requests")


def from_text(data: bytes) -> Verdict:
    r"""Each line that is not blank is a record, whatever it says.

    >>> from_text(b"one\n\n  two\r\n").lines
    [b'one', b'  two']
    """
    verdict = Verdict()
    for index, line in _lines(data):
        verdict.add(index, line.removesuffix(b"\r"))
    return verdict


def from_lines(data: bytes) -> Verdict:
    r"""Each line that is not blank is a record of JSON (ndjson.org).

    >>> from_lines(b'{"a": 1}\nx\n"text"')
    Verdict(lines=[b'{"a": 1}', b'text'], rejected=1, errors=[(1, 'not a JSON object or string')])
    """
    verdict = Verdict()
    for index, line in _lines(data):
        verdict.take(index, line.strip(_BLANK))
    return verdict


def from_json(data: bytes) -> Verdict:
    r"""One object, one string, an array of them, or lines of them, which some senders call JSON as well.

    >>> from_json(b'[{"a":\n1}, "text", 7]')
    Verdict(lines=[b'{"a":1}', b'text'], rejected=1, errors=[(2, 'not a JSON object or string')])
    """
    text = data.removeprefix(_BOM).strip(_BLANK)
    if text.startswith(b"["):
        return _from_array(text)
    if b"\n" not in text or _is_whole(text):
        verdict = Verdict()
        if text:
            verdict.take(0, text)
        return verdict
    return from_lines(data)


FORMS: Final[dict[str, Callable[[bytes], Verdict]]] = {
    "application/json": from_json,
    "application/x-ndjson": from_lines,
    "application/ndjson": from_lines,
    "application/jsonl": from_lines,
    "text/plain": from_text,
}
"""How a body of a media type is read."""


def line_of(record: bytes) -> bytes:
    """The line of one record of JSON. Raises ValueError with what it is instead.

    An object keeps its text; over several lines it loses the blanks around its parts.
    """
    start = record[:1]
    if start == b"{":
        line = _compact(record) if b"\n" in record or b"\r" in record else record
        if len(line) > LINE_LIMIT:  # before it is looked into: objects take twenty times their text
            raise ValueError(_LONG)
        try:
            _object(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            _judge(line)
        return line
    if start == b'"':
        try:
            return msgspec.json.decode(record, type=str).encode()
        except (msgspec.MsgspecError, ValueError):
            raise ValueError("JSON: broken string") from None
    raise ValueError("not a JSON object or string")


def _judge(record: bytes) -> None:
    """What the strict decoder refused may still be JSON; if not, this says where it breaks."""
    try:
        found = parse_json(record.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None
    if isinstance(found, str):
        raise ValueError(found)  # noqa: TRY004 - the sentence, not the kind


def _compact(record: bytes) -> bytes:
    """JSON without the blanks between its parts; numbers and texts stay as they were sent.

    Raises ValueError as soon as that is longer than a line.
    """
    kept, start = bytearray(), 0
    for found in _SPACES.finditer(record):
        if found[1] is not None:
            kept += record[start : found.start()]
            start = found.end()
            if len(kept) > LINE_LIMIT:
                raise ValueError(_LONG)
    return bytes(kept + record[start:])


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    if data.count(b"\n") > MOST * _BLANKS:
        raise TooManyError(f"more than {MOST} records: send them in several requests")
    for index, line in enumerate(data.removeprefix(_BOM).split(b"\n")):
        if line and not line.isspace():
            yield index, line


def _is_whole(text: bytes) -> bool:
    """Whether it is one JSON value over several lines."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True


def _from_array(text: bytes) -> Verdict:
    verdict = Verdict()
    try:
        found: Iterable[bytes] = takewhile(bool, map(bytes, msgspec.structs.astuple(elements(MOST)(text))))
    except (msgspec.MsgspecError, RecursionError):
        found = _pieces(text)  # so that one broken record does not take the others with it
    for index, record in enumerate(found):
        verdict.take(index, record)
    return verdict


def _pieces(text: bytes) -> Iterator[bytes]:
    """The elements of an array that is broken somewhere, told apart by brackets and commas alone.

    Where that becomes too much, or too deep, all the rest is one.
    """
    depth, start = 0, 1
    for count, piece in enumerate(_PIECES.finditer(text)):
        if count > _LOOKED_AT:
            break
        mark = piece[0]
        if mark in _OPENING:
            depth += 1
            if depth > _DEEP:
                break
        elif mark in _CLOSING:
            depth -= 1
        if (mark == b"," and depth == 1) or depth <= 0:
            element = text[start : piece.start()].strip(_BLANK)
            if element or depth:
                yield element
            start = piece.end()
            if depth <= 0:
                break
    rest = text[start:].strip(_BLANK)
    if rest:
        yield rest[:_DEEP]
