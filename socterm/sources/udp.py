"""A syslog listener over UDP: one datagram is one line (RFC 5426, RFC 3164)."""

from __future__ import annotations

import os
import socket
import struct
import threading
from pathlib import Path
from typing import Any

from socterm.event import Chunk
from socterm.measures import QUEUES
from socterm.sources.address import bind, parse_address
from socterm.sources.base import Clock, Resume, SourceStats, Wake
from socterm.sources.datagrams import Datagram, Receiver, open_receiver
from socterm.sources.inbox import OVERHEAD, UNSTORED, Inbox

_QUEUE = 64 << 20

RECEIVE_BUFFER = 16 << 20
"""Bytes of kernel memory asked for: four tenths of a second at 100,000 datagrams a second, in which nobody
need come round to reading.
"""

_LAST = 256
"""Receives after the end, each of up to 257 datagrams: more than the buffer holds, and no more."""

_SO_RCVBUFFORCE = 33
_STOP_CHECK = struct.pack("@ll", 0, 200_000)
"""A blocking receive returns after 200 ms to see whether it should end."""


class UdpSource:
    """Listens where the URL says (`udp://127.0.0.1:5514`, `udp://[::1]:5514`; `udp://:5514` is loopback).

    Its sockets are bound at once, so that a taken port is an error at the start; a thread for each
    empties them from `start` on. Newlines inside a datagram stay; trailing newlines and NULs go.
    Cannot be resumed: what is sent while socterm is down is gone. Drops are counted in `stats`:
    "queue full" (64 MiB waiting for the pipeline), "kernel" (the socket's own buffer was full), "empty".
    """

    live = True

    def __init__(self, url: str, *, clock: Clock, resume: Resume = None, queue: int = _QUEUE) -> None:
        self._clock = clock
        self._limit = queue
        self._inbox = Inbox(resume[0] if resume else 0)
        address = parse_address(url)
        self._bound = bind(address)
        for one in self._bound:
            enlarge(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _STOP_CHECK)
        self.port: int = self._bound[0].getsockname()[1]
        self.name = address.name(self.port)
        self._ids = [(os.fstat(one.fileno()).st_ino, one.family) for one in self._bound]
        self._queue_full = 0
        self._empty = 0
        self._kernel = 0
        self._stop = False
        self._over = False
        self._putting = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, wake: Wake) -> None:
        """Begin receiving."""
        self._inbox.wake = wake
        QUEUES.watch(self.name, lambda: self._inbox.size)
        for one in self._bound:
            thread = threading.Thread(target=self._run, args=(one,), name=f"socterm-{self.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def read(self, limit: int) -> Chunk | None:
        """The datagrams that came, oldest first."""
        first, lines, senders = self._inbox.take(limit)
        if not lines:
            return None
        return Chunk(
            source=self.name, first=first, lines=lines, bookmark={}, now=self._clock(), ordered=False,
            senders=senders,
        )  # fmt: skip

    def bookmark(self) -> dict[str, Any] | None:
        """None: what came before its first line cannot be asked for again."""
        return None

    @property
    def done(self) -> bool:
        """True after `end`, when all is read: a listener never ends by itself."""
        return self._stop and not self._inbox

    def stats(self) -> SourceStats:
        """Drops by reason, and the datagrams waiting."""
        if not self._stop:
            self._kernel = self._dropped()
        counts = {
            "queue full": self._queue_full, "kernel": self._kernel, "empty": self._empty,
            UNSTORED: self._inbox.lost,
        }  # fmt: skip
        drops = {reason: count for reason, count in counts.items() if count}
        note = ""
        if self._over and not self._stop:
            note = "the listener has failed: start socterm anew"
        elif self._kernel:
            note = "the kernel dropped datagrams: raise its limit, sysctl -w net.core.rmem_max=16777216"
        return SourceStats(drops=drops, note=note, backlog=len(self._inbox))

    def end(self) -> None:
        """Stop listening; what is queued can still be read."""
        if self._stop:
            return
        self._stop = True
        for thread in self._threads:
            thread.join()
        self._kernel = self._dropped()
        for one in self._bound:
            one.close()

    def close(self) -> None:
        """Stop listening; what is queued and not read is gone, and counted."""
        QUEUES.forget(self.name)
        self.end()
        self._inbox.clear()

    def _dropped(self) -> int:
        return sum(kernel_drops(inode, family) for inode, family in self._ids) or self._kernel

    def _run(self, bound: socket.socket) -> None:
        try:
            self._receive(bound)
        finally:
            self._over = True

    def _receive(self, bound: socket.socket) -> None:
        receive: Receiver = open_receiver(bound)
        while not self._stop:
            if received := receive():
                self._keep(received)
        for _ in range(_LAST):
            if not (received := receive()):
                break
            self._keep(received)

    def _keep(self, received: list[Datagram]) -> None:
        with self._putting:
            self._put(received)

    def _put(self, received: list[Datagram]) -> None:
        room = left = self._limit - self._inbox.size
        lines, senders = [], []
        for datagram, sender in received:
            line = datagram.rstrip(b"\r\n\0")
            size = len(line) + OVERHEAD
            if not line:
                self._empty += 1
            elif size > left:
                self._queue_full += 1
            else:
                left -= size
                lines.append(line)
                senders.append(sender)
        self._inbox.put(lines, senders, room - left)


def kernel_drops(inode: int, family: int) -> int:
    """Datagrams the kernel dropped at one socket, from /proc/net/udp; 0 where that is not to be had."""
    table = Path("/proc/net/udp6" if family == socket.AF_INET6 else "/proc/net/udp")
    try:
        rows = table.read_text().splitlines()[1:]
    except OSError:
        return 0
    wanted = str(inode)
    for row in rows:
        cells = row.split()
        if cells[9] == wanted:
            return int(cells[12])
    return 0


def enlarge(made: socket.socket) -> None:
    """Ask for 16 MiB of receive buffer: more than the ordinary limit where this process may have it."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    try:
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        pass  # needs CAP_NET_ADMIN; the ordinary limit holds then and kernel drops are counted
