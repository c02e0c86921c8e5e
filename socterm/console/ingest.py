"""What the console asks of a running pipeline. It knows no more of it than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from socterm.pipeline.status import LOADING, IngestStatus, SourceStatus

__all__ = ["LOADING", "Ingest", "IngestStatus", "SourceStatus", "of_its_own"]


def of_its_own(status: IngestStatus | None) -> bool:
    """Whether a pipeline reads for this console; where another process does, it has no sources to tell of."""
    return status is not None and bool(status.sources)


class Ingest(Protocol):
    """A pipeline that runs for this console. None where the console only looks at a store."""

    def status(self) -> IngestStatus:
        """How it is doing; costs microseconds."""

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called, from a thread that is not the console's, after each commit."""
