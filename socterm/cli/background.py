"""The pipeline on a thread of its own, beside the console."""

from __future__ import annotations

import threading
from collections.abc import Callable

from socterm.errors import LeaseHeldError
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.status import IngestStatus
from socterm.store.writer import Writer

STANDBY = 2.0
"""Seconds between two looks whether another process still ingests into this store."""


class Background:
    """Makes a pipeline (rules are loaded meanwhile, so that the first frame need not wait) and runs it.

    Without a `writer` another process ingests: this one stands by and takes over when that one is gone.
    """

    def __init__(
        self,
        make: Callable[[Writer], Pipeline],
        open_store: Callable[[], Writer],
        *,
        writer: Writer | None,
        mode: str = "",
    ) -> None:
        self._make = make
        self._open = open_store
        self._writer = writer
        self._mode = mode if writer is not None else "attached"
        self._pipeline: Pipeline | None = None
        self._failure = ""
        self._listeners: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        """Begin to ingest."""
        self._thread.start()

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call back from the ingest thread after each commit."""
        self._listeners.append(callback)

    def status(self) -> IngestStatus:
        """How it is doing; safe from any thread."""
        if self._pipeline is not None and not self._failure:
            return self._pipeline.status()
        return IngestStatus(self._mode or "loading rules", 0.0, 0, 0, 0, 0, 0, 0, (), self._failure)

    def _run(self) -> None:
        try:
            writer = self._writer or self._stand_by()
            if writer is None:
                return
            try:
                pipeline = self._make(writer)
                pipeline.on_commit(self._tell)
                self._pipeline = pipeline
                pipeline.run(self._stop)
            finally:
                writer.close()
        except Exception as error:  # noqa: BLE001 - whatever it is: the console must show it and live on
            self._failure = f"ingest stopped: {' '.join(str(error).split()) or type(error).__name__}"
            self._tell()

    def _stand_by(self) -> Writer | None:
        """Wait until nobody else ingests; None where this console is left before."""
        while not self._stop.is_set():
            try:
                writer = self._open()
            except LeaseHeldError as held:
                self._mode = f"attached: {held.holder} ingests"
                self._stop.wait(STANDBY)
            else:
                self._mode = ""
                return writer
        return None

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def stop(self) -> str:
        """End after the batch under way; answers what had gone wrong, "" for nothing."""
        self._stop.set()
        if self._pipeline is not None:
            self._pipeline.wake.set()
        self._thread.join(timeout=15)
        return self._failure
