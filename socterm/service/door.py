"""Who may stand in the door: so many connections, none that only stands there, none that takes nothing.

A service that waits for everybody can be kept from everybody: by sockets that say nothing, that say it letter
by letter, or that do not take what they asked for. All of them count against `AT_ONCE`, and against the files
that the ingest in this process may open; so the door counts them itself, from before TLS has begun.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Collection
from typing import Any, Final, NamedTuple

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from socterm.measures import CUT
from socterm.service.frame.asgi import subscriber

AT_ONCE: Final = 256
"""Connections at a time."""

HEADERS: Final = 10.0
"""Seconds until the head of a request is there, from the connection or the answer before."""

UNTAKEN: Final = 60_000
"""Milliseconds that a peer may leave what it was sent lying, where the system can tell (Linux)."""


class Guest(H11Protocol):
    """HTTP/1.1 that waits `HEADERS` seconds for a request and no longer."""

    _timer: asyncio.TimerHandle | None = None
    _upgraded = False

    @property
    def waiting(self) -> bool:
        """Whether it is the other side's turn: to ask, or to go on with its body."""
        if self._upgraded:
            return False
        if self._between:
            return not self.transport.get_write_buffer_size()
        return self.cycle.more_body and not self.cycle.response_started and not self.flow.read_paused

    @property
    def _between(self) -> bool:
        """Whether no request is being worked on."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """From now on the time runs."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """A part of a head does not make the time longer."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """It runs for the next request."""
        super().on_response_complete()
        self._look()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """A web socket has pings instead."""
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._stop()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self._upgraded or not self._between:
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(HEADERS, self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            CUT.add("slow")
            self.transport.close()


class _Open(NamedTuple):
    """A connection that was taken, and whose it is."""

    socket: socket.socket
    who: str


class Door(socket.socket):
    """A listening socket that keeps count of what it took.

    Where `AT_ONCE` are open it cuts the one that was waited for longest, of whoever has most of those; where
    all are at work, the new one. `guests` are the protocols of those that are through TLS.
    """

    guests: Collection[Any] = ()

    def __init__(self, family: int) -> None:
        # The protocol is named, or asyncio leaves Nagle's algorithm on and answers wait 40 ms for an ACK.
        super().__init__(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._open: dict[int, _Open] = {}

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection; one that is turned away comes with its end."""
        taken, address = super().accept()
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNTAKEN)
        self._open = {number: one for number, one in self._open.items() if one.socket.fileno() == number}
        self._open[taken.fileno()] = _Open(taken, subscriber(str(address[0])))
        if len(self._open) > AT_ONCE:
            self._cut(self._idlest() or taken.fileno())
        return taken, address

    def _idlest(self) -> int | None:
        """The one to make room, but for the newest; None where all are at work."""
        at_work = {_number(guest) for guest in self.guests if not getattr(guest, "waiting", False)}
        idle = [(number, one.who) for number, one in self._open.items() if number not in at_work][:-1]
        of_whom = Counter(who for _, who in idle)
        return max(idle, key=lambda one: of_whom[one[1]])[0] if idle else None

    def _cut(self, number: int) -> None:
        CUT.add("full")
        try:
            self._open.pop(number).socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it went by itself


def _number(guest: Any) -> int:
    found = guest.transport.get_extra_info("socket")
    return -1 if found is None else int(found.fileno())
