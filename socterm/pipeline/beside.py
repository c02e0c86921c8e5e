"""What runs beside the ingest thread, in threads of its own, and never in its way."""

from __future__ import annotations

from typing import Protocol


class Beside(Protocol):
    """Looks at the store, or at the ingest itself, and does something about it."""

    note: str
    """One line that a person should know, "" where all is well; read from any thread."""

    def start(self) -> None:
        """Begin, in a thread of its own."""

    def close(self) -> None:
        """End, and wait for the end."""
