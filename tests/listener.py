"""A started listener for connections, its senders, and what came of them."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

from socterm.event import Chunk
from socterm.sources.base import Resume
from socterm.sources.peers import Limits
from socterm.sources.tcp import TcpSource

NOW = 1_790_000_000_000_000
QUICK = Limits(quiet=0.05, tick=0.02)


class Listener:
    """A started source, its senders, and what came."""

    def __init__(
        self,
        url: str = "tcp://127.0.0.1:0",
        limits: Limits = QUICK,
        resume: Resume = None,
        now: int = NOW,
        **options: object,
    ) -> None:
        self.now = now
        self.source = TcpSource(url, clock=lambda: self.now, limits=limits, resume=resume, **options)  # type: ignore[arg-type]
        self.woken = threading.Semaphore(0)
        self.place = ("::1" if "::1" in url else "127.0.0.1", self.source.port)
        self.came: list[bytes] = []
        self.chunks: list[Chunk] = []
        self.senders: list[socket.socket] = []

    def start(self) -> Listener:
        self.source.start(self.woken.release)
        return self

    def sender(self, *blocks: bytes, origin: str = "") -> socket.socket:
        """A connection that has sent these; `origin` is the address it comes from."""
        made = socket.create_connection(
            self.place, timeout=60, source_address=(origin, 0) if origin else None
        )
        self.senders.append(made)
        for block in blocks:
            made.sendall(block)
        return made

    def take(self, limit: int = 1000) -> bool:
        chunk = self.source.read(limit)
        if chunk:
            self.chunks.append(chunk)
            self.came += chunk.lines
        return chunk is not None

    def lines(self, count: int) -> list[bytes]:
        """The first `count` lines that come; more is an error."""
        while len(self.came) < count:
            if not self.take():
                assert self.woken.acquire(timeout=60), f"{len(self.came)} of {count}"
        assert len(self.came) == count
        return self.came

    def drops(self, **counts: int) -> None:
        """Wait until exactly these drops are counted."""
        wanted = {reason.replace("_", " "): count for reason, count in counts.items()}
        until(lambda: self.source.stats().drops == wanted, lambda: f"{self.source.stats()} not {wanted}")

    def finish(self) -> list[bytes]:
        """End it as the pipeline does, and read the rest."""
        self.source.end()
        while not self.source.done:
            if not self.take():
                assert self.woken.acquire(timeout=60)
        return self.came

    def close(self) -> None:
        self.source.close()
        for sender in self.senders:
            sender.close()


def until(holds: Callable[[], bool], what: Callable[[], str]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what()
        os.sched_yield()
