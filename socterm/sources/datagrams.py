"""Taking datagrams off a socket, many at a time where the C library can.

While another thread computes, a thread that lets go of Python's lock for each datagram gets it back
only every switch interval: a thousand datagrams a second. So the first one is waited for without the
lock, and what else the kernel holds is fetched with recvmmsg(2) in one call that keeps it.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable

Receiver = Callable[[], list[bytes]]
"""Waits for datagrams (as long as the socket's SO_RCVTIMEO) and returns those that came, perhaps none."""

_SLOTS = 256
_SLOT = 65_536
"""Room for the largest datagram there is, so that none is cut."""

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

    def receive() -> list[bytes]:
        try:
            return [bytes(view[: source.recv_into(buffer)])]
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
        base = ctypes.addressof(self._pool)
        vectors = ctypes.addressof(self._vectors)
        for slot, message in enumerate(self._messages):
            self._vectors[slot].base = base + slot * _SLOT
            self._vectors[slot].size = _SLOT
            message.header.vectors = vectors + slot * ctypes.sizeof(_Iovec)
            message.header.vector_count = 1
        words = memoryview(self._messages).cast("B").cast("I")
        self._sizes = words[ctypes.sizeof(_Header) // 4 :: ctypes.sizeof(_Message) // 4]

    def receive(self) -> list[bytes]:
        """Wait for one datagram, then take up to 256 more that are there already."""
        datagrams = self._first()
        if not datagrams:
            return datagrams
        count = self._recvmmsg(self._handle, self._messages, _SLOTS, _MSG_DONTWAIT, None)
        for slot in range(count):
            start = slot * _SLOT
            datagrams.append(bytes(self._view[start : start + self._sizes[slot]]))
        return datagrams
