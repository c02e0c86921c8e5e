"""What signals mean to a headless run: SIGTERM and SIGINT end it, SIGHUP has it read its settings anew."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType


def on_signals(stop: Callable[[], None], renew: Callable[[], None]) -> None:
    """A thread of its own calls `stop`, once, and `renew`, as often as it is asked for before.

    A handler runs within whatever this thread is at, also while it holds the lock of an event that is to be
    set: to set that one there would wait for ever. Only putting into a `SimpleQueue` is safe there.
    """
    heard: SimpleQueue[int] = SimpleQueue()

    def handler(signum: int, _frame: FrameType | None) -> None:
        heard.put(signum)

    def listen() -> None:
        while heard.get() == signal.SIGHUP and not has_terminal():
            renew()
        stop()

    threading.Thread(target=listen, name="socterm-signals", daemon=True).start()
    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup(1) wants none of it
        signal.signal(signal.SIGHUP, handler)


def has_terminal() -> bool:
    """Whether somebody sits before it: to them SIGHUP says that their terminal is gone."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
