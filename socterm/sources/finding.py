"""From what a person names to the files to read once: folders deep, globs, one entry a file.

What cannot be read is told with a reason and never stops the rest; what was named and is not there is a
mistake.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from socterm.errors import SoctermError, UsageError
from socterm.sources.access import WAITING, as_text, why_not
from socterm.sources.marks import Identity
from socterm.sources.readers import DamagedError, PlainReader, open_reader

LOOKED_AT = 8192
"""Bytes of text at the start of a file by which text and other content are told apart."""
_MOST_CONTROLS = 0.1
"""The share of control bytes from which on content is no text; a crash can leave a few NULs in any log."""
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"
_KNOWN: tuple[tuple[int, bytes, str], ...] = (
    (257, b"ustar", "a tar archive: unpack it first"),
    (0, b"PK\x03\x04", "a zip archive: unpack it first"),
    (0, b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (0, b"LPKSHHRH", "a journal: follow it with socterm run --journal-file"),
    (0, b"SQLite format 3\0", "a database, no log"),
    (0, b"\xd4\xc3\xb2\xa1", "captured packets, no log"),
    (0, b"\x0a\x0d\x0d\x0a", "captured packets, no log"),
)
"""(offset, bytes, why it is not read) of content that people keep beside logs."""


class Skipped(msgspec.Struct, frozen=True):
    """A file (or folder) that is not read, and why."""

    path: str
    reason: str


class LogFile(msgspec.Struct, frozen=True):
    """A file that holds text: its absolute path, how it was named, and how its text begins.

    `size` is that of the file itself, packed or not, `mtime` is in µs. `document` says that its records are
    no lines (.evtx, a JSON array); `start` is as much of its text as one read gives.
    """

    path: Path
    shown: str
    identity: Identity
    size: int
    mtime: int
    document: bool
    start: bytes


class Finder:
    """Finds the files behind paths, each once whatever it is called; `skipped` says what is left out.

    `ignored` are files never to be read: what the caller itself writes. A folder may hold them; to name one
    that is not empty is a mistake, which would cost a log.
    """

    def __init__(self, ignored: Iterable[Path] = ()) -> None:
        self.skipped: list[Skipped] = []
        self._seen: dict[Identity, str] = {}
        self._ignored = {found for path in ignored if (found := _identity(path))}

    def files(self, paths: Sequence[str]) -> Iterator[LogFile]:
        """The files in the order of their absolute paths, whatever the order of `paths`.

        Raises UsageError for a path that does not exist, a glob that nothing matches, and an ignored file.
        """
        named: dict[str, str] = {}
        for path in paths:
            for found in self._expand(path):
                absolute = os.path.abspath(found)  # noqa: PTH100 - symlinks stay as named
                named[absolute] = min(found, named.get(absolute, found))
        for absolute, shown in sorted(named.items()):
            file = self._file(Path(absolute), as_text(shown))
            if file is not None:
                yield file

    def _expand(self, path: str) -> Iterable[str]:
        expanded = os.path.expanduser(path)  # noqa: PTH111 - text: a pattern is no path
        if not os.path.lexists(expanded):
            matches = glob.glob(expanded, recursive=True) if glob.has_magic(expanded) else None  # noqa: PTH207
            if not matches:
                what = "no such file or folder" if matches is None else "no file matches"
                raise UsageError(f"{as_text(path)}: {what}")
        else:
            matches = [expanded]
        for match in sorted(matches):
            if os.path.isdir(match):  # noqa: PTH112 - what may not be asked is no folder, and reading says why
                yield from self._inside(match)
            else:
                self._refuse_ignored(match)
                yield match

    def _refuse_ignored(self, path: str) -> None:
        identity = _identity(Path(path)) if self._ignored else None
        if identity in self._ignored and Path(path).stat().st_size:
            raise UsageError(f"{as_text(path)}: it cannot be read and written at once; write to another file")

    def _inside(self, folder: str) -> Iterator[str]:
        """All files below a folder; links to folders are not followed, they may lead in a circle."""

        def refused(error: OSError) -> None:
            path = error.filename or folder
            self._skip(as_text(path), why_not(Path(path), error))

        for where, folders, files in os.walk(folder, onerror=refused):
            folders.sort()
            yield from (os.path.join(where, name) for name in sorted(files))  # noqa: PTH118

    def _file(self, path: Path, shown: str) -> LogFile | None:
        """The file if it holds text; else None, and it is told why."""
        try:
            info = path.stat()
            identity = (info.st_dev, info.st_ino)
            if identity in self._ignored:
                return None
            if not stat.S_ISREG(info.st_mode):
                self._skip(shown, "not a regular file")
                return None
            if identity in self._seen:
                self._skip(shown, f"the same file as {self._seen[identity]}")
                return None
            self._seen[identity] = shown
            start, document = _begin(path)
        except DamagedError as error:
            self._skip(shown, f"damaged: {error}")
        except OSError as error:
            reason = why_not(path, error)
            self._skip(shown, "a link that leads nowhere" if reason == WAITING else reason)
        except SoctermError as error:
            self._skip(shown, str(error).removeprefix(f"{path}: "))
        else:
            why = "" if document else no_text(start)
            if not why:
                mtime = info.st_mtime_ns // 1000
                return LogFile(path, shown, identity, info.st_size, mtime, document, start)
            self._skip(shown, why)
        return None

    def _skip(self, path: str, reason: str) -> None:
        self.skipped.append(Skipped(path, as_text(reason)))


def _begin(path: Path) -> tuple[bytes, bool]:
    """As much of a file's text as one read gives, and whether it is a document."""
    reader = open_reader(path)
    try:
        return reader.read(), not isinstance(reader, PlainReader) and bool(reader.document)
    finally:
        reader.close()


def no_text(start: bytes) -> str:
    r"""Why content that begins so is no log, "" where it may be one.

    >>> no_text(b"Nov 20 10:00:00 web1 sshd[7]: hello\n"), no_text(b"PK\x03\x04rest")
    ('', 'a zip archive: unpack it first')
    """
    for at, magic, reason in _KNOWN:
        if start[at : at + len(magic)] == magic:
            return reason
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "text in UTF-16: convert it first, for example with iconv -f UTF-16 -t UTF-8"
    looked_at = start[:LOOKED_AT]
    controls = len(looked_at) - len(looked_at.translate(None, _CONTROLS))
    return "binary content" if controls > _MOST_CONTROLS * len(looked_at) else ""


def _identity(path: Path) -> Identity | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino
