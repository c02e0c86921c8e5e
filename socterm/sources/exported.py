"""Journal Export Format (systemd, JOURNAL_EXPORT_FORMATS) as lines of JSON, like `journalctl -o json`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from socterm.sources.base import LINE_LIMIT

_NAME = re.compile(rb"[A-Z0-9_]{1,64}")
_FIELDS = 1_024
"""Fields of one entry (journald takes no more, either)."""

_LENGTH = 8
_HELD = 768 << 10
"""Bytes of one entry's values that are kept: its JSON then mostly fits into a line."""

_LONGEST = 1 << 40
_NULL = len(b"null")


class Entry(NamedTuple):
    """One entry: its cursor, "" where it has none, and its line."""

    cursor: str
    line: bytes


class BrokenExportError(ValueError):
    """The bytes are no Journal Export Format; `entries` are those that were whole before."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.entries: list[Entry] = []


class ExportParser:
    r"""Takes the bytes as they come and gives entries as soon as each is whole.

    A field is `NAME=value` on one line, or the name on one, eight bytes of length (little-endian), the value
    and a newline; a blank line ends the entry. A value that is not UTF-8 becomes a list of its bytes, a field
    that comes several times a list of its values. Fields that do not fit into a line are null and counted in
    `oversized`.

    >>> ExportParser().feed(b"__CURSOR=a\nMESSAGE\n\x02\0\0\0\0\0\0\0a\n\n\n")
    [Entry(cursor='a', line=b'{"__CURSOR":"a","MESSAGE":"a\\n"}')]
    """

    def __init__(self) -> None:
        self.oversized = 0
        self._bytes = bytearray()
        self._at = 0
        self._searched = 0
        self._passed = 0
        self._fields: dict[str, Any] = {}
        self._count = 0
        self._size = 0
        self._name = ""
        self._value = -1
        self._long = False
        self._skipping = False

    def feed(self, block: bytes) -> list[Entry]:
        """The entries that these bytes complete. Raises BrokenExportError."""
        self._bytes += block
        entries: list[Entry] = []
        try:
            while self._step(entries):
                pass
        except BrokenExportError as broken:
            broken.entries = entries
            raise
        del self._bytes[: self._at]
        self._searched = max(0, self._searched - self._at)
        self._passed += self._at
        self._at = 0
        return entries

    def finish(self) -> list[Entry]:
        """The last entry, which may lack its blank line. Raises BrokenExportError for half a field."""
        if self._name or self._bytes or self._skipping:
            raise self._broken("it ends inside a field")
        return [self._entry()] if self._fields else []

    def _step(self, entries: list[Entry]) -> bool:
        """Take the next field, or what is there of a long one; False where more bytes are needed."""
        if self._name:
            return self._binary()
        end = self._bytes.find(b"\n", max(self._at, self._searched))
        if self._skipping:
            self._skipping = end < 0
            self._at = len(self._bytes) if end < 0 else end + 1
            return not self._skipping
        if end < 0:
            self._searched = len(self._bytes)
            return self._too_long()
        line = bytes(self._bytes[self._at : end])
        self._at = end + 1
        if not line:
            if self._fields:
                entries.append(self._entry())
            return True
        name, equals, value = line.partition(b"=")
        known = self._known(name)
        if equals:
            self._add(known, value)
        else:
            self._name, self._value = known, -1
        return True

    def _too_long(self) -> bool:
        """A line without an end so far: one that will not fit is passed over as it comes."""
        if len(self._bytes) - self._at <= _HELD:
            return False
        name, _, _ = bytes(self._bytes[self._at : self._at + 65]).partition(b"=")
        self._add(self._known(name), None)
        self._skipping = True
        return True

    def _binary(self) -> bool:
        """The length of a field that stands on lines of its own, then its value."""
        there = len(self._bytes) - self._at
        if self._value < 0:
            if there < _LENGTH:
                return False
            self._value = int.from_bytes(self._bytes[self._at : self._at + _LENGTH], "little")
            if self._value > _LONGEST:
                raise self._broken("a field longer than a terabyte")
            self._at += _LENGTH
            self._long = self._value > _HELD
            return True
        if self._long and self._value:
            passed = min(there, self._value)
            self._at += passed
            self._value -= passed
            return bool(passed)
        if there <= self._value:
            return False
        value = bytes(self._bytes[self._at : self._at + self._value])
        if self._bytes[self._at + self._value] != 0x0A:
            raise self._broken("no newline after a field of a given length")
        self._at += self._value + 1
        self._add(self._name, None if self._long else value)
        self._name = ""
        return True

    def _known(self, name: bytes) -> str:
        if _NAME.fullmatch(name) is None:
            raise self._broken("no name of a field")
        return name.decode()

    def _add(self, name: str, value: bytes | None) -> None:
        self._count += 1
        if self._count > _FIELDS:
            raise self._broken(f"more than {_FIELDS} fields in an entry")
        if value is not None and self._size + len(value) > _HELD:
            value = None
        if value is None:
            self.oversized += 1
            told: Any = None
        else:
            self._size += len(value)
            told = _as_json(value)
        if name not in self._fields:
            self._fields[name] = told
        elif name not in ("__CURSOR", "__REALTIME_TIMESTAMP"):
            known = self._fields[name]
            if isinstance(known, _Many):
                known.append(told)
            else:
                self._fields[name] = _Many([known, told])

    def _entry(self) -> Entry:
        fields, self._fields = self._fields, {}
        self._count = self._size = 0
        line = msgspec.json.encode(fields)
        if len(line) > LINE_LIMIT:  # bytes as a list of numbers take four times their room
            self._shorten(fields, len(line))
            line = msgspec.json.encode(fields)
        cursor = fields.get("__CURSOR")
        return Entry(cursor if isinstance(cursor, str) else "", line)

    def _shorten(self, fields: dict[str, Any], size: int) -> None:
        """Do without the longest values until the line fits; `size` is what it has in bytes."""
        sizes = {name: len(msgspec.json.encode(value)) for name, value in fields.items()}
        for name in sorted(sizes, key=lambda name: sizes[name], reverse=True):
            if size <= LINE_LIMIT:
                break
            fields[name] = None
            size -= sizes[name] - _NULL
            self.oversized += 1

    def _broken(self, why: str) -> BrokenExportError:
        return BrokenExportError(f"no journal export at byte {self._passed + self._at}: {why}")


class _Many(list[Any]):
    """The values of a field that came several times, apart from the bytes of one value."""


def _as_json(value: bytes) -> str | list[int]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return list(value)
