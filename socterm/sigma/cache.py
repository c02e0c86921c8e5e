"""Rule files that have been understood before: one file on disk, so that a start does not read YAML again.

It holds values, never code: what is read from it is decoded into the types of `resolve.Draft`, and rules are
compiled anew. It is only an aid. Whatever is odd about it (another engine, another owner, a bit that flipped)
makes it empty, and the rules are read the long way.
"""

from __future__ import annotations

import os
import platform
import stat
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from socterm import sigma, taxonomy
from socterm.sigma.documents import RuleFile
from socterm.sigma.placeholders import Lists
from socterm.sigma.resolve import Draft

NAME: Final = "rules.msgpack"
SIZE_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of a cache file that is read; a larger one is none of ours."""

FILES_LIMIT: Final = 20_000
"""Rule files remembered: those of this start, then those of others."""

_DIGEST: Final = 32


class _Content(msgspec.Struct):
    """The file behind its checksum: which engine made it, and the drafts of each rule file by its text."""

    engine: bytes
    files: dict[bytes, msgspec.Raw]


class RuleCache:
    """The drafts of rule files by their text, in a folder that belongs to this user alone.

    Nothing here raises for what is on disk. `save` writes what is new, and what was known as far as there is
    room.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._known = self._read()
        self._used: dict[bytes, msgspec.Raw] = {}

    def get(self, file: RuleFile, placeholders: Lists) -> list[Draft] | None:
        """The drafts of a file with this very text, without their place; None where it has not been met."""
        key = _key(file, placeholders)
        found = self._used.get(key, self._known.get(key))
        if found is None:
            return None
        try:
            drafts = _DECODER.decode(found)
        except (msgspec.MsgspecError, ValueError):
            return None
        self._used[key] = found
        return drafts

    def put(self, file: RuleFile, placeholders: Lists, drafts: Sequence[Draft]) -> None:
        """Remember the drafts of a file."""
        try:
            self._used[_key(file, placeholders)] = msgspec.Raw(_ENCODER.encode(drafts))
        except (TypeError, ValueError, OverflowError):  # a number no format holds: read anew each time
            return

    def save(self) -> None:
        """Write what is not on disk yet. A disk that refuses is no matter."""
        if self._used.keys() <= self._known.keys():
            return
        files = dict(islice({**self._used, **self._known, **self._used}.items(), FILES_LIMIT))
        content = _ENCODER.encode(_Content(engine(), files))
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _own(self._path.parent.stat()):
                return
            self._write(sha256(content).digest() + content)
        except OSError:
            return
        self._known = files

    def _write(self, data: bytes) -> None:
        beside = self._path.with_name(f"{NAME}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            beside.replace(self._path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def _read(self) -> dict[bytes, msgspec.Raw]:
        try:
            if not _own(self._path.parent.stat()):
                return {}
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                about = os.fstat(descriptor)
                if not (_own(about) and stat.S_ISREG(about.st_mode) and about.st_size <= SIZE_LIMIT):
                    return {}
                data = file.read()
        except OSError:
            return {}
        checksum, content = data[:_DIGEST], memoryview(data)[_DIGEST:]
        if sha256(content).digest() != checksum:
            return {}
        try:
            found = _CONTENT.decode(content)
        except (msgspec.MsgspecError, ValueError):
            return {}
        return found.files if found.engine == engine() else {}


def _own(about: os.stat_result) -> bool:
    """Whether nobody but this user can have written it."""
    return about.st_uid == os.geteuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _key(file: RuleFile, placeholders: Lists) -> bytes:
    """The text, and the lists where it may ask for one."""
    digest = sha256(file.text.encode("utf-8", "surrogatepass"))
    if "%" in file.text and placeholders:
        lists = sorted((name, list(found)) for name, found in placeholders.items())
        digest.update(msgspec.json.encode(lists))
    return digest.digest()


@cache
def engine() -> bytes:
    """What a draft depends on besides its text: the source of the rooms that make it, and the versions.

    By content and not by version number: a checkout changes without a new one.
    """
    digest = sha256(f"{version('socterm')} {version('pysigma')} {platform.python_version()}".encode())
    for room in (sigma, taxonomy):
        for folder in room.__path__:
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[Draft])
_CONTENT: Final = msgspec.msgpack.Decoder(_Content)
