"""Rule files as they lie on disk: which there are, which changed since the last look, which cannot be had.

Reading is by signature: a file whose inode, size and times are as before is not read again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from socterm.sigma.documents import SUFFIXES, RuleFile, read_file

_ENDS = tuple(SUFFIXES)

Signature = tuple[int, int, int, int, int]


class Found(NamedTuple):
    """The files of a look in the order of loading, and what could not be had, with why."""

    files: dict[str, RuleFile]
    missing: dict[str, str]


class RuleDisk:
    """The rule files behind named files and folders, as `socterm.sigma.documents.rule_files` finds them.

    `named` is asked at every look: rule sets are installed and removed while we run.
    """

    def __init__(self, named: Callable[[], Sequence[Path]]) -> None:
        self.named = named
        self._paths: list[Path] = []
        self._known: dict[str, tuple[Signature, RuleFile]] = {}
        self._seen: object = None

    @property
    def paths(self) -> list[Path]:
        """The named files and folders as of now; as before where that cannot be said."""
        with contextlib.suppress(OSError):
            self._paths = [path.absolute() for path in self.named()]
        return self._paths

    def covers(self, path: str) -> bool:
        """Whether a path is a named one or lies in a named folder."""
        return any(_within(path, str(named)) for named in self.paths)

    def identity(self) -> object:
        """What changes when a named path is swapped for another folder or file; costs a call a path."""
        return [(path, os.path.realpath(path), _signature(path)) for path in self.paths]

    def changed(self) -> bool:
        """Whether anything is different from the last `read`."""
        return self._signatures() != self._seen

    def read(self) -> Found:
        """All files; only those that changed are read."""
        self._seen = signatures, missing = self._signatures()
        files: dict[str, RuleFile] = {}
        for path, signature in signatures.items():
            known = self._known.get(path)
            if known is None or known[0] != signature:
                known = self._known[path] = (signature, read_file(Path(path)))
            files[path] = known[1]
        self._known = {path: known for path, known in self._known.items() if path in files}
        return Found(files, missing)

    def _signatures(self) -> tuple[dict[str, Signature], dict[str, str]]:
        found: dict[str, Signature] = {}
        missing: dict[str, str] = {}
        for named in self.paths:
            for path, signature in _look(str(named), missing):
                found.setdefault(path, signature)
        return found, missing


def _look(named: str, missing: dict[str, str]) -> Iterator[tuple[str, Signature]]:
    """(path, signature) of each rule file in the order of loading; what cannot be had goes to `missing`."""
    if not Path(named).is_dir():
        try:
            info = Path(named).stat()
        except OSError as error:
            missing[named] = error.strerror or "cannot be read"
        else:
            yield named, _of(info)
        return
    found = sorted(_walk(named, missing), key=lambda item: item[0].split("/"))
    yield from found


def _walk(folder: str, missing: dict[str, str]) -> Iterator[tuple[str, Signature]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(entry.path, missing)
                elif entry.name.lower().endswith(_ENDS):
                    yield from _file(entry, missing)
    except OSError as error:
        missing[folder] = error.strerror or "cannot be read"


def _file(entry: os.DirEntry[str], missing: dict[str, str]) -> Iterator[tuple[str, Signature]]:
    try:
        if entry.is_file():
            yield entry.path, _of(entry.stat())
    except FileNotFoundError:  # went away between the listing and the look
        return
    except OSError as error:
        missing[entry.path] = error.strerror or "cannot be read"


def _of(info: os.stat_result) -> Signature:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _signature(path: Path) -> Signature | None:
    """Of a folder only which one it is: that something in it changed is told otherwise."""
    try:
        info = path.stat()
    except OSError:
        return None
    return (info.st_dev, info.st_ino, 0, 0, 0) if path.is_dir() else _of(info)


def _within(path: str, named: str) -> bool:
    return path == named or path.startswith(named.rstrip("/") + "/")
