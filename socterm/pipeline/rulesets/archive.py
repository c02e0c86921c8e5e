"""What is in an archive of rules (.zip or .tar.gz), read as from an enemy.

Only rule files and licences are unpacked, only as regular files, only below the folder given, and only so
many of so many bytes, counted as they come out: what a header claims is not believed.
"""

from __future__ import annotations

import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path
from typing import IO, Any, NamedTuple

from socterm.errors import SoctermError
from socterm.sigma.documents import SIZE_LIMIT, SUFFIXES

MEMBERS_MOST = 50_000
UNPACKED_MOST = 256 * 1024 * 1024
"""Bytes that may come out of an archive, those of members nobody wants included."""
_DIRECTORY_MOST = 16 * 1024 * 1024
"""Bytes of a zip's directory: it is read as a whole."""
_DEPTH_MOST = 30
_NAME_MOST = 255
_BLOCK = 1 << 16
_END = b"PK\x05\x06"
_END_LENGTH = 22
_LARGE_END = b"PK\x06\x07"
_LARGE_END_LENGTH = 20

UNWANTED = frozenset({"deprecated", "unsupported", "tests", "regression_data", "documentation"})
"""Folders of a whole repository whose documents are no rules to run."""


class Unpacked(NamedTuple):
    """What was written: rule files and others (licences); `skipped` counts members left out, by reason."""

    rules: int
    others: int
    skipped: dict[str, int]


class _Member(NamedTuple):
    name: str
    regular: bool
    folder: bool
    opened: Callable[[], IO[bytes] | None]


def unpack(archive: IO[bytes], folder: Path) -> Unpacked:
    """Write the rule files of an archive below a folder.

    Raises `SoctermError` for what is no archive, is broken, too large, or wants to write elsewhere; what was
    written by then is for the caller to throw away.
    """
    try:
        return _written(_wanted(_members(archive)), folder)
    except (
        OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, struct.error,
        ValueError, NotImplementedError, RuntimeError, OverflowError,
    ) as error:  # fmt: skip
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise SoctermError(f"the archive cannot be unpacked: {said}") from error


def _members(archive: IO[bytes]) -> Iterator[_Member]:
    archive.seek(0)
    start = archive.read(4)
    archive.seek(0)
    if start[:2] == b"\x1f\x8b":
        return _tar_members(archive)
    if start == b"PK\x03\x04":
        return _zip_members(archive)
    raise SoctermError("the file is neither a .zip nor a .tar.gz archive")


def _tar_members(archive: IO[bytes]) -> Iterator[_Member]:
    plain: Any = _Limited(gzip.GzipFile(fileobj=archive))
    with tarfile.open(fileobj=plain, mode="r|") as tar:
        for member in tar:

            def opened(member: tarfile.TarInfo = member) -> IO[bytes] | None:
                return tar.extractfile(member)

            yield _Member(member.name, member.isreg() and not member.sparse, member.isdir(), opened)
            tar.members = []  # type: ignore[attr-defined]  # else every header stays in memory


def _zip_members(archive: IO[bytes]) -> Iterator[_Member]:
    _check_directory(archive)
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            kind = info.external_attr >> 28 if info.create_system == 3 else 0
            regular = not info.is_dir() and kind in (0, 8) and not info.flag_bits & 1

            def opened(info: zipfile.ZipInfo = info) -> IO[bytes]:
                return packed.open(info)

            yield _Member(info.filename, regular, info.is_dir(), opened)


def _check_directory(archive: IO[bytes]) -> None:
    """Look at how large a zip says its directory is, before it is read."""
    size = archive.seek(0, 2)
    archive.seek(max(0, size - _END_LENGTH - 0xFFFF))
    tail = archive.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_LENGTH:
        raise SoctermError("the archive cannot be unpacked: it has no directory")
    entries, length = struct.unpack("<HL", tail[at + 10 : at + 16])
    large = tail[max(0, at - _LARGE_END_LENGTH) : at].startswith(_LARGE_END)
    if large or entries > MEMBERS_MOST or length > _DIRECTORY_MOST:
        raise SoctermError(f"the archive has more than {MEMBERS_MOST:,} members, or a directory that large")
    archive.seek(0)


class _Limited(RawIOBase):
    """A stream that ends with an error after `UNPACKED_MOST` bytes."""

    def __init__(self, inner: IO[bytes] | gzip.GzipFile) -> None:
        self._inner = inner
        self._left = UNPACKED_MOST

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._inner.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise SoctermError(f"more than {UNPACKED_MOST >> 20} MiB come out of the archive")
        return data


def _wanted(members: Iterator[_Member]) -> Iterator[tuple[tuple[str, ...], _Member, str]]:
    """(path below the folder, member, "" or why it is left out) of each member that is no folder."""
    for number, member in enumerate(members, 1):
        if number > MEMBERS_MOST:
            raise SoctermError(f"the archive has more than {MEMBERS_MOST:,} members")
        parts = _safe(member.name)
        if member.folder or not parts:
            continue
        yield parts, member, _unwanted(parts, member)


def _safe(name: str) -> tuple[str, ...]:
    """The parts of a member's path. Raises `SoctermError` for one that leads or could lead elsewhere."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    shown = ascii(name)[:120]
    if name.startswith("/") or ".." in parts or "\\" in name or (parts and ":" in parts[0]):
        raise SoctermError(f"the archive wants to write outside its folder: {shown}")
    if not all(part.isprintable() for part in parts):
        raise SoctermError(f"the archive has a name that cannot be printed: {shown}")
    if len(parts) > _DEPTH_MOST or any(len(part.encode("utf-8", "replace")) > _NAME_MOST for part in parts):
        raise SoctermError(f"the archive has a name that is too long: {shown}")
    return parts


def _unwanted(parts: tuple[str, ...], member: _Member) -> str:
    if not member.regular:
        return "links, devices and encrypted files"
    last = parts[-1].lower()
    if any(part.startswith(".") for part in parts):
        return "hidden files"
    if last.startswith("license"):
        return ""
    if Path(last).suffix not in SUFFIXES:
        return "other files"
    return "rules that are deprecated, unsupported or test data" if UNWANTED.intersection(parts[:-1]) else ""


def _written(members: Iterator[tuple[tuple[str, ...], _Member, str]], folder: Path) -> Unpacked:
    rules = others = 0
    left = UNPACKED_MOST
    skipped: dict[str, int] = {}
    for parts, member, why in members:
        if why:
            skipped[why] = skipped.get(why, 0) + 1
            continue
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = member.opened()
        # `x`: a name that is there twice is a trick or a mistake; which of the two would count?
        try:
            file = path.open("xb")
        except (FileExistsError, NotADirectoryError) as error:
            raise SoctermError(f"the archive has {ascii(member.name)[:120]} twice") from error
        with file:
            written = _copy(stream, file, min(left, SIZE_LIMIT), ascii(member.name)[:120])
        left -= written
        is_rule = path.suffix.lower() in SUFFIXES
        rules, others = rules + is_rule, others + (not is_rule)
    return Unpacked(rules, others, skipped)


def _copy(stream: IO[bytes] | None, file: IO[bytes], limit: int, name: str) -> int:
    size = 0
    while stream is not None and (block := stream.read(_BLOCK)):
        size += len(block)
        if size > limit:
            raise SoctermError(
                f"the archive is refused: {name} is larger than {SIZE_LIMIT >> 20} MiB, or all is"
            )
        file.write(block)
    return size
