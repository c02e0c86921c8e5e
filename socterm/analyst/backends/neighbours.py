"""The queue's neighbours: other processes of the same person that ask the same server.

Ingest triages in a process of its own, and a person asks in the console or on the command line. Two files
with locks tell them of each other: `served` is held by whoever is served, `wanted` by all who wait for an
answer. The kernel takes a lock from a process that died.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from socterm.analyst.backend import Cancelled, Wish

_POLL = 0.03


class Neighbours:
    """Whoever asks the server at `address`; where the files cannot be made nobody is known of."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._name = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:16]

    def wanted(self) -> bool:
        """Whether somebody is waiting for an answer."""
        with self._file("wanted") as file:
            return file is not None and not _locked(file, fcntl.LOCK_EX)

    @contextlib.contextmanager
    def served(self, cancel: Wish, *, urgent: bool) -> Iterator[None]:
        """Wait until no neighbour is served, then be it. Raises Cancelled while waiting.

        `urgent` are those somebody waits for: the others let them go first.
        """
        with self._file("served") as place:
            if place is None:
                yield
                return
            with self._file("wanted") as mark:
                if urgent and mark is not None:
                    _locked(mark, fcntl.LOCK_SH)
                while (not urgent and self.wanted()) or not _locked(place, fcntl.LOCK_EX):
                    if cancel.is_set():
                        raise Cancelled
                    time.sleep(_POLL)
            yield

    @contextlib.contextmanager
    def _file(self, kind: str) -> Iterator[int | None]:
        """An open file of that kind; closing it gives its lock back."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(self._folder / f"{self._name}.{kind}", flags, 0o600)
        except OSError:  # a home that cannot be written: the queue is then this process's alone
            yield None
            return
        try:
            yield file
        finally:
            os.close(file)


def _locked(file: int, kind: int) -> bool:
    """Take a lock now; False where somebody holds one that excludes it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
