"""Data files that may be missing, broken or replaced while they are in use."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from socterm.errors import SoctermError

T = TypeVar("T")
Signature = tuple[int, int, int]


class DataError(SoctermError):
    """A data file cannot be used; says why in some words, without the file's name."""


def signature_of(path: Path) -> Signature | None:
    """What changes when a file's content does: (mtime in ns, size, inode); None where there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - once a second and file: the shorter way
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Watched(Generic[T]):
    """One data file: its last good version, and `note`, what is to be said about it ("" for nothing).

    `read` makes a value of the file and may remark something on it; it raises `DataError` or OSError where
    the file is of no use. `missing` tells that there is no such file and never was one.
    """

    def __init__(self, path: Path, read: Callable[[Path], tuple[T, str]]) -> None:
        self.path = path
        self.value: T | None = None
        self.note = ""
        self.missing = False
        self._read = read
        self._signature: Signature | None = None
        self._looked = False

    def look(self) -> bool:
        """Read the file if it is new; whether `value` or `note` may have changed."""
        signature = signature_of(self.path)
        if self._looked and signature == self._signature:
            return False
        self._looked = True
        self._signature = signature
        if signature is None:
            self.missing = self.value is None
            self.note = "" if self.missing else f"{self.path} is gone; what it held stays in use"
            return True
        self.missing = False
        try:
            self.value, self.note = self._read(self.path)
        except (DataError, OSError) as error:
            reason = error.strerror or "cannot be read" if isinstance(error, OSError) else str(error)
            kept = "nothing of it is used" if self.value is None else "its last good version stays in use"
            self.note = f"{self.path}: {reason}; {kept}"
        return True


def text_lines(path: Path, limit: int) -> list[str]:
    """The lines of a text file: UTF-8, UTF-16 with its mark, else what Windows writes in Western Europe.

    Raises `DataError` where it holds more than `limit` bytes or is no text, OSError where it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise DataError(f"is larger than {limit >> 20} MiB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").split("\n")
    if b"\x00" in data:
        raise DataError("is no text file")
    try:
        return data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").split("\n")
