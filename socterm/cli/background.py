"""The pipeline on a thread of its own, beside the console."""

from __future__ import annotations

import threading
from collections.abc import Callable

from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.status import IngestStatus


class Background:
    """Makes a pipeline (rules are loaded meanwhile, so that the first frame need not wait) and runs it."""

    def __init__(self, make: Callable[[], Pipeline], *, mode: str) -> None:
        self._make = make
        self._mode = mode
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
        mode = self._mode if self._failure else "loading rules"
        return IngestStatus(mode, 0.0, 0, 0, 0, 0, 0, 0, (), self._failure)

    def _run(self) -> None:
        try:
            pipeline = self._make()
            pipeline.on_commit(self._tell)
            self._pipeline = pipeline
            pipeline.run(self._stop)
        except Exception as error:  # noqa: BLE001 - whatever it is: the console must show it and live on
            self._failure = f"ingest stopped: {' '.join(str(error).split()) or type(error).__name__}"
            self._tell()

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
