"""Read-only SQL for hunts: one SELECT over documented views, within bounds of time, memory, disk and rows.

Five walls, each enough for most of what could be tried: a process of its own, which asks (`sandboxed`), may
use little memory, and is ended when it takes too long; in it the file is opened for reading, the
authorizer allows SELECT on the views and a list of functions and nothing else, and SQLite's own limits
bound texts and depths.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO, Any, Final, cast

import msgspec

from socterm import errors
from socterm.errors import QueryCancelledError, SoctermError, StoreError, UsageError
from socterm.store.connections import Connections
from socterm.store.doors.sqlviews import VIEWS

SECONDS: Final = 10.0
ROWS: Final = 1_000
BYTES: Final = 16 << 20
"""Of a whole answer; rows beyond it are left off, and one row that is larger is refused."""

MEMORY: Final = 512 << 20
"""Bytes of memory that the process which asks may have, where the system counts them (Linux)."""

DISK: Final = 1 << 30
"""Bytes of each file that it may write: what a sort of everything needs goes to temporary files."""

_LOOK: Final = 0.02
"""Seconds between two looks at `stop`."""

_START: Final = 30.0
"""Seconds the process may take to begin, which are not the question's."""

_MOST_READ: Final = 4 * BYTES
_MAIN: Final = "import sys; sys.path[:] = {!r}; from socterm.store.doors.sandboxed import main; main()"


class SqlAnswer(msgspec.Struct, tag="answer"):
    """Rows of a SELECT. `more` says that some were left off, at the limit of rows or of bytes."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool = False


class Refused(msgspec.Struct, tag="refused"):
    """Instead of an answer: the class of the error, and its one line."""

    error: str
    text: str


class Asked(msgspec.Struct):
    """What the process is asked: the file, one SELECT, and the bounds of rows, seconds and bytes."""

    path: bytes
    sql: str
    rows: int
    seconds: float
    memory: int = MEMORY
    disk: int = DISK


BEGUN: Final = b"\n"
"""What the process writes when it begins to ask; the answer comes after it."""


class SqlDesk:
    """Asks one store, from any thread; each question has a process of its own."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ask(
        self,
        sql: str,
        *,
        rows: int = ROWS,
        seconds: float = SECONDS,
        stop: Callable[[], bool] = lambda: False,
    ) -> SqlAnswer:
        """The rows of one SELECT. Long ones end when `stop` says so, or after some seconds.

        Raises UsageError with one line for what cannot be read, is not allowed or needs too much memory,
        QueryCancelledError where it took too long or was stopped.
        """
        path = os.fsencode(self._connections.path.resolve())
        try:
            asked = msgspec.msgpack.encode(Asked(path, sql, rows, seconds))
        except UnicodeEncodeError:
            raise UsageError("SQL: there are characters in it that are none (lone surrogates)") from None
        said, code = _put_to_a_process(asked, seconds, stop)
        try:
            told = msgspec.msgpack.decode(said, type=SqlAnswer | Refused)
        except msgspec.DecodeError:
            raise _died(code) from None
        if isinstance(told, Refused):
            raise getattr(errors, told.error, StoreError)(told.text)
        return cast(SqlAnswer, told)


def _put_to_a_process(asked: bytes, seconds: float, stop: Callable[[], bool]) -> tuple[bytes, int]:
    """(what it answered, its exit code). It is killed when the time is over, whatever it is doing."""
    command = [sys.executable, "-c", _MAIN.format(sys.path)]
    with subprocess.Popen(  # noqa: S603 - ourselves; what is asked goes through a pipe
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        process_group=0,  # Ctrl-C is for us: we end it, and say so
    ) as process:  # fmt: skip
        try:
            into, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
            with contextlib.suppress(BrokenPipeError):  # it has ended already, which its exit code says
                into.write(asked)
                into.close()
            return _heard(out.fileno(), seconds, stop), process.wait()
        finally:
            process.kill()


def _heard(descriptor: int, seconds: float, stop: Callable[[], bool]) -> bytes:
    """All it says after it has begun. Raises QueryCancelledError where that takes too long or is stopped."""
    said = bytearray()
    end = time.monotonic() + _START
    begun = False
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            if stop():
                raise QueryCancelledError("the query was stopped")
            left = end - time.monotonic()
            if left <= 0:
                raise QueryCancelledError(
                    f"the query took longer than {seconds:g} s and was stopped: ask for less"
                )
            if not selector.select(min(_LOOK, left)):
                continue
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                return bytes(said.removeprefix(BEGUN))
            if len(said) > _MOST_READ:
                raise UsageError("SQL: the answer becomes too large: ask for less")
            if not begun:
                begun, end = True, time.monotonic() + seconds
            said += piece


def _died(code: int) -> SoctermError:
    """Its end without an answer: by the system, where it could not even be told that memory was short."""
    if code < 0:
        return UsageError(
            f"SQL: it used too much memory or time and was ended (signal {-code}): ask for less"
        )
    return StoreError(f"SQL cannot be asked: the process for it ended (code {code}); is socterm whole?")


def views() -> str:
    """The names of the views, for a message."""
    return ", ".join(VIEWS)
