"""Wakes the pipeline when a watched file changes: inotify through watchfiles, else by looking.

What is here is only a hint: reading checks everything itself, so a missed or a false wake costs time,
never a line.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from watchfiles import Change, watch

from socterm.sources.base import Wake

_LOOK_EVERY = 0.25
"""Seconds between looks at files whose directory cannot be watched."""

_DISTRUST = 4
"""Every how many looks the watched ones are looked at too: network file systems tell nothing."""

_Signature = tuple[int, int, int, int] | None


class _Entry:
    """One watched file: whom to wake, and what it looked like at the last look."""

    def __init__(self, path: Path, wake: Wake) -> None:
        self.path = path
        self.wake = wake
        self.folders = {str(path.parent), str(path.resolve().parent)}
        self.signature = _signature(path)
        self.names = (str(path), str(path.resolve()))

    def look(self) -> None:
        """Wake when the file is not what it was."""
        now = _signature(self.path)
        if now != self.signature:
            self.signature = now
            self.wake()

    def told(self, changed: str) -> bool:
        """Whether a changed path concerns it: itself or a rotated file of it."""
        return changed.startswith(self.names)


class Watcher:
    """One thread that watches the directories of any number of files, each waking its own source.

    Directories that cannot be watched (missing, inotify limits) are looked at every 250 ms, and all
    others once a second.
    """

    def __init__(self) -> None:
        self._entries: dict[Path, _Entry] = {}
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble: dict[str, str] = {}

    def add(self, path: Path, wake: Wake) -> None:
        """Call `wake` when the file, or one whose name starts with its name, changes."""
        with self._lock:
            self._entries[path] = _Entry(path, wake)
            self._changed.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="socterm-watch", daemon=True)
                self._thread.start()

    def remove(self, path: Path) -> None:
        """Stop waking for that file."""
        with self._lock:
            if self._entries.pop(path, None) is not None:
                self._changed.set()

    def note(self, path: Path) -> str:
        """Why a file is looked at instead of watched, "" when it is watched."""
        reason = self._trouble.get(str(path.parent), "")
        return f"cannot watch its directory ({reason}): looking every 250 ms" if reason else ""

    def close(self) -> None:
        """End the thread; returns when it has ended."""
        self._stop.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._changed.clear()
            with self._lock:
                entries = list(self._entries.values())
            folders = self._watchable(entries)
            if folders:
                self._watch(folders, entries)
            else:
                self._look_only(entries)

    def _watchable(self, entries: list[_Entry]) -> list[str]:
        folders = sorted(set().union(*(entry.folders for entry in entries)))
        self._trouble = {}
        for folder in folders:
            try:
                os.scandir(folder).close()
            except OSError as error:
                self._trouble[folder] = error.strerror or "unknown error"
        return [folder for folder in folders if folder not in self._trouble]

    def _watch(self, folders: list[str], entries: list[_Entry]) -> None:
        looks = 0
        due = time.monotonic() + _LOOK_EVERY
        try:
            for changes in watch(
                *folders,
                watch_filter=None,
                debounce=10,
                step=1,
                stop_event=self._changed,
                rust_timeout=int(_LOOK_EVERY * 1000),
                yield_on_timeout=True,
                recursive=False,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                _tell(entries, changes)
                if time.monotonic() >= due:
                    looks += 1
                    due = time.monotonic() + _LOOK_EVERY
                    self._look(entries, everything=looks % _DISTRUST == 0)
                    if self._healed():
                        return
        except (OSError, RuntimeError) as error:
            self._trouble = dict.fromkeys(folders, str(error).splitlines()[0] if str(error) else "no watch")
            self._look_only(entries)

    def _look_only(self, entries: list[_Entry]) -> None:
        while not self._changed.wait(_LOOK_EVERY):
            self._look(entries, everything=True)
            if self._healed():
                return

    def _look(self, entries: list[_Entry], *, everything: bool) -> None:
        for entry in entries:
            if everything or not self._trouble.keys().isdisjoint(entry.folders):
                entry.look()

    def _healed(self) -> bool:
        """Whether a directory that was missing is there now: then watch it."""
        return any(reason == _MISSING and Path(folder).is_dir() for folder, reason in self._trouble.items())


_MISSING = os.strerror(2)


def _tell(entries: list[_Entry], changes: set[tuple[Change, str]]) -> None:
    if changes:
        for entry in entries:
            if any(entry.told(path) for _, path in changes):
                entry.wake()


def _signature(path: Path) -> _Signature:
    try:
        info = path.stat()
    except OSError:
        return None
    return (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
