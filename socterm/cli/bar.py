"""How far a scan is: one line on stderr that is gone when anything else is written.

It is drawn by the scan itself, now and then, so that no thread competes with it, and it holds numbers only.
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from socterm.pipeline.scan import Progress

EVERY: Final = 0.2
"""Seconds between two looks of the line."""


class Bar:
    """Shows what is under way; does nothing where it is not `wanted`. Used as a context."""

    def __init__(self, *, wanted: bool) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._next = 0.0
        self._started = 0.0
        if wanted:
            self._bar = _made()

    def __enter__(self) -> Bar:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def say(self, what: str) -> None:
        """Something whose length nobody knows is under way."""
        if self._bar is not None:
            self._restart(what, None)
            self._draw()

    def begin(self, total: int) -> None:
        """Reading begins: so many bytes, 0 where that is not known."""
        if self._bar is not None:
            self._restart("scanning", total or None)
            self._started = time.monotonic()
            self._next = 0.0

    def show(self, progress: Progress, found: int) -> None:
        """Where it stands; cheap, and mostly does nothing."""
        if self._bar is None or (now := time.monotonic()) < self._next:
            return
        rate = progress.events / max(0.001, now - self._started)
        self._bar.update(self._task, completed=progress.bytes_read, rate=f"{rate:,.0f}", found=f"{found:,}")
        self._draw()

    def stop(self) -> None:
        """Take the line away; the terminal is as it was."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _restart(self, what: str, total: int | None) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=total, rate="0", found="0")

    def _draw(self) -> None:
        self._bar.refresh()
        self._next = time.monotonic() + EVERY


def possible() -> bool:
    """Whether stderr is a terminal that can take a line back."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _made() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rate]} events/s"),
        TextColumn("{task.fields[found]} found"),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
