"""How far something is that takes more than a second: one line on stderr, gone when it is done."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Final

from socterm.cli.bar import possible

PATIENCE: Final = 1.0
"""Seconds that pass before anything is shown."""

EVERY: Final = 0.2


class Doing:
    """A line that says what is under way and how much of it is done; nothing where stderr is no terminal.

    Called with how much is done and how much there is, 0 where that is not known. Used as a context.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: Any = None
        self._task: Any = None
        self._next = time.monotonic() + PATIENCE
        self._wanted = possible()

    def __enter__(self) -> Doing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, whole: int) -> None:
        """Say how far it is; cheap, and mostly does nothing."""
        if not self._wanted or (now := time.monotonic()) < self._next:
            return
        self._next = now + EVERY
        if self._bar is None:
            self._bar = _made()
            self._bar.start()
            self._task = self._bar.add_task(self._what, total=None, number="")
        number = f"{done:,}" if done and not whole else ""
        self._bar.update(self._task, total=whole or None, completed=done, number=number)
        self._bar.refresh()


def _made() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[number]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
