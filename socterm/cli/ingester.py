"""The ingest process: the pipeline without a terminal, told on by a line to the console, and ending with it.

It is forked before the console draws anything. It has neither the terminal nor its signals: the console
hears those, and this process ends when the line to the console is cut, however the console ended.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from socterm.cli.news import News, Teller
from socterm.cli.wiring import calm_memory
from socterm.errors import LeaseHeldError, SoctermError
from socterm.pipeline.status import IngestStatus, waiting

if TYPE_CHECKING:
    from socterm.pipeline.ingest import Pipeline
    from socterm.store.ingest.writer import Writer

STANDBY = 2.0
"""Seconds between two looks whether another process still ingests into this store."""

TICK = 0.25
"""Seconds between two looks at what is told without a commit: a rate that falls, a file that is missing."""

GRACE = 15.0
"""Seconds for the batch under way after the console has gone."""

BEFORE = 1.0
"""The same while rules are loaded: nothing has been read yet, and loading may take long."""


def serve(
    end: socket.socket,
    make: Callable[[Writer], Pipeline],
    open_store: Callable[[], Writer],
    *,
    mode: str,
    stand_by: bool,
) -> None:
    """Be the ingest process, just forked, until the console hangs up; does not return."""
    code = 1
    try:
        _leave_terminal(os.getppid())
        Ingester(end, make, open_store, mode=mode, stand_by=stand_by).run()
        code = 0
    finally:
        # Nothing of the console's may be ended here: its files, its temporary folder, its terminal.
        os._exit(code)


def _leave_terminal(console: int) -> None:
    """No standard streams, a process group that a terminal's signals do not reach; others are the console's.

    It stays in the session: to Linux' scheduler that is one party (sched(7), autogroup), and a console that
    were one by itself would wait longer for a processor than beside a process that is always ready to run.
    """
    os.setpgid(0, 0)
    void = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(void, stream)

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        if os.getppid() == console:
            os.kill(console, signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)


class Ingester:
    """Opens the store, or stands by until another process has done with it; makes the pipeline; runs it."""

    def __init__(
        self,
        end: socket.socket,
        make: Callable[[Writer], Pipeline],
        open_store: Callable[[], Writer],
        *,
        mode: str,
        stand_by: bool,
    ) -> None:
        self._teller = Teller(end)
        self._make = make
        self._open = open_store
        self._stand_by = stand_by
        self._mode = mode
        self._status = waiting(mode)
        self._pipeline: Pipeline | None = None
        self._stop = threading.Event()
        self._done = threading.Event()

    def run(self) -> None:
        """Ingest until the console hangs up, or until nothing will ever come again."""
        threading.Thread(target=self._listen, name="line", daemon=True).start()
        try:
            writer = self._take_store()
            if writer is not None:
                try:
                    self._ingest(writer)
                finally:
                    writer.close()
        except Exception as error:  # noqa: BLE001 - whatever it is: the console must show it and live on
            text = " ".join(str(error).split()) or type(error).__name__
            code = error.exit_code if isinstance(error, SoctermError) else SoctermError.exit_code
            self._teller.last(News(failure=text, code=code))
        finally:
            self._done.set()

    def _ingest(self, writer: Writer) -> None:
        pipeline = self._make(writer)
        calm_memory()
        pipeline.on_commit(lambda: self._teller.tell(pipeline.status(), committed=True))
        self._pipeline = pipeline
        pipeline.run(self._stop)
        self._teller.last(News(status=pipeline.refresh()))

    def _take_store(self) -> Writer | None:
        """Open it, waiting while somebody else ingests; None where the console is left before."""
        told = ""
        while not self._stop.is_set():
            try:
                writer = self._open()
            except LeaseHeldError as held:
                if not self._stand_by:
                    raise
                if held.holder != told:
                    told = held.holder
                    self._status = waiting(f"attached: {told} ingests")
                    self._teller.last(News(status=self._status, held=told))
                self._stop.wait(STANDBY)
            else:
                self._status = waiting(self._mode)
                self._teller.last(News(status=self._status, opened=True))
                return writer
        return None

    def _listen(self) -> None:
        """Wait for the console to hang up; tell meanwhile what changes without a commit."""
        while not self._teller.gone(TICK):
            self._teller.tell(self._look())
            if self._done.is_set():
                return
        self._stop.set()
        if self._pipeline is not None:
            self._pipeline.wake.set()
        if self._done.wait(BEFORE):
            return
        if self._pipeline is None:
            os._exit(0)  # a lease whose holder is gone is free
        if not self._done.wait(GRACE - BEFORE):
            os._exit(1)

    def _look(self) -> IngestStatus:
        return self._pipeline.status() if self._pipeline is not None else self._status
