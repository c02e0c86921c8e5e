"""A small writer of .evtx files for tests: events as nested pairs, every value a string, no templates.

The format: a file header of 4 KiB, chunks of 64 KiB, in each records of binary XML ([MS-EVEN6] 2.2.12 ff.).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

Element = tuple[str, dict[str, str], "str | Sequence[Element]"]
"""(name, attributes, text or the elements inside)."""

_CHUNK = 65_536
_FIRST = 512
_EPOCH = 116_444_736_000_000_000  # 1970 as Windows counts: 100 ns since 1601


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")


class _Xml:
    """Binary XML at an offset of its chunk: names are written where they are used."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.data = bytearray(b"\x0f\x01\x01\x00")

    def name(self, text: str) -> None:
        here = self.offset + len(self.data) + 4
        self.data += struct.pack("<I", here)
        self.data += struct.pack("<IHH", 0, sum(text.encode()) & 0xFFFF, len(text)) + _wide(text) + b"\0\0"

    def text(self, value: str) -> None:
        self.data += struct.pack("<BBH", 5, 1, len(_wide(value)) // 2) + _wide(value)

    def element(self, element: Element) -> None:
        name, attributes, inside = element
        self.data += struct.pack("<BI", 0x41 if attributes else 0x01, 0)
        size_at = len(self.data) - 4
        self.name(name)
        if attributes:
            list_at = len(self.data)
            self.data += b"\0\0\0\0"
            for index, (key, value) in enumerate(attributes.items()):
                self.data.append(0x46 if index < len(attributes) - 1 else 0x06)
                self.name(key)
                self.text(value)
            struct.pack_into("<I", self.data, list_at, len(self.data) - list_at - 4)
        if not inside:
            self.data.append(3)
        else:
            self.data.append(2)
            if isinstance(inside, str):
                self.text(inside)
            else:
                for child in inside:
                    self.element(child)
            self.data.append(4)
        struct.pack_into("<I", self.data, size_at, len(self.data) - size_at - 4)


def _record(number: int, ts: int, element: Element, offset: int) -> bytes:
    xml = _Xml(offset + 24)
    xml.element(element)
    xml.data.append(0)
    size = 24 + len(xml.data) + 4
    size += -size % 8
    head = struct.pack("<4sIQQ", b"\x2a\x2a\0\0", size, number, ts * 10 + _EPOCH)
    return (head + xml.data).ljust(size - 4, b"\0") + struct.pack("<I", size)


def _chunk(first: int, last: int, last_at: int, body: bytes) -> bytes:
    free = _FIRST + len(body)
    head = struct.pack("<8sQQQQIIII", b"ElfChnk\0", first, last, first, last, 128, last_at, free, crc32(body))
    head = head.ljust(120, b"\0") + struct.pack("<I", 1)
    tables = bytes(_FIRST - 128)
    head = head[:120] + struct.pack("<II", 1, crc32(head[:120] + tables))
    return (head + tables + body).ljust(_CHUNK, b"\0")


def event(
    code: int,
    data: dict[str, str],
    *,
    channel: str = "Security",
    provider: str = "Microsoft-Windows-Security-Auditing",
    computer: str = "DC1.corp.example",
    stamp: str = "2026-11-20T10:00:00.000000Z",
) -> Element:
    """An event as Windows writes it: System and EventData."""
    system: list[Element] = [
        ("Provider", {"Name": provider}, ""),
        ("EventID", {}, str(code)),
        ("Level", {}, "0"),
        ("Keywords", {}, "0x8010000000000000"),
        ("TimeCreated", {"SystemTime": stamp}, ""),
        ("EventRecordID", {}, "7"),
        ("Channel", {}, channel),
        ("Computer", {}, computer),
    ]
    values: list[Element] = [("Data", {"Name": name}, value) for name, value in data.items()]
    return ("Event", {}, [("System", {}, system), ("EventData", {}, values)])


def write_evtx(path: Path, events: Sequence[Element], *, ts: int = 1_795_168_800_000_000) -> None:
    """Write a whole file; records are numbered from 1."""
    chunks: list[bytes] = []
    body = bytearray()
    first, last_at = 1, _FIRST
    for number, element in enumerate(events, 1):
        record = _record(number, ts, element, _FIRST + len(body))
        if _FIRST + len(body) + len(record) > _CHUNK:
            chunks.append(_chunk(first, number - 1, last_at, bytes(body)))
            body.clear()
            first = number
            record = _record(number, ts, element, _FIRST)
        last_at = _FIRST + len(body)
        body += record
    chunks.append(_chunk(first, len(events), last_at, bytes(body)))
    head = struct.pack(
        "<8sQQQIHHHH", b"ElfFile\0", 0, len(chunks) - 1, len(events) + 1, 128, 1, 3, 4096, len(chunks)
    )
    head = head.ljust(120, b"\0") + struct.pack("<II", 0, crc32(head.ljust(120, b"\0")))
    path.write_bytes(head.ljust(4096, b"\0") + b"".join(chunks))
