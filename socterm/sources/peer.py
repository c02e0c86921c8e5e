"""One sender's connection: from its bytes to frames, and how it ends."""

from __future__ import annotations

import socket
from typing import Final

import msgspec

from socterm.sources.base import BLOCK
from socterm.sources.framing import Framer
from socterm.sources.tls import BROKEN, HANDSHAKE, Wire

TORN: Final = "torn"
OVERSIZED: Final = "oversized"
NO_FRAME: Final = "not octet-counted"
TLS_HERE: Final = "TLS sent to tcp://"

_HELLO: Final = b"\x16\x03"
"""How TLS begins: a record with a handshake in it."""

_UNSENT: Final = 64 << 10
"""Bytes of TLS answers that a sender may leave unread; a handshake takes a tenth of it."""


class Frames(msgspec.Struct):
    """What one read of a connection gave, and the full lengths of those that were cut, by index."""

    lines: list[bytes] = []
    lengths: dict[int, int] = {}


class Peer:
    """A connection with its framing, and TLS where there is a `wire`.

    `over` when it is to be closed; then `reason` says what to count, "" where it ended as it should. Times
    are seconds of a clock that never goes back: `heard` is when bytes came, `framed` when a whole frame did,
    `told` when the sender was told that we end. `origin` is whom it counts for, `brought` whether a
    frame ever came.
    """

    def __init__(
        self,
        made: socket.socket,
        address: str,
        *,
        now: float,
        limit: int,
        wire: Wire | None = None,
        origin: str = "",
    ) -> None:
        self.socket = made
        self.address = address
        self.origin = origin
        self.since = self.heard = self.framed = self.told = now
        self.brought = False
        self.parted = False
        self.over = False
        self.reason = ""
        self._wire = wire
        self._unsent = b""
        self._silent = True
        self._framer = Framer(limit=limit, trim=True)

    @property
    def handshaking(self) -> bool:
        """Whether no text can come yet."""
        return self._wire is not None and not self._wire.established

    @property
    def held(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return self._framer.held

    @property
    def torn(self) -> bool:
        """Whether closing it now cuts a frame off."""
        return self._framer.partial

    def take(self, now: float) -> Frames:
        """Read once, without waiting; the frames that are whole now."""
        try:
            block = self.socket.recv(BLOCK)
        except (BlockingIOError, InterruptedError):
            return Frames()
        except OSError:
            self.end()  # reset by the sender, or by the network
            return Frames()
        self.heard = now
        if not block:
            return self._ended()
        text = self._untangled(self._wire, block) if self._wire else block
        first, self._silent = self._silent, False
        if first and self._wire is None and block.startswith(_HELLO):
            self.end(TLS_HERE)
            return Frames()
        lines = self._framer.feed(text) if text else []
        found = Frames(lines, self._framer.lengths)
        if lines:
            self.framed = now
            self.brought = True
        if self._framer.error:
            self.end(NO_FRAME)
        elif self._wire and self._wire.ended and not self.over:
            last = self._framer.finish()
            found = Frames([*lines, *last], found.lengths | self._shifted(len(lines)))
            self.end()
        return found

    def part(self, now: float) -> None:
        """Say that we shall read no more than what is under way: a sender that looks sees it.

        With TLS, too, only the connection's own end is sent, no goodbye of TLS: see `tls.server_context`.
        """
        self.parted = True
        self.told = now
        try:
            # As of the plain socket: that of a class for TLS would drop its state here.
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has gone already; the next read says so

    def later(self, seconds: float) -> None:
        """Leave out of account so long a time, in which nobody was read."""
        self.since += seconds
        self.heard += seconds
        self.framed += seconds
        self.told += seconds

    def end(self, reason: str = "") -> None:
        """Decide that it is to be closed."""
        if not self.over:
            self.over = True
            self.reason = reason

    def _ended(self) -> Frames:
        """The sender closed its side: a line needs no newline then, unless TLS was cut off."""
        lines: list[bytes] = []
        if self._wire is None:
            lines = self._framer.finish()
        # Who only looks whether the port is open has not failed at anything.
        self.end(HANDSHAKE if self.handshaking and not self._silent else "")
        return Frames(lines, self._framer.lengths)

    def _shifted(self, by: int) -> dict[int, int]:
        return {at + by: length for at, length in self._framer.lengths.items()}

    def _untangled(self, wire: Wire, block: bytes) -> bytes:
        text = wire.feed(block)
        self._unsent += wire.answer()
        if self._unsent:
            try:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
            except (BlockingIOError, InterruptedError):
                pass  # with the next bytes that come, or never
            except OSError:
                self._unsent = b""  # reading goes on: what it sent before it went is there
        if wire.failed:
            self.end(wire.failed)
        elif len(self._unsent) > _UNSENT:
            self.end(BROKEN)
        return text
