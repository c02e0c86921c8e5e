"""The thread of a listener for connections: takes them on, reads them in turn, ends those that must end."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from socterm.sources.base import LINE_LIMIT
from socterm.sources.peer import OVERSIZED, TORN, Frames, Peer
from socterm.sources.places import gives_way, origin, shown
from socterm.sources.tls import Certificates, Wire

TOO_MANY: Final = "too many peers"
IDLE: Final = "idle"
SLOW: Final = "slow handshake"
UNFINISHED: Final = "too much unfinished"
NO_DESCRIPTOR: Final = "no file descriptor"
CUT_OFF: Final = "cut at the end"

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that resets a connection when it is closed: its sender hears at once that nobody took it on."""

_KEEP_ALIVE: Final = ((socket.TCP_KEEPIDLE, 300), (socket.TCP_KEEPINTVL, 60), (socket.TCP_KEEPCNT, 5))
"""Seconds of quiet until the kernel asks, between two times that it asks, and how often it does in vain."""

_ACCEPTS: Final = 64
"""Connections taken on in one turn, so that those that are there are read in between."""

_LAST_TURNS: Final = 8
"""Turns of that at the end: more than can be waiting to be taken on, and no more."""


class Limits(msgspec.Struct, frozen=True):
    """What a listener bears: bytes of a frame, connections, bytes in memory, and seconds.

    `queue` waits for the pipeline: little, because what waits here is lost when socterm is killed, and what
    waits at its sender is not. `unfinished` is of all frames that are not whole yet. `idle` within one frame,
    or without one where others want the place; `handshake` for that of TLS; `quiet` and `leaving`, without
    and with bytes, of one that was told that we end. `tick` between two looks.
    """

    frame: int = LINE_LIMIT
    peers: int = 256
    queue: int = 8 << 20
    unfinished: int = 64 << 20
    idle: float = 600.0
    handshake: float = 10.0
    quiet: float = 0.5
    leaving: float = 5.0
    tick: float = 1.0


class Peers:
    """All senders of one listener. `run` is its thread: until `end` and all have ended, or until `close`.

    `keep` takes frames and says whether there is room for more: where there is none, no connection is read
    until `resume`.
    `drops` counts what was lost or refused, by reason; `first` names the first sender of each reason.
    """

    def __init__(
        self,
        bound: Sequence[socket.socket],
        certificates: Certificates | None,
        limits: Limits,
        keep: Callable[[Frames, str], bool],
    ) -> None:
        self._bound = bound
        self._certificates = certificates
        self._limits = limits
        self._keep = keep
        self._selector = selectors.DefaultSelector()
        self._peers: set[Peer] = set()
        self._held = 0
        self._reading = True
        self._stopped = 0.0
        self._deaf_until = 0.0
        self._ending = self._parting = self._stop = False
        self._heard, self._poke = socket.socketpair()
        self._poking = threading.Lock()
        self.drops: dict[str, int] = {}
        self.first: dict[str, str] = {}
        self.over = False
        for one in bound:
            one.setblocking(False)
        self._heard.setblocking(False)
        self._poke.setblocking(False)

    @property
    def count(self) -> int:
        """Connections now."""
        return len(self._peers)

    # -- for other threads

    def resume(self) -> None:
        """There is room again."""
        self._wake()

    def end(self) -> None:
        """Take on nobody, tell all that we end, read what they sent until then."""
        self._ending = True
        self._wake()

    def close(self) -> None:
        """End at once."""
        self._stop = True
        self._wake()

    def _wake(self) -> None:
        with self._poking, contextlib.suppress(OSError):  # full: it will wake anyhow; closed: it has ended
            self._poke.send(b"x")

    # -- the thread

    def run(self) -> None:
        """Serve; returns at the end, with every connection closed."""
        self._selector.register(self._heard, selectors.EVENT_READ, self._hear)
        self._listen()
        looked = time.monotonic()
        try:
            while not self._stop and not (self._parting and not self._peers):
                if self._ending and not self._parting:
                    self._begin_end()
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                now = time.monotonic()
                if self._reading and now - looked >= self._patience():
                    looked = now
                    self._look(now)
        finally:
            self.shut()

    def shut(self) -> None:
        """Let go of all sockets; only in the thread, or where it never ran."""
        for peer in list(self._peers):
            peer.end(CUT_OFF)
            self._close(peer)
        for one in self._bound:
            one.close()
        self._selector.close()
        with self._poking:
            self._poke.close()
        self._heard.close()
        self.over = True

    def _patience(self) -> float:
        return min(self._limits.tick, self._limits.quiet / 4) if self._parting else self._limits.tick

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._heard.recv(4096):
                pass
        if not self._reading and self._keep(Frames(), ""):
            self._read_again()

    def _listen(self) -> None:
        for number, one in enumerate(self._bound):
            self._selector.register(one, selectors.EVENT_READ, partial(self._accept, number))

    def _listen_no_more(self) -> None:
        for one in self._bound:
            self._selector.unregister(one)

    def _accept(self, number: int) -> None:
        if self._deaf_until:
            return  # it became so in this very turn
        for _ in range(_ACCEPTS):
            try:
                made, place = self._bound[number].accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                # No descriptor is free: it would be told again at once, so nobody is taken on for a moment.
                self._drop(NO_DESCRIPTOR, "")
                self._listen_no_more()
                self._deaf_until = time.monotonic() + self._limits.tick
                return
            self._take_on(made, shown(place[0]))

    def _take_on(self, made: socket.socket, address: str) -> None:
        if not self._has_place(address):
            with contextlib.suppress(OSError):
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            made.close()
            self._drop(TOO_MANY, address)
            return
        made.setblocking(False)
        _keep_alive(made)
        wire = Wire(self._certificates.context()) if self._certificates else None
        peer = Peer(
            made, address, now=time.monotonic(), limit=self._limits.frame, wire=wire, origin=origin(address)
        )
        self._peers.add(peer)
        if self._reading:
            self._register(peer)

    def _has_place(self, address: str) -> bool:
        """Whether one more can be taken on, perhaps in another's place.

        Those that were told to go have none any more, and are soon gone; there are never more of them.
        """
        most = self._limits.peers
        if sum(not peer.parted for peer in self._peers) < most:
            return len(self._peers) < 2 * most
        now = time.monotonic()
        peer = gives_way(self._peers, origin(address), now - self._limits.idle)
        if peer is None or len(self._peers) >= 2 * most:
            return False
        self._drop(IDLE if now - peer.framed > self._limits.idle else TOO_MANY, peer.address)
        peer.part(now)
        return True

    def _register(self, peer: Peer) -> None:
        self._selector.register(peer.socket, selectors.EVENT_READ, lambda: self._read(peer))

    def _read(self, peer: Peer) -> None:
        if not self._reading or peer not in self._peers:
            return  # the queue was filled, or the connection closed, in this very turn
        before = peer.held
        frames = peer.take(time.monotonic())
        self._held += peer.held - before
        for _ in frames.lengths:
            self._drop(OVERSIZED, peer.address)
        room = self._keep(frames, peer.address) if frames.lines else True
        if peer.over:
            self._close(peer)
        elif self._held > self._limits.unfinished:
            most = max(self._peers, key=lambda one: one.held)
            most.end(UNFINISHED)
            self._close(most)
        if not room:
            self._read_no_more()

    def _close(self, peer: Peer) -> None:
        """Let go of a connection, and count what that loses."""
        self._held -= peer.held
        self._peers.discard(peer)
        with contextlib.suppress(KeyError, ValueError):  # not registered while nothing is read
            self._selector.unregister(peer.socket)
        peer.socket.close()
        if peer.torn:
            self._drop(TORN, peer.address)
        if peer.reason:
            self._drop(peer.reason, peer.address)

    def _drop(self, reason: str, address: str) -> None:
        self.drops[reason] = self.drops.get(reason, 0) + 1
        self.first.setdefault(reason, address)

    # -- while the queue is full

    def _read_no_more(self) -> None:
        """Leave what comes to the kernel: its buffers fill, and senders wait."""
        self._reading = False
        self._stopped = time.monotonic()
        for peer in self._peers:
            self._selector.unregister(peer.socket)

    def _read_again(self) -> None:
        """Read again. The time without reading was ours, not theirs."""
        self._reading = True
        ours = time.monotonic() - self._stopped
        for peer in self._peers:
            peer.later(ours)
            self._register(peer)

    # -- times

    def _look(self, now: float) -> None:
        """End those whose time is over."""
        limits = self._limits
        if self._deaf_until and now >= self._deaf_until and not self._parting:
            self._deaf_until = 0.0
            self._listen()
        for peer in list(self._peers):
            if peer.handshaking and now - peer.since > limits.handshake:
                peer.end(SLOW)
            elif peer.parted or (self._parting and peer.handshaking):
                if now - peer.heard > limits.quiet:
                    peer.end()
                elif now - peer.told > limits.leaving:
                    peer.end(CUT_OFF if self._parting else "")
            elif peer.torn and now - peer.framed > limits.idle:
                self._drop(IDLE, peer.address)
                peer.part(now)
            elif self._parting and not peer.handshaking:
                peer.part(now)
            if peer.over:
                self._close(peer)

    def _begin_end(self) -> None:
        """Take on who has connected already, then nobody; tell all."""
        for _ in range(_LAST_TURNS):
            for number in range(len(self._bound)):
                self._accept(number)
        if not self._deaf_until:
            self._listen_no_more()
        for one in self._bound:
            one.close()
        self._parting = True
        now = time.monotonic()
        for peer in self._peers:
            peer.heard = now
            if not peer.handshaking:
                peer.part(now)


def _keep_alive(made: socket.socket) -> None:
    """Have the kernel find out whose machine has gone, and firewalls in between remember the connection.

    Senders are not ended for being quiet: most do not look before they write, and would lose what they have
    to say after a quiet night.
    """
    with contextlib.suppress(OSError):  # it has gone already: reading it says so
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
