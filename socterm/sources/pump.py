"""A thread that moves bytes from a pipe into memory, no more than a bounded amount ahead of the reader."""

from __future__ import annotations

import os
import select
import threading
from collections import deque

from socterm.sources.base import Wake

_BLOCK = 64 << 10
_AHEAD = 8 << 20
"""Bytes read ahead at most; beyond it the pipe fills and its writer waits."""


class Pump:
    """Reads a file descriptor until its end. The descriptor stays the caller's to close.

    `wake` is called when bytes came after the reader had found nothing, and at the end.
    """

    def __init__(self, fd: int, wake: Wake, name: str, *, ahead: int = _AHEAD) -> None:
        self._fd = fd
        self._wake = wake
        self._ahead = ahead
        self._blocks: deque[bytes] = deque()
        self._held = 0
        self._room = threading.Condition()
        self._ended = False
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin reading."""
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the end was reached and every block taken."""
        return self._ended and not self._blocks

    @property
    def held(self) -> int:
        """Bytes read and not taken yet."""
        return self._held

    def take(self) -> bytes:
        """The next block, b"" when there is none now."""
        with self._room:
            if not self._blocks:
                return b""
            block = self._blocks.popleft()
            self._held -= len(block)
            self._room.notify()
        return block

    def close(self) -> None:
        """Stop reading; returns when the thread has ended."""
        with self._room:
            self._ended = True
            self._blocks.clear()
            self._held = 0
            self._room.notify()
        if self._thread.ident is not None:
            os.write(self._stop_write, b"x")
            self._thread.join()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(self._stop_read, select.POLLIN)
        while self._wait_for_room():
            ready = dict(poll.poll())
            if self._stop_read in ready:
                break
            block = _read(self._fd)
            if block is None:
                continue
            if not block:
                break
            with self._room:
                self._blocks.append(block)
                self._held += len(block)
            self._wake()
        with self._room:
            self._ended = True
        self._wake()

    def _wait_for_room(self) -> bool:
        with self._room:
            self._room.wait_for(lambda: self._ended or self._held < self._ahead)
            return not self._ended


def _read(fd: int) -> bytes | None:
    """The next bytes; b"" at the end, None when another holder of the pipe took them first."""
    try:
        return os.read(fd, _BLOCK)
    except BlockingIOError:
        return None
    except OSError:
        return b""  # a terminal that hung up: the end
