"""A syslog listener over TCP and TLS: frames of many senders become lines (RFC 6587, RFC 5425)."""

from __future__ import annotations

import threading
from itertools import repeat
from typing import Any, Final

from socterm.event import Chunk
from socterm.measures import QUEUES
from socterm.sources.address import bind, parse_address
from socterm.sources.base import Clock, Resume, SourceStats, Wake
from socterm.sources.inbox import OVERHEAD, UNSTORED, Inbox
from socterm.sources.peer import NO_FRAME, OVERSIZED, TLS_HERE, TORN, Frames
from socterm.sources.peers import IDLE, NO_DESCRIPTOR, SLOW, TOO_MANY, UNFINISHED, Limits, Peers
from socterm.sources.places import without_interface
from socterm.sources.tls import (
    BAD_CERTIFICATE,
    HANDSHAKE,
    NO_CERTIFICATE,
    NOT_TLS,
    OLD_TLS,
    OURS_REFUSED,
    Certificates,
)

_REMEDIES: Final = {
    TOO_MANY: "more senders than {peers} at once: let a relay collect some of them",
    NO_DESCRIPTOR: "no file descriptor is free: raise the limit, LimitNOFILE= of the service or ulimit -n",
    OURS_REFUSED: "a sender does not trust listen.cert: give it the certificate of its CA",
    NO_CERTIFICATE: "a sender shows no certificate: give it one of listen.client_ca",
    BAD_CERTIFICATE: "a sender's certificate is not of listen.client_ca, expired, or not for clients",
    NOT_TLS: "a sender speaks plain syslog here: have it use TLS, or listen with tcp://",
    TLS_HERE: "a sender speaks TLS here: listen with tls://",
    OLD_TLS: "a sender offers nothing newer than TLS 1.1",
    HANDSHAKE: "a sender's TLS handshake failed",
    SLOW: "a sender did not end its TLS handshake within {handshake:g} s",
    NO_FRAME: "a sender counts octets wrongly and was cut off: have it send a line each",
    UNFINISHED: "senders left more unfinished than fits into memory: the one with most was cut off",
    OVERSIZED: "",
    TORN: "",
    IDLE: "",
}
"""What a person can do about a reason; what needs nobody has none. The gravest first: it is the one told."""


class TcpSource:
    """Listens where the URL says (`tcp://127.0.0.1:5514`, `tls://[::1]:6514`; `tcp://:5514` is loopback).

    The socket is bound at once, so that a taken port is an error at the start; a thread of its own reads all
    senders from `start` on. `certificates` make it TLS. When 8 MiB wait for the pipeline nobody is read any
    more: the senders wait, and nothing is dropped. Cannot be resumed: what socterm had taken and not stored
    when it was killed is gone; when it is ended, all of it is stored. Everything that is lost, cut or
    refused is counted in `stats` by reason.
    """

    live = True

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        resume: Resume = None,
        certificates: Certificates | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._inbox = Inbox(resume[0] if resume else 0)
        address = parse_address(url)
        bound = bind(address)
        self.port: int = bound[0].getsockname()[1]
        self.name = address.name(self.port)
        self._lengths: dict[int, int] = {}
        """The full length of lines that were cut, by position."""
        self._next = self._inbox.position
        self._full = False
        self._empty = 0
        self._ended = False
        self._certificates = certificates
        self._peers = Peers(bound, certificates, self._limits, self._keep)
        self._thread: threading.Thread | None = None

    def start(self, wake: Wake) -> None:
        """Begin listening."""
        self._inbox.wake = wake
        QUEUES.watch(self.name, lambda: self._inbox.size)
        self._thread = threading.Thread(target=self._run, name=f"socterm-{self.name}", daemon=True)
        self._thread.start()

    def read(self, limit: int) -> Chunk | None:
        """The frames that came, oldest first; each sender's in its order."""
        first, lines, senders = self._inbox.take(limit)
        if self._full and self._inbox.size <= self._limits.queue // 2:
            self._full = False
            self._peers.resume()
        if not lines:
            return None
        notes: dict[int, dict[str, Any]] = {}
        if self._lengths:
            for at in [at for at in list(self._lengths) if at < self._inbox.position]:
                notes[at - first] = {"cut": self._lengths.pop(at)}
        return Chunk(
            source=self.name, first=first, lines=lines, bookmark={}, now=self._clock(), ordered=False,
            notes=notes, senders=senders,
        )  # fmt: skip

    def bookmark(self) -> dict[str, Any] | None:
        """None: what came before its first line cannot be asked for again."""
        return None

    @property
    def done(self) -> bool:
        """True after `end` or `close`, when all senders have gone and all is read."""
        return self._peers.over and not self._inbox

    def stats(self) -> SourceStats:
        """What was lost or refused by reason, what to do about it, and the lines waiting."""
        drops = dict(self._peers.drops)
        if self._empty:
            drops["empty"] = self._empty
        if self._inbox.lost:
            drops[UNSTORED] = self._inbox.lost
        return SourceStats(drops=drops, note=self._note(drops), backlog=len(self._inbox))

    def end(self) -> None:
        """Take on nobody and tell the senders; what they send until they know is still read."""
        if not self._ended:
            self._ended = True
            if self._thread is None:
                self._peers.shut()
            else:
                self._peers.end()

    def close(self) -> None:
        """End at once; what is queued and not read is gone, and counted."""
        QUEUES.forget(self.name)
        self.end()
        if self._thread is not None:
            self._peers.close()
            self._thread.join()
        self._inbox.clear()

    def _run(self) -> None:
        try:
            self._peers.run()
        finally:
            self._inbox.wake()

    def _keep(self, frames: Frames, sender: str) -> bool:
        """Queue frames of a sender; whether there is room for more. In the thread of the listener."""
        lines: list[bytes] = []
        for index, frame in enumerate(frames.lines):
            line = frame.rstrip(b"\r\n\0")
            if not line:
                self._empty += 1
                continue
            if index in frames.lengths:
                self._lengths[self._next] = frames.lengths[index]
            self._next += 1
            lines.append(line)
        if frames.lines:
            self._inbox.put(
                lines,
                repeat(without_interface(sender), len(lines)),
                sum(map(len, lines)) + OVERHEAD * len(lines),
            )
        room = self._inbox.size < self._limits.queue
        self._full = self._full or not room
        return room

    def _note(self, drops: dict[str, int]) -> str:
        if self._peers.over and not self._ended:
            return "the listener has failed: start socterm anew"
        certificates, now = self._certificates, self._clock()
        if certificates is not None and (said := certificates.trouble or certificates.invalid(now)):
            return said
        for reason, remedy in _REMEDIES.items():
            if remedy and reason in drops:
                said = remedy.format(peers=self._limits.peers, handshake=self._limits.handshake)
                first = self._peers.first.get(reason)
                return f"{said} (first from {first})" if first else said
        return certificates.ending(now) if certificates is not None else ""
