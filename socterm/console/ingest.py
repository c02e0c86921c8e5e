"""What the console asks of a running pipeline. It knows no more of it than this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class SourceNote(Protocol):
    """A source as the header names it; `note` is what the analyst should know ("waiting for the file")."""

    @property
    def name(self) -> str:
        """Its name, as given on the command line."""

    @property
    def note(self) -> str:
        """What is wrong with it; "" where nothing is."""


class IngestStatus(Protocol):
    """One look at the pipeline. `lag` is µs between the newest line's arrival and its commit."""

    @property
    def rate(self) -> float:
        """Events per second, lately."""

    @property
    def lag(self) -> int:
        """µs behind."""

    @property
    def backlog(self) -> int:
        """Lines read and not yet committed."""

    @property
    def lines(self) -> int:
        """Lines since the start."""

    @property
    def decoded(self) -> float:
        """Share of lines a parser understood, 0 to 1."""

    @property
    def drops(self) -> int:
        """Lines lost, for whatever reason."""

    @property
    def sources(self) -> tuple[SourceNote, ...]:
        """What is followed."""

    @property
    def error(self) -> str:
        """What keeps it from working now ("disk full, waiting"); "" for nothing."""

    @property
    def mode(self) -> str:
        """"ingesting", "attached to pid 123", "demo ×60"."""


@dataclass(frozen=True)
class Source:
    """A plain `SourceNote`."""

    name: str
    note: str = ""


@dataclass(frozen=True)
class Status:
    """A plain `IngestStatus`, for a pipeline that has none of its own."""

    rate: float = 0.0
    lag: int = 0
    backlog: int = 0
    lines: int = 0
    decoded: float = 1.0
    drops: int = 0
    sources: tuple[SourceNote, ...] = ()
    error: str = ""
    mode: str = "ingesting"


class Ingest(Protocol):
    """A pipeline running in this process. None in a console that is attached to another one's store."""

    def status(self) -> IngestStatus:
        """How it is doing; costs microseconds."""

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called, from the ingest thread, after each commit."""
