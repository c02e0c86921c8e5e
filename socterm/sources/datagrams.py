"""Taking datagrams off a socket, many at a time where the C library can.

While another thread computes, a thread that lets go of Python's lock for each datagram gets it back
only every switch interval: a thousand datagrams a second. So the first one is waited for without the
lock, and what else the kernel holds is fetched with recvmmsg(2) in one call that keeps it.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from functools import lru_cache

from socterm.sources.places import shown, without_interface

Datagram = tuple[bytes, str]
"""What was sent, and the address it came from."""

Receiver = Callable[[], list[Datagram]]
"""Waits for datagrams (as long as the socket's SO_RCVTIMEO) and returns those that came, perhaps none."""

_SLOTS = 256
_SLOT = 65_536
"""Room for the largest datagram there is, so that none is cut."""

_NAME = 28
"""Room for an IPv6 socket address."""

_ADDRESS_IN = {socket.AF_INET: slice(4, 8), socket.AF_INET6: slice(8, 24)}
"""Where the address stands in a socket address (ip(7), ipv6(7))."""

_MSG_DONTWAIT = 0x40


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("size", ctypes.c_uint32))


def open_receiver(source: socket.socket, *, batches: bool = True) -> Receiver:
    """The fastest receiver this system has for a bound socket; one by one without `batches`."""
    one = _one_by_one(source)
    if not batches:
        return one
    try:
        recvmmsg = ctypes.PyDLL(None).recvmmsg
    except (OSError, AttributeError):
        return one
    return _Batches(source, one, recvmmsg).receive


def _one_by_one(source: socket.socket) -> Receiver:
    buffer = bytearray(_SLOT)
    view = memoryview(buffer)

    def receive() -> list[Datagram]:
        try:
            size, place = source.recvfrom_into(buffer)
            return [(bytes(view[:size]), shown(without_interface(place[0])))]
        except OSError:
            return []  # nothing came in time, or an ICMP error of no concern to a listener

    return receive


class _Batches:
    """Slots for recvmmsg; it holds every piece of memory that the call's structures point to."""

    def __init__(self, source: socket.socket, first: Receiver, recvmmsg: Callable[..., int]) -> None:
        self._handle = source.fileno()
        self._first = first
        self._recvmmsg = recvmmsg
        self._pool = ctypes.create_string_buffer(_SLOTS * _SLOT)
        self._view = memoryview(self._pool).cast("B")
        self._vectors = (_Iovec * _SLOTS)()
        self._messages = (_Message * _SLOTS)()
        self._family = source.family
        self._names = ctypes.create_string_buffer(_SLOTS * _NAME)
        places = memoryview(self._names).cast("B")
        inside = _ADDRESS_IN[source.family]
        self._places = [
            places[slot * _NAME + inside.start : slot * _NAME + inside.stop] for slot in range(_SLOTS)
        ]
        base, names = ctypes.addressof(self._pool), ctypes.addressof(self._names)
        vectors = ctypes.addressof(self._vectors)
        for slot, message in enumerate(self._messages):
            self._vectors[slot].base = base + slot * _SLOT
            self._vectors[slot].size = _SLOT
            message.header.name = names + slot * _NAME
            message.header.name_size = _NAME  # the kernel puts there what its own are long: always the same
            message.header.vectors = vectors + slot * ctypes.sizeof(_Iovec)
            message.header.vector_count = 1
        words = memoryview(self._messages).cast("B").cast("I")
        self._sizes = words[ctypes.sizeof(_Header) // 4 :: ctypes.sizeof(_Message) // 4]

    def receive(self) -> list[Datagram]:
        """Wait for one datagram, then take up to 256 more that are there already."""
        datagrams = self._first()
        if not datagrams:
            return datagrams
        count = self._recvmmsg(self._handle, self._messages, _SLOTS, _MSG_DONTWAIT, None)
        for slot in range(count):
            start = slot * _SLOT
            sender = _sender(self._family, bytes(self._places[slot]))
            datagrams.append((bytes(self._view[start : start + self._sizes[slot]]), sender))
        return datagrams


@lru_cache(maxsize=4096)
def _sender(family: int, address: bytes) -> str:
    return shown(socket.inet_ntop(family, address))
