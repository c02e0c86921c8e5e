"""The bookmark of a file: which file, how far, and how to know its content again.

A file is known by device and inode, but inodes are given out again at once, a truncated file keeps
its own, and a compressed copy has another. So the bookmark also holds what the content was: a hash
of the first bytes and one of the last bytes read. Hashes only: no log text goes into a bookmark.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

HEAD = 1024
"""Bytes at the start of a file that are hashed, or fewer where less was read."""

TAIL = 64
"""Bytes before the offset that are hashed, or fewer where the last line is shorter."""

Identity = tuple[int, int]
"""(device, inode)."""


class Mark(msgspec.Struct, frozen=True):
    """How far a file was read. `offset` counts bytes of the log text, decompressed where it is packed.

    `head` hashes the first min(HEAD, offset) bytes, `tail` the `tail_size` bytes before `offset`.
    `mtime` (ns) is the file's when it was read: what was written later is not older than that.
    """

    dev: int
    ino: int
    offset: int
    head: str
    tail: str
    tail_size: int
    mtime: int

    @property
    def identity(self) -> Identity:
        """Device and inode of the file this mark was made in."""
        return (self.dev, self.ino)

    @property
    def head_size(self) -> int:
        """How many bytes `head` covers."""
        return min(HEAD, self.offset)

    def as_bookmark(self) -> dict[str, Any]:
        """The JSON form that the store keeps."""
        return msgspec.structs.asdict(self)


def read_bookmark(stored: dict[str, Any]) -> Mark | None:
    """A mark from its stored form; None when it is not one of ours (then the file is read anew)."""
    try:
        return msgspec.convert(stored, Mark)
    except msgspec.ValidationError:
        return None


def digest(data: bytes) -> str:
    """A short hash of file content: enough to know a file again, useless to read it."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()
