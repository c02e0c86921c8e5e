"""Windows events in an XML file as one line each: what the event viewer and `wevtutil qe` write."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from socterm.sources.base import BLOCK
from socterm.sources.documents import DocumentError, Lines, Stream
from socterm.sources.json_file import decoder_of

_BEGIN = re.compile(r"<Event[\s>]")
_END = "</Event>"
_AROUND = re.compile(r"<\?xml[^>]*\?>|</?Events[^>]*>")
_TAG = re.compile(r"<[^<>]*[\r\n][^<>]*>")
_BREAK = re.compile(r"\r\n?|\n")
_MOST = 64 << 20
"""Characters of one event; what is longer is taken for broken."""


class XmlStream(Lines):
    """Events of an XML document, each on a line of its own; line ends inside a value are written `&#10;`.

    What stands between events and is no part of the frame is handed over as it is.
    """

    def __init__(self, stream: Stream, damage: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._stream = stream
        self._damage = damage
        self._decode: codecs.IncrementalDecoder | None = None
        self._wrong = ""

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _lines(self) -> Iterator[bytes]:
        held, searched = "", 0
        for text in self._texts():
            held += text
            while (end := held.find(_END, searched)) >= 0:
                begin = _BEGIN.search(held, 0, end)
                at = begin.start() if begin is not None else end
                yield from _between(held[:at])
                yield _line(held[at : end + len(_END)])
                held, searched = held[end + len(_END) :], 0
            searched = max(0, len(held) - len(_END))
            if len(held) > _MOST:
                self._wrong = "an event without an end; it was read as lines"
                yield from _between(held)
                held, searched = "", 0
        if _BEGIN.search(held):
            self._wrong = self._wrong or "it ends inside an event"
        yield from _between(held)
        if self._wrong:
            raise DocumentError(self._wrong)

    def _texts(self) -> Iterator[str]:
        while True:
            try:
                data = self._stream.read1(BLOCK)
            except self._damage as error:
                data = b""
                self._wrong = f"damaged: {error}"
            if self._decode is None:
                self._decode, data = decoder_of(data)
            yield self._decode.decode(data, final=not data)
            if not data:
                return


def _between(text: str) -> Iterator[bytes]:
    for line in _AROUND.sub("", text).splitlines():
        if line.strip():
            yield line.encode("utf-8", "surrogateescape") + b"\n"


def _line(event: str) -> bytes:
    if "\n" in event or "\r" in event:
        event = _TAG.sub(lambda tag: _BREAK.sub(" ", tag[0]), event)
        event = _BREAK.sub("&#10;", re.sub(r">\s*[\r\n]\s*<", "><", event))
    return event.encode("utf-8", "surrogateescape") + b"\n"
