"""A file of this user's cache that spares work: read only where nobody else can have written it.

It is an aid. Whatever is odd about it (another engine, another owner, a bit that flipped) makes it empty,
and the work is done again.
"""

from __future__ import annotations

import os
import platform
import stat
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Final

SIZE_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of a file that is read; a larger one is none of ours."""

_DIGEST: Final = 32


class KeptFile:
    """One file in a folder that belongs to this user alone. Nothing here raises for what is on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> memoryview:
        """What was written, empty where it cannot be trusted."""
        try:
            if not _own(self._path.parent.stat()):
                return memoryview(b"")
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                about = os.fstat(descriptor)
                if not (_own(about) and stat.S_ISREG(about.st_mode) and about.st_size <= SIZE_LIMIT):
                    return memoryview(b"")
                data = file.read()
        except OSError:
            return memoryview(b"")
        checksum, content = data[:_DIGEST], memoryview(data)[_DIGEST:]
        return content if sha256(content).digest() == checksum else memoryview(b"")

    def write(self, content: bytes) -> bool:
        """Put new content in place, whole. False where the disk refuses, which is no matter."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _own(self._path.parent.stat()):
                return False
            self._put(sha256(content).digest() + content)
        except OSError:
            return False
        return True

    def _put(self, data: bytes) -> None:
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            beside.replace(self._path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def _own(about: os.stat_result) -> bool:
    """Whether nobody but this user can have written it."""
    return about.st_uid == os.geteuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def engine_of(*folders: Path) -> bytes:
    """What kept work depends on besides its input: the files that did it, and the versions.

    By content and not by version number: a checkout changes without a new one.
    """
    digest = sha256(f"{version('socterm')} {version('pysigma')} {platform.python_version()}".encode())
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if "__pycache__" not in file.parts and file.is_file():
                digest.update(f"{file.relative_to(folder)}\0".encode() + sha256(file.read_bytes()).digest())
    return digest.digest()
