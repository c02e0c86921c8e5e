"""What Textual's web driver and whoever serves it say to each other over the standard streams of its process.

A line that says it is there, then packets: a byte for the kind, four for the length of the payload, highest
first, and the payload. `D` is bytes of a terminal, to it keys and from it a screen; `M` is JSON about the
terminal; `P` would be a piece of a file.
"""

from __future__ import annotations

import json
from typing import Final

READY: Final = b"__GANGLION__\n"
DATA: Final = b"D"
META: Final = b"M"
KINDS: Final = (DATA, META, b"P")

LIMIT: Final = 8 << 20
"""Bytes of one packet that are believed; a screen of the largest size takes less than one MiB."""

_HEAD: Final = 5
_PREAMBLE: Final = 64 << 10


class PacketError(Exception):
    """What came is not what the driver says."""


def packet(kind: bytes, payload: bytes) -> bytes:
    """One packet, whole."""
    return kind + len(payload).to_bytes(4, "big") + payload


def told(what: str, **more: int) -> bytes:
    """A packet about the terminal: `told("resize", width=80, height=24)`."""
    return packet(META, json.dumps({"type": what, **more}).encode())


class Packets:
    """Cuts what a driver writes into packets, however it was cut into reads.

    >>> packets = Packets()
    >>> packets.feed(b"__GANGLION__\\nD" + b"\\x00\\x00"), packets.feed(b"\\x00\\x02hiM")
    ([], [(b'D', b'hi')])
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self.ready = False

    def feed(self, block: bytes) -> list[tuple[bytes, bytes]]:
        """Add what was read; the packets that are whole now. Raises PacketError."""
        held = self._held
        held += block
        if not self.ready and not self._begun():
            return []
        found: list[tuple[bytes, bytes]] = []
        at = 0
        while len(held) - at >= _HEAD:
            kind, length = bytes(held[at : at + 1]), int.from_bytes(held[at + 1 : at + _HEAD], "big")
            if kind not in KINDS or length > LIMIT:
                raise PacketError(f"a packet of kind {kind!r} and {length} bytes")
            end = at + _HEAD + length
            if len(held) < end:
                break
            found.append((kind, bytes(held[at + _HEAD : end])))
            at = end
        del held[:at]
        return found

    def _begun(self) -> bool:
        """Drop what is printed before the first packet."""
        place = self._held.find(READY)
        if place < 0:
            if len(self._held) > _PREAMBLE:
                raise PacketError("it never said that it is there")
            return False
        del self._held[: place + len(READY)]
        self.ready = True
        return True
