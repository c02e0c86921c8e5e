"""The console's side of the ingest process: starts it, hears of it, ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from socterm.cli import news
from socterm.cli.news import COMMIT, News
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.status import IngestStatus, waiting

if TYPE_CHECKING:
    from socterm.pipeline.ingest import Pipeline
    from socterm.store.ingest.writer import Writer

ENDING = 15.0
"""Seconds the ingest process gets for the batch under way; killed then, it leaves an exact store as well."""

GO_ON = "leave and start socterm again to go on"


class Background:
    """A pipeline in a process of its own, so that the console's event loop owes it nothing.

    `make` and `open_store` are called there. With `stand_by` it waits while another process ingests into the
    store, and takes over when that one is gone. `stdin_fd` is a descriptor that is its alone. `pid` is the
    process, 0 before it was started.
    """

    def __init__(
        self,
        make: Callable[[Writer], Pipeline],
        open_store: Callable[[], Writer],
        *,
        mode: str = "",
        stand_by: bool = True,
        stdin_fd: int = 0,
    ) -> None:
        self._make = make
        self._open = open_store
        self._mode = mode
        self._stand_by = stand_by
        self._stdin = stdin_fd
        self._status = waiting(mode)
        self._held = ""
        self._failure = ""
        self._refused: SoctermError | None = None
        self._listeners: list[Callable[[], None]] = []
        self._known = threading.Event()
        self.pid = 0
        self._end: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to ingest. Nothing may run beside the caller yet: threads do not survive a fork."""
        if threading.active_count() > 1:
            raise RuntimeError("the ingest process must be started before any thread")
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            from socterm.cli.ingester import serve

            ours.close()
            serve(theirs, self._make, self._open, mode=self._mode, stand_by=self._stand_by)
        theirs.close()
        if self._stdin > 2:
            os.close(self._stdin)  # or whoever writes to it would not notice that its reader has gone
        self._end = ours
        self._thread = threading.Thread(target=self._hear, args=(ours,), name="ingest", daemon=True)
        self._thread.start()

    def opened(self) -> str:
        """Wait until the store is open there; "", or who ingests instead meanwhile.

        Raises what kept it from opening the store.
        """
        self._known.wait()
        if self._refused is not None:
            raise self._refused
        return self._held

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call back, from a thread of this process, after each commit, and when ingest has failed."""
        self._listeners.append(callback)

    def status(self) -> IngestStatus:
        """How it is doing, as last heard; safe from any thread."""
        return self._status

    def _hear(self, end: socket.socket) -> None:
        """Take what is told until the line is cut, then see how it ended."""
        with end.makefile("rb") as lines:
            for line in lines:
                if line == COMMIT:
                    self._tell()
                elif line.endswith(COMMIT):
                    self._take(news.read(line))
        _, ended = os.waitpid(self.pid, 0)
        if ended and not self._failure:
            self._fail(f"its process {_how(os.waitstatus_to_exitcode(ended))}; {GO_ON}")
        self._known.set()
        self._tell()

    def _take(self, told: News) -> None:
        if told.status is not None and not self._failure:
            self._status = told.status
        if told.failure:
            self._fail(told.failure, told.code)
        self._held = told.held
        if told.opened or told.held:
            self._known.set()

    def _fail(self, why: str, code: int = SoctermError.exit_code) -> None:
        """Ingest has ended by an error: the console shows it in its header, or does not open at all."""
        if not self._known.is_set():
            self._refused = UsageError(why) if code == UsageError.exit_code else SoctermError(why)
        self._failure = f"ingest stopped: {why}"
        self._status = msgspec.structs.replace(self._status, rate=0.0, lag=0, error=self._failure)

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def stop(self) -> str:
        """End after the batch under way; answers what had gone wrong, "" for nothing."""
        if self._end is not None and self._thread is not None:
            with contextlib.suppress(OSError):  # where it has hung up already, some systems complain
                self._end.shutdown(socket.SHUT_WR)
            self._thread.join(timeout=ENDING)
            if self._thread.is_alive():
                os.kill(self.pid, signal.SIGKILL)
                self._thread.join()
            self._end.close()
            self._end = None
        return self._failure


def _how(code: int) -> str:
    """How a process ended, in words."""
    return f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
