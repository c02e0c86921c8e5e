"""Being woken: when a file grows, is rotated, appears late, or cannot be watched at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.sources.file import FileSource
from socterm.sources.watch import Watcher


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    made = Watcher()
    yield made
    made.close()


class Follower:
    def __init__(self, path: Path, watcher: Watcher | None) -> None:
        self.woken = threading.Semaphore(0)
        self.source = FileSource(path, clock=lambda: 1, watcher=watcher)
        self.source.start(self.woken.release)

    def line(self) -> bytes:
        """The next line, read only when woken."""
        while True:
            if chunk := self.source.read(1):
                return chunk.lines[0]
            assert self.woken.acquire(timeout=60), "nobody woke us"


def append(path: Path, line: str) -> None:
    with path.open("a") as log:
        log.write(line + "\n")


def test_growth_and_rotation_wake(tmp_path: Path, watcher: Watcher) -> None:
    log = tmp_path / "auth.log"
    log.touch()
    follower = Follower(log, watcher)
    for number in range(5):
        append(log, f"{number}")
        assert follower.line() == b"%d" % number
        log.rename(tmp_path / "auth.log.1")
        append(tmp_path / "auth.log.1", f"late {number}")
        assert follower.line() == b"late %d" % number
    assert follower.source.stats().note in ("", "waiting for it to be created")


def test_a_file_and_its_folder_created_later(tmp_path: Path, watcher: Watcher) -> None:
    log = tmp_path / "not" / "yet" / "auth.log"
    follower = Follower(log, watcher)
    assert follower.source.read(1) is None
    assert follower.source.stats().note == "waiting for it to be created"
    log.parent.mkdir(parents=True)
    append(log, "one")
    assert follower.line() == b"one"
    append(log, "two")
    assert follower.line() == b"two"


def test_each_source_is_woken_by_its_own_file(tmp_path: Path, watcher: Watcher) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = Follower(tmp_path / "a" / "x.log", watcher), Follower(tmp_path / "b" / "x.log", watcher)
    append(tmp_path / "a" / "x.log", "for a")
    assert first.line() == b"for a"
    append(tmp_path / "b" / "x.log", "for b")
    assert second.line() == b"for b"


def test_a_symlink_wakes_for_its_target(tmp_path: Path, watcher: Watcher) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "data", tmp_path / "x.log"
    target.touch()
    link.symlink_to(target)
    follower = Follower(link, watcher)
    append(target, "one")
    assert follower.line() == b"one"


def test_a_source_without_a_shared_watcher_has_its_own(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.touch()
    follower = Follower(log, None)
    append(log, "one")
    assert follower.line() == b"one"
    before = {thread.name for thread in threading.enumerate()}
    follower.source.close()
    assert "socterm-watch" in before
    assert "socterm-watch" not in {thread.name for thread in threading.enumerate()}


def test_where_watching_fails_it_looks_and_says_so(
    tmp_path: Path, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the system's inotify limit is reached."""

    def no_room(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("socterm.sources.watch.watch", no_room)
    log = tmp_path / "auth.log"
    log.touch()
    follower = Follower(log, watcher)
    append(log, "one")
    assert follower.line() == b"one"
    append(log, "two")
    assert follower.line() == b"two"
    while not (note := follower.source.stats().note):
        append(log, "more")
        follower.line()
    assert note == "cannot watch its directory ([Errno 28] No space left on device): looking every 250 ms"
