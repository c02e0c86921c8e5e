"""What the console asks of a running pipeline. It knows no more of it than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from socterm.pipeline.status import IngestStatus, SourceStatus

__all__ = ["LOADING", "Ingest", "IngestStatus", "SourceStatus"]

LOADING = "loading rules"
"""The mode of a pipeline that reads its rules and has opened no source yet."""


class Ingest(Protocol):
    """A pipeline running in this process. None in a console that is attached to another one's store."""

    def status(self) -> IngestStatus:
        """How it is doing; costs microseconds."""

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called, from the ingest thread, after each commit."""
