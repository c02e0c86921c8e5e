"""Files that are there whole or not at all, and never in the place of a store.

They are made in a hidden folder beside the name they get. Who makes one holds a lock on that folder: where
a process was killed the lock went with it, and the next one for the same name clears the folder away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from socterm.errors import SoctermError, UsageError

OWNER_ONLY: Final = 0o600
"""Rights of a new file: it holds what the store holds."""

_END: Final = ".part"
_SQLITE: Final = b"SQLite format 3\0"
_BESIDE_STORES: Final = ("-wal", "-shm", "-journal")


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """A hidden folder on a file's disk, to make it in; it goes away with all that is left in it.

    So do those that killed processes left of the same target. Raises OSError where there can be none.
    """
    clear(target)
    folder, lock = _locked(target)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _locked(target: Path) -> tuple[Path, int]:
    """A new folder and the lock on it; once more where another process took it for one left over."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=_END, dir=target.parent))
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        with contextlib.suppress(OSError):  # a disk without locks: then nothing is cleared there, either
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)


def clear(target: Path) -> None:
    """Remove the folders that processes that are gone left of a target."""
    start, length = f".{target.name}.", len(f".{target.name}.{_END}")
    try:
        found = list(target.parent.iterdir())
    except PermissionError:  # who may write there need not be allowed to look
        return
    for folder in found:
        if not (folder.name.startswith(start) and folder.name.endswith(_END) and len(folder.name) > length):
            continue
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # no folder, or not ours
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # somebody is at it
            continue
        finally:
            os.close(lock)


def refuse_store(path: Path) -> None:
    """Raises UsageError where a file that is to be written is a store, or what SQLite keeps beside one."""
    beside = [
        path.with_name(path.name.removesuffix(end)) for end in _BESIDE_STORES if path.name.endswith(end)
    ]
    for one in (path, *beside):
        if _is_sqlite(one):
            raise UsageError(f"{path} is a store, or belongs to one: name another file")


def _is_sqlite(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


@contextlib.contextmanager
def written(path: Path, *, replacing: bool = True) -> Iterator[TextIO]:
    """Text for a file, which is replaced at the end, or stays as it is where anything goes wrong.

    Only its owner can read a new one; one that is replaced keeps its rights. A link stays, and what it leads
    to is replaced. A device or a pipe is written as it comes.

    Raises UsageError for a folder, a store and, unless `replacing`, what is there already; SoctermError where
    it cannot be written.
    """
    try:
        real = path.expanduser().resolve()
        known = real.stat() if real.exists() else None
        if known is not None and not replacing:
            raise UsageError(f"{path} is there already: give another name")
        if known is not None and stat.S_ISDIR(known.st_mode):
            raise UsageError(f"{path} is no file: it is a folder")
        refuse_store(real)
    except (OSError, RuntimeError, ValueError) as error:  # the last two: no such user's home, a NUL in a name
        raise SoctermError(f"{path} cannot be written: {_reason(error)}") from None
    if known is not None and not stat.S_ISREG(known.st_mode):
        with _as_it_comes(path, real) as out:
            yield out
        return
    with _replaced(path, real, OWNER_ONLY if known is None else stat.S_IMODE(known.st_mode)) as out:
        yield out


@contextlib.contextmanager
def _as_it_comes(path: Path, real: Path) -> Iterator[TextIO]:
    try:
        with real.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
            yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SoctermError(f"{path}: {_reason(error)}: what is written there is not complete") from error


@contextlib.contextmanager
def _replaced(path: Path, real: Path, rights: int) -> Iterator[TextIO]:
    try:
        with folder_beside(real) as folder:
            part = folder / "new"
            with part.open("x", encoding="utf-8", errors="backslashreplace", newline="") as out:
                yield out
                out.flush()
                os.fchmod(out.fileno(), rights)
                os.fsync(out.fileno())
            part.replace(real)
    except OSError as error:
        raise SoctermError(f"{path} cannot be written: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
