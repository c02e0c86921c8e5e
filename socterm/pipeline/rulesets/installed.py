"""Where fetched rule sets lie, and how one takes another's place: by renaming a link, whole or not at all.

rules/sigmahq          → .sigmahq/20261121T064500-1f2e3d4c
rules/.sigmahq/…       the set in use and the one before it, each with its `.json`
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from socterm.errors import SoctermError, UsageError
from socterm.sigma.documents import rule_files

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_UNFINISHED = "new-"


class SetInfo(msgspec.Struct, frozen=True):
    """What is known of an installed set. `at` is µs; `previous` the set it took the place of, "" for none."""

    id: str
    source: str
    sha256: str
    at: int
    rules: int
    previous: str = ""


class RuleSets:
    """The sets of one folder (`$XDG_DATA_HOME/socterm/rules`), which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of the sets that are in use."""
        if not self.folder.is_dir():
            return []
        found = (path.name for path in self.folder.iterdir() if not path.name.startswith("."))
        return sorted(name for name in found if self.current(name) is not None)

    def paths(self) -> list[Path]:
        """The folders to load rules from."""
        return [self.folder / name for name in self.names()]

    def current(self, name: str) -> SetInfo | None:
        """The set in use under a name, or None."""
        link = self.folder / name
        if not self._ours(name) or not link.is_dir():
            return None
        ident = link.readlink().name
        # A set whose note is lost is still a set: its rules must not be gone without a word.
        return self._info(name, ident) or SetInfo(ident, "", "", 0, len(rule_files([link])))

    @contextmanager
    def changing(self, name: str) -> Iterator[Path]:
        """An empty folder to unpack into, beside the sets of a name, while nobody else changes them.

        What is left of it at the end is removed, as is what an update that was killed has left.
        Raises `UsageError` for a name that cannot be a folder's, `SoctermError` where another update runs.
        """
        _check_name(name)
        if os.path.lexists(self.folder / name) and not self._ours(name):
            raise SoctermError(f"{self.folder / name} is no set that socterm made; move it away first")
        home = self._home(name)
        with self._locked(home):
            self._tidy(home)
            fresh = home / f"{_UNFINISHED}{os.getpid()}"
            try:
                fresh.mkdir()
            except OSError as error:
                raise SoctermError(f"{home}: {error.strerror}; nothing was changed") from error
            try:
                yield fresh
            finally:
                self._tidy(home)

    @contextmanager
    def _locked(self, home: Path) -> Iterator[None]:
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SoctermError(f"{home}: {error.strerror}") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SoctermError(f"{home}: another update of these rules is running") from error
            yield
        finally:
            os.close(lock)

    def install(self, name: str, fresh: Path, *, source: str, sha256: str, at: int, rules: int) -> SetInfo:
        """Let an unpacked folder of `changing` take the place of the set in use, and keep that one."""
        before = self.current(name)
        stamp = datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y%m%dT%H%M%S%f")
        info = SetInfo(
            f"{stamp}-{sha256[:8]}", source, sha256, at, rules, before.id if before is not None else ""
        )
        home = self._home(name)
        try:
            self._save(home, info)
            fresh.rename(home / info.id)
            os.sync()  # a set must be on disk as a whole before anything points at it
            self._point(name, info.id)
        except OSError as error:
            raise SoctermError(f"{home}: {error.strerror}; nothing was changed") from error
        self._prune(home, keep={info.id, info.previous})
        return info

    def rollback(self, name: str) -> tuple[SetInfo, SetInfo]:
        """Put the set before the one in use back: (it, the one that was in use). Raises `UsageError`."""
        self._installed(name)
        home = self._home(name)
        with self._locked(home):
            before = self._installed(name)  # asked again: an update may just have ended
            info = self._info(name, before.previous) if before.previous else None
            if info is None or not (home / info.id).is_dir():
                raise UsageError(f"there is no set before this one of {name}")
            try:
                self._point(name, info.id)
            except OSError as error:
                raise SoctermError(f"{home}: {error.strerror}; nothing was changed") from error
        return info, before

    def remove(self, name: str) -> SetInfo:
        """Take a set away, the one before it too. Raises `UsageError` where there is none."""
        info = self._installed(name)
        with self._locked(self._home(name)):
            try:
                (self.folder / name).unlink()
            except OSError as error:
                raise SoctermError(f"{self.folder / name}: {error.strerror}; nothing was changed") from error
            shutil.rmtree(self._home(name), ignore_errors=True)
        return info

    def _installed(self, name: str) -> SetInfo:
        _check_name(name)
        info = self.current(name)
        if info is None:
            raise UsageError(f"no set called {name!r} is installed; socterm rules update lists them")
        return info

    def _ours(self, name: str) -> bool:
        link = self.folder / name
        return link.is_symlink() and link.readlink().parent == Path(f".{name}")

    def _home(self, name: str) -> Path:
        return self.folder / f".{name}"

    def _info(self, name: str, ident: str) -> SetInfo | None:
        try:
            return msgspec.json.decode((self._home(name) / f"{ident}.json").read_bytes(), type=SetInfo)
        except (OSError, msgspec.DecodeError):
            return None

    def _save(self, home: Path, info: SetInfo) -> None:
        (home / f"{info.id}.json").write_bytes(msgspec.json.encode(info))

    def _point(self, name: str, ident: str) -> None:
        """The one step that counts: before it the old set is in use, after it the new one."""
        link = self._home(name) / f"{_UNFINISHED}link"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(f".{name}") / ident)
        link.replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _tidy(self, home: Path) -> None:
        for path in home.glob(f"{_UNFINISHED}*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _prune(self, home: Path, keep: set[str]) -> None:
        for path in home.iterdir():
            if path.name == "lock" or path.name.removesuffix(".json") in keep:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a set of rules; use small letters, digits, - and _")


def root_of(folder: Path) -> Path:
    """Where the rules of an archive begin: below the one folder that many archives put all in."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
