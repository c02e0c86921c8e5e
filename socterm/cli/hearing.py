"""What takes long and can be stopped: Ctrl-C heard between two reads, and a line of progress on stderr."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from socterm.cli.bar import EVERY, possible

AFTER: Final = 1.0
"""Seconds from which on there is a line of progress."""

Count = Callable[[int, int, str], None]
"""(done, of, what was found so far)"""


class Interrupted:
    """Whether somebody has had enough; asked by calling it."""

    code = 130

    def __init__(self) -> None:
        self.seen = False

    def __call__(self) -> bool:
        """Whether to end."""
        return self.seen


@contextmanager
def heard() -> Iterator[Interrupted]:
    """The first Ctrl-C or SIGTERM asks to end in order, the next ends at once."""
    asked = Interrupted()
    before: dict[int, Any] = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _frame: FrameType | None) -> None:
        asked.seen = True
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def counted(what: str, *, quiet: bool = False) -> Iterator[Count]:
    """Show how far it is on a terminal, once it takes longer than a second; gone at the end."""
    shown, wanted, next_ = False, not quiet and possible(), time.monotonic() + AFTER

    def count(done: int, of: int, found: str) -> None:
        nonlocal shown, next_
        if not wanted or (now := time.monotonic()) < next_:
            return
        next_ = now + EVERY
        share = f"{done * 100 // of}%" if of else ""
        sys.stderr.write(f"\r\x1b[2K{done:,} of {of:,} {what}  {share}  {found}  (Ctrl-C stops)")
        sys.stderr.flush()
        shown = True

    try:
        yield count
    finally:
        if shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
