"""Where a rotated log went: finding a bookmark's file again, and the file that follows it.

Known names of rotated files: `auth.log.1`, `auth.log.0`, `auth.log.old`, `auth.log-20260101`,
`auth.log.2026-01-01`, `auth.log-1767225600`, each also with .gz, .xz, .bz2 or .zst behind it.
A file renamed to anything else in the same directory is still found by its inode.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator
from pathlib import Path

import msgspec

from socterm.errors import SoctermError
from socterm.sources.marks import Identity, Mark
from socterm.sources.readers import PACKED_SUFFIXES, PackedReader, PlainReader, open_reader

_PACKED = r"(?:\.(?:gz|xz|bz2|zst))?"
_SUFFIX = re.compile(
    r"[.-](?:(?P<number>\d{1,4}|old)|(?P<date>\d{4}[-._]?\d\d[-._]?\d\d(?:[-._T]?\d+)*|\d{10}))" + _PACKED
)
_ROTATED = re.compile(rf"(?P<base>.+?){_SUFFIX.pattern}")


class Found(msgspec.Struct, frozen=True):
    """One file of a log: the log itself (no number, no date) or a rotated one."""

    path: Path
    identity: Identity
    mtime: int
    size: int
    number: int | None = None
    date: str = ""

    @property
    def packed(self) -> bool:
        """Whether its name says that it is compressed."""
        return self.path.suffix in PACKED_SUFFIXES


def rotated_from(path: Path) -> Path | None:
    """The log a rotated file's name belongs to, or None when the name does not look rotated."""
    match = _ROTATED.fullmatch(path.name)
    return path.with_name(match["base"]) if match else None


def age_of(path: Path) -> tuple[str, int | str]:
    """Where a file stands among those of its log by its name alone: (how it is told, less is older).

    Only what is told the same way can be compared; a name that does not look rotated is ("", 0).

    >>> age_of(Path("auth.log.2.gz")) < age_of(Path("auth.log.1")), age_of(Path("auth.log"))
    (True, ('', 0))
    """
    match = _ROTATED.fullmatch(path.name)
    if match is None:
        return "", 0
    if match["date"]:
        return "date", re.sub(r"\D", "", match["date"])
    return "number", -(0 if match["number"] == "old" else int(match["number"]))


def chain(path: Path) -> list[Found]:
    """The files of one log, oldest first, the log itself last where it exists."""
    slots: dict[str, Found] = {}
    current: list[Found] = []
    for entry in _entries(path):
        if entry.path == path:
            current.append(entry)
            continue
        match = _SUFFIX.fullmatch(entry.path.name.removeprefix(path.name))
        if not entry.path.name.startswith(path.name) or match is None:
            continue
        number = match["number"]
        found = msgspec.structs.replace(
            entry,
            number=None if number is None else 0 if number == "old" else int(number),
            date=match["date"] or "",
        )
        slot = number or match["date"]
        # While a packer runs, both forms are there and the packed one is not whole yet.
        if slot not in slots or not found.packed:
            slots[slot] = found
    return _in_order(list(slots.values())) + current


def locate(path: Path, mark: Mark) -> PlainReader | PackedReader | None:
    """Open the file the mark was made in, wherever it is now, positioned at the mark; None when gone.

    First by device and inode, then by inode alone (device numbers change over a reboot), then by
    content: a packed or copied file. Of several that hold the content the oldest that was written
    since is taken.
    """
    tried: set[Path] = set()
    for candidate in _candidates(path, mark):
        if candidate.path in tried:
            continue
        tried.add(candidate.path)
        for reader in _ways(candidate):
            if reader.resume(mark):
                return reader
            reader.close()
    return None


def successor(path: Path, current: Identity, mark: Mark, skip: Container[Identity]) -> Found | None:
    """The file with content that follows the one with identity `current`; None while there is none.

    An empty one does not follow yet: its writer may not have noticed the rotation.
    Where the current one has been packed or deleted meanwhile, what follows is what was written later.
    """
    files = chain(path)
    place = next((index for index, file in enumerate(files) if file.identity == current), None)
    if place is None and (twin := _packed_twin(files, mark)) is not None:
        place = twin
    if place is not None:
        following = files[place + 1 :]
    else:
        following = [file for file in files if file.path == path or file.mtime > mark.mtime]
    return next((file for file in following if file.size and file.identity not in skip), None)


def holds(path: Path, mark: Mark) -> bool:
    """Whether that path is the file the mark was made in: the same inode and the same content."""
    try:
        info = path.stat()
        if (info.st_dev, info.st_ino) != mark.identity:
            return False
    except OSError:
        return False
    for reader in _ways(Found(path, mark.identity, info.st_mtime_ns, info.st_size)):
        same = reader.resume(mark)
        reader.close()
        if same:
            return True
    return False


def open_found(found: Found, *, follow: bool = True) -> PlainReader | PackedReader | None:
    """Open a listed file; None when it is not readable or no longer the one that was listed."""
    try:
        reader = open_reader(found.path, follow=follow)
    except (OSError, SoctermError):
        return None
    if reader.identity != found.identity:
        reader.close()
        return None
    return reader


def _ways(found: Found) -> Iterator[PlainReader | PackedReader]:
    """A listed file as it is read: of lines, or the document that it was before its first line had an end."""
    reader = open_found(found)
    if reader is not None:
        bundled = reader.bundled
        yield reader
        if bundled and (document := open_found(found, follow=False)) is not None:
            yield document


def _packed_twin(files: list[Found], mark: Mark) -> int | None:
    if not mark.offset:
        return None
    for index, file in enumerate(files):
        if file.packed and (reader := open_found(file)) is not None:
            same = reader.resume(mark)
            reader.close()
            if same:
                return index
    return None


def _candidates(path: Path, mark: Mark) -> Iterator[Found]:
    entries = sorted(_entries(path), key=lambda entry: entry.path != path)
    yield from (entry for entry in entries if entry.identity == mark.identity)
    yield from (entry for entry in entries if entry.identity[1] == mark.ino)
    files = chain(path)
    yield from (file for file in files if file.mtime >= mark.mtime)
    yield from files


def _entries(path: Path) -> list[Found]:
    found = []
    for folder in {path.parent, path.resolve().parent}:
        try:
            names = list(os.scandir(folder))
        except OSError:
            continue
        for entry in names:
            try:
                info = entry.stat()
                if entry.is_file():
                    identity = (info.st_dev, info.st_ino)
                    found.append(Found(folder / entry.name, identity, info.st_mtime_ns, info.st_size))
            except OSError:
                continue  # gone or forbidden between listing and looking: not a candidate
    return found


def _in_order(files: list[Found]) -> list[Found]:
    if all(file.number is not None for file in files):
        return sorted(files, key=lambda file: -(file.number or 0))
    if all(file.date for file in files):
        return sorted(files, key=lambda file: file.date)
    return sorted(files, key=lambda file: file.mtime)
