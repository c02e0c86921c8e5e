"""What the ingest process tells the console beside it: one JSON object a line; an empty line is a commit."""

from __future__ import annotations

import contextlib
import select
import socket
import threading

import msgspec

from socterm.pipeline.status import IngestStatus

COMMIT = b"\n"


class News(msgspec.Struct, omit_defaults=True, frozen=True):
    """How the pipeline does now, whether it has the store, who has it instead, or why it ended.

    `code` is the exit code that goes with a `failure`.
    """

    status: IngestStatus | None = None
    opened: bool = False
    held: str = ""
    failure: str = ""
    code: int = 0


read = msgspec.json.Decoder(News).decode
"""News from a line that is not that of a commit."""

_encode = msgspec.json.Encoder().encode


class Teller:
    """The ingest process's end of the line. Telling never waits: a console that stands still stops nothing.

    What could not be told is told later as it is then; only the last commit and the last status count.
    Safe from any thread.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._rest = b""
        self._committed = False
        self._told: IngestStatus | None = None

    def gone(self, seconds: float) -> bool:
        """Wait that long; whether the console has hung up meanwhile, by leaving or by dying."""
        looking = select.poll()
        looking.register(self._end, select.POLLIN)
        return bool(looking.poll(seconds * 1000))

    def tell(self, status: IngestStatus, *, committed: bool = False) -> None:
        """How it is doing, where that is news, and that there is more in the store."""
        with self._lock:
            self._committed |= committed
            self._rest = self._push(self._rest)
            if self._rest:
                return
            line = b"" if status is self._told else _encode(News(status=status)) + b"\n"
            if self._committed:
                line += COMMIT
            self._told, self._committed = status, False
            self._rest = self._push(line)

    def last(self, news: News, seconds: float = 5.0) -> None:
        """Say what must not be lost, waiting for the console if need be."""
        with self._lock, contextlib.suppress(OSError):
            self._end.settimeout(seconds)
            self._end.sendall(self._rest + _encode(news) + b"\n")
            self._rest = b""

    def _push(self, data: bytes) -> bytes:
        """Send what there is room for; answers the rest."""
        try:
            return data[self._end.send(data, socket.MSG_DONTWAIT) :] if data else b""
        except BlockingIOError:
            return data
        except OSError:  # the console is gone, which `gone` tells
            return b""
