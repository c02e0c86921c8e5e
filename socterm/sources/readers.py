"""Reading one file from an offset on: plain files that still grow, and packed ones that do not."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import os
import stat
import zlib
from pathlib import Path
from typing import IO, Any, Protocol, cast

from socterm.errors import SoctermError
from socterm.sources import documents
from socterm.sources.base import BLOCK, LINE_LIMIT
from socterm.sources.bundles import BLANK, parts_of
from socterm.sources.documents import DocumentError, Stream
from socterm.sources.evtx_file import EvtxStream
from socterm.sources.json_file import JsonStream
from socterm.sources.marks import HEAD, TAIL, Identity, Mark, digest
from socterm.sources.xml_file import XmlStream

_MAGIC = {b"\x1f\x8b": "gz", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2"}
PACKED_SUFFIXES = frozenset({".gz", ".xz", ".bz2", ".zst"})
"""Names that say a log is compressed and thus finished."""

_DAMAGE: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, lzma.LZMAError, DocumentError)


class RewrittenError(Exception):
    """What was read before is no longer in the file: it was truncated, perhaps grown again."""


class DamagedError(Exception):
    """A packed file ends or breaks where more should follow; its text says how."""


class Reader(Protocol):
    """One open file, read forward. `head` is its first bytes, `position` how far it was read."""

    identity: Identity
    packed: bool
    position: int
    head: bytes

    def read(self) -> bytes:
        """The next block, b"" at the end (of now). Raises RewrittenError or DamagedError."""

    def resume(self, mark: Mark) -> bool:
        """Go to the mark if this file holds what was read up to it. False leaves the reader unusable."""

    def before(self) -> bytes:
        """The last bytes before `position`, at most TAIL, for the mark."""

    def info(self) -> os.stat_result:
        """Size and times as they are now."""

    def close(self) -> None:
        """Close the file."""


class PlainReader:
    """A file that may still grow, be renamed or be truncated under us.

    `bundled` says that a line of it may carry several records (see `bundles`).

    Each read asks for the last bytes of the one before once more and looks at the head afterwards: a
    file truncated in between, even one grown beyond our offset again, cannot pass for the old one.
    """

    packed = False

    def __init__(self, fd: int, *, bundled: bool = False) -> None:
        self._fd = fd
        self.bundled = bundled
        info = os.fstat(fd)
        self.identity: Identity = (info.st_dev, info.st_ino)
        self.position = 0
        self.head = b""
        self._guard = b""

    def seek(self, offset: int) -> None:
        """Go to a byte offset and remember what stands before it."""
        self.position = offset
        self.head = os.pread(self._fd, min(HEAD, offset), 0)
        size = min(TAIL, offset)
        self._guard = os.pread(self._fd, size, offset - size)

    def seek_lines(self, count: int) -> None:
        """Go to the start of the last `count` whole lines (0: behind the last newline)."""
        end = self.info().st_size
        while end:
            start = max(0, end - BLOCK)
            block = os.pread(self._fd, end - start, start)
            found = block.count(b"\n")
            if found > count:
                at = len(block)
                for _ in range(count + 1):
                    at = block.rindex(b"\n", 0, at)
                self.seek(start + at + 1)
                return
            count -= found
            end = start
        self.seek(0)

    def read(self) -> bytes:
        """The next block, b"" at the end of now; RewrittenError when what was read is gone."""
        if not self.position:
            self._skip_hole()
        guard = self._guard
        block = os.pread(self._fd, BLOCK + len(guard), self.position - len(guard))
        if not block.startswith(guard):
            raise RewrittenError
        if self.head and os.pread(self._fd, len(self.head), 0) != self.head:
            raise RewrittenError
        fresh = block[len(guard) :]
        if not fresh:
            return b""
        if len(self.head) < HEAD:
            self.head += fresh[: HEAD - len(self.head)]
        self._guard = block[-TAIL:]
        self.position += len(fresh)
        return fresh

    def resume(self, mark: Mark) -> bool:
        """Go to the mark if the content up to it is the one that was read."""
        if self.info().st_size < mark.offset:
            return False
        self.seek(mark.offset)
        return digest(self.head) == mark.head and digest(_last(self._guard, mark.tail_size)) == mark.tail

    def before(self) -> bytes:
        """The last bytes before `position`."""
        return self._guard

    def info(self) -> os.stat_result:
        """Size and times as they are now."""
        return os.fstat(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _skip_hole(self) -> None:
        """A writer without O_APPEND leaves a hole at the start when its file is truncated."""
        try:
            data = os.lseek(self._fd, 0, os.SEEK_DATA)
        except OSError:
            return  # all hole, or a file system that does not tell
        if data:
            self.seek(data)


class PackedReader:
    """A .gz, .xz, .bz2 or .zst file, or a document: finished, read forward only.

    Offsets count the bytes that come out of it: decompressed ones, a document's records as lines.
    """

    packed = True
    bundled = False

    def __init__(
        self,
        raw: IO[bytes],
        stream: Stream,
        damage: tuple[type[Exception], ...] = _DAMAGE,
        *,
        document: str = "",
    ) -> None:
        self.document = document
        self._raw = raw
        self._stream, self._damage = stream, damage
        self._info = os.fstat(raw.fileno())
        self.identity: Identity = (self._info.st_dev, self._info.st_ino)
        self.position = 0
        self.head = b""
        self._last = b""

    def read(self) -> bytes:
        """The next block of text, b"" at the end; DamagedError when the file is broken or cut short."""
        return self._pull(BLOCK)

    def resume(self, mark: Mark) -> bool:
        """Read up to the mark and compare; takes as long as unpacking that much does."""
        try:
            while self.position < mark.offset:
                if not self._pull(min(BLOCK, mark.offset - self.position)):
                    return False
                if self.position >= mark.head_size and digest(self.head[: mark.head_size]) != mark.head:
                    return False
        except DamagedError:
            return False
        return digest(_last(self._last, mark.tail_size)) == mark.tail

    def before(self) -> bytes:
        """The last bytes before `position`."""
        return self._last

    def info(self) -> os.stat_result:
        """Packed size and times."""
        return self._info

    @property
    def left(self) -> int:
        """Bytes of the file itself that were not read yet."""
        return max(0, self._info.st_size - self._raw.tell())

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._raw.close()

    def _pull(self, size: int) -> bytes:
        try:
            # read1 gives what could still be unpacked before it reports the damage behind it.
            block = self._stream.read1(size)
        except self._damage as error:
            raise DamagedError(str(error) or type(error).__name__) from error
        self.position += len(block)
        if len(self.head) < HEAD:
            self.head += block[: HEAD - len(self.head)]
        self._last = (self._last + block[-TAIL:])[-TAIL:]
        return block


def open_reader(path: Path, *, follow: bool = False) -> PlainReader | PackedReader:
    """Open a log file, packed or not, lines or a document, told apart by its first bytes.

    With `follow` a file whose first line is a whole document of records is one of lines, to which more may be
    added: a document alone would be read to its end and not again.

    Raises OSError as `open` does, and SoctermError (one line) for what is no regular file, for .zst without
    the `zstandard` package and for .evtx without `evtx`.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        os.close(fd)
        if stat.S_ISDIR(mode):
            raise SoctermError(f"{path}: a directory; name the files in it")
        raise SoctermError(f"{path}: not a regular file; pipe it in instead: socterm - < {path}")
    start = os.pread(fd, documents.SNIFF, 0)
    kind = _kind(start)
    document = documents.kind_of(start)
    by_line = follow and kind is None and document == "json" and _by_line(fd, start)
    if by_line or (kind is None and not document):
        return PlainReader(fd, bundled=by_line)
    raw = os.fdopen(fd, "rb")
    try:
        return _packed(raw, kind, document, path)
    except BaseException:
        raw.close()
        raise


def _by_line(fd: int, start: bytes) -> bool:
    """Whether records stand in lines: some always do, others where the first line is whole and has some."""
    if documents.WATCHED.match(start.decode("utf-8", "replace")):
        return True
    line, newline, _ = os.pread(fd, LINE_LIMIT + 1, 0).removeprefix(codecs.BOM_UTF8).partition(b"\n")
    return bool(newline) and bool(parts_of(line.strip(BLANK)))


def open_stream(raw: IO[bytes], start: bytes, path: Path) -> PackedReader:
    """As `open_reader`, for what can only be read forward; `start` is how it begins, `raw` stands before it.

    Raises SoctermError where an extra package is missing; `path` is what that is said of.
    """
    kind = _kind(start)
    if kind is not None:
        return _packed(raw, kind, "", path)
    ahead = documents.Ahead(cast("Stream", raw), _DAMAGE)
    document = documents.kind_of(ahead.start)
    return PackedReader(raw, _unwrap(ahead, document, path, _DAMAGE), document=document)


def _kind(start: bytes) -> str | None:
    """How what begins so is packed; None where it is not."""
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)


def _packed(raw: IO[bytes], kind: str | None, document: str, path: Path) -> PackedReader:
    if kind is None:
        stream = _unwrap(cast("Stream", raw), document, path, _DAMAGE)
        return PackedReader(raw, stream, document=document)
    try:
        stream, damage = _unpack(raw, kind)
    except ImportError:
        raise SoctermError(
            f"{path}: reading .zst needs the zstandard package: pip install 'socterm[zstd]'"
        ) from None
    ahead = documents.Ahead(stream, damage)
    document = documents.kind_of(ahead.start)
    return PackedReader(raw, _unwrap(ahead, document, path, damage), damage, document=document)


def _unwrap(stream: Stream, document: str, path: Path, damage: tuple[type[Exception], ...]) -> Stream:
    """The records of a document as lines; anything else as it is. SoctermError where an extra is missing."""
    if document == "evtx":
        return EvtxStream(stream, damage, path)
    if document == "xml":
        return XmlStream(stream, damage)
    return JsonStream(stream, damage) if document else stream


def _unpack(raw: IO[bytes], kind: str) -> tuple[Any, tuple[type[Exception], ...]]:
    if kind == "gz":
        return gzip.GzipFile(fileobj=raw, mode="rb"), _DAMAGE
    if kind == "xz":
        return lzma.LZMAFile(raw), _DAMAGE
    if kind == "bz2":
        return bz2.BZ2File(raw), _DAMAGE
    import zstandard  # noqa: PLC0415 - an optional package, needed for this one format

    reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    return reader, (*_DAMAGE, zstandard.ZstdError)


def _last(data: bytes, size: int) -> bytes:
    return data[-size:] if size else b""
