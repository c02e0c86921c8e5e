"""Files that are no lines: .evtx, a JSON array, records in one JSON document, pretty-printed JSON, XML.

They are read as if they held one compact line per record: a stream of text that a reader takes for unpacked
content. Cut the same way each time, so that positions, bookmarks and resuming work as for any packed file.
A document is finished: it is read to its end, not followed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Protocol

from socterm.sources.base import BLOCK

SNIFF = 4096
"""Bytes at the start of a file by which a document is known."""

_EVTX = b"ElfFile\0"
WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
"""Byte order marks of UTF-16, which Windows' shell writes JSON in."""
ARRAY = re.compile(r"\[\s*(?=\{|\]\s*$)")
"""The start of a list of objects."""
WRAPPED = re.compile(
    r'\{\s*(?:"(?:Records|records)"|(?:"@odata\.[\w.]{1,40}"\s*:\s*"[^"]{0,500}"\s*,\s*){1,3}"value")'
    r"\s*:\s*\[\s*(?=[{\]])"
)
"""An object that begins with its list of records."""
WATCHED = re.compile(r'\{\s*"messageType"\s*:\s*"DATA_MESSAGE"')
"""The start of what a subscription to CloudWatch Logs hands on: it holds its records further behind."""
EVENTS = re.compile(r"<\?xml[^>]{0,100}\?>\s*<Events?[\s>]|<Events[\s>]")
"""Windows events as XML: below a root, as the event viewer and `wevtutil /e` write them."""
_OPEN = re.compile(r"<Event[\s>][^\n]*(?<!</Event>)(?<!</Event>\r)\n")
_PRETTY = re.compile(r'\{[ \t]*\r?\n\s*["}]')


class DocumentError(Exception):
    """What is wrong with a document; raised behind all that could be read of it."""


class Stream(Protocol):
    """Bytes read forward, as decompressors give them."""

    def read1(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, b"" at the end."""

    def close(self) -> None:
        """Let go of it."""


def kind_of(start: bytes) -> str:
    """What document a file that begins so is: "evtx", "json", "xml" or "" for lines.

    >>> kind_of(b'[{"a":1}]'), kind_of(b'{"a":1}'), kind_of(b"[2026-11-20] x")
    ('json', '', '')
    """
    if start.startswith(_EVTX):
        return "evtx"
    for mark, encoding in WIDE.items():
        if start.startswith(mark):
            wide = start[2:].decode(encoding, "replace").lstrip()
            return "json" if wide[:1] in ("{", "[") else "xml" if wide.startswith(("<?xml", "<Event")) else ""
    text = start.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").lstrip()
    if text[:1] == "<":
        return "xml" if EVENTS.match(text) or _OPEN.match(text) else ""
    if text[:1] not in ("{", "["):
        return ""
    forms = (ARRAY, WRAPPED, WATCHED, _PRETTY)
    return "json" if any(form.match(text) for form in forms) else ""


class Ahead:
    """A stream whose first bytes were looked at already; an error met there comes when they are read."""

    def __init__(self, stream: Stream, damage: tuple[type[Exception], ...]) -> None:
        self._stream = stream
        self._error: Exception | None = None
        self.start = b""
        try:
            while len(self.start) < SNIFF and (more := stream.read1(SNIFF - len(self.start))):
                self.start += more
        except damage as error:
            self._error = error
        self._left = self.start

    def read1(self, size: int = -1, /) -> bytes:
        """What was looked at first, then what follows."""
        if self._left:
            size = len(self._left) if size < 0 else size
            block, self._left = self._left[:size], self._left[size:]
            return block
        if self._error is not None:
            raise self._error
        return self._stream.read1(size)

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


class Lines:
    """Turns a generator of lines into a stream."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._made: Iterator[bytes] | None = None
        self._error: DocumentError | None = None

    def read1(self, size: int = -1, /) -> bytes:
        """At most `size` bytes of lines, b"" at the end. Raises DocumentError there if something is wrong."""
        if self._made is None:
            self._made = self._lines()
        wanted = BLOCK if size < 0 else size
        while len(self._waiting) < wanted and self._error is None:
            try:
                line = next(self._made, None)
            except DocumentError as error:
                self._error = error
                break
            if line is None:
                break
            self._waiting += line
        if not self._waiting and self._error is not None:
            raise self._error
        block = bytes(self._waiting[:wanted])
        del self._waiting[:wanted]
        return block

    def _lines(self) -> Iterator[bytes]:
        """The lines, each with its newline."""
        raise NotImplementedError
