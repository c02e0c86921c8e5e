"""What a person names becomes sources; what is missing or forbidden is named and the others go on."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from socterm.errors import SoctermError, UsageError
from socterm.event import Chunk
from socterm.sources.access import group_name
from socterm.sources.base import Source
from socterm.sources.file import FileSource
from socterm.sources.machine import this_machines_logs
from socterm.sources.opening import Opener, open_sources

NOW = 1_790_000_000_000_000


def no_bookmark(name: str) -> None:
    return None


def opener(*specs: str | Path, bookmark: Any = no_bookmark, **options: Any) -> Opener:
    return Opener([str(spec) for spec in specs], bookmark=bookmark, clock=lambda: NOW, **options)


def begin(sources: list[Source]) -> list[str]:
    for source in sources:
        source.start(lambda: None)
    return [source.name for source in sources]


def drain(source: Source) -> list[bytes]:
    lines: list[bytes] = []
    while chunk := source.read(100):
        lines += chunk.lines
    return lines


def append(path: Path, *lines: str) -> None:
    with path.open("a") as log:
        log.writelines(line + "\n" for line in lines)


@pytest.fixture
def outsider() -> Iterator[Path]:
    """A folder any user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="socterm-access-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything: take another user's place meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


class TestSpecs:
    def test_paths_and_standard_input_and_listeners(self, tmp_path: Path) -> None:
        append(tmp_path / "a.log", "one")
        end, into = os.pipe()
        opened = opener(tmp_path / "a.log", "-", "udp://127.0.0.1:0", stdin_fd=end)
        names = begin(opened.poll())
        assert names[:2] == [f"file:{tmp_path}/a.log", "stdin"]
        assert names[2].startswith("syslog:udp://127.0.0.1:")
        assert opened.poll() == []
        opened.close()
        os.close(end)
        os.close(into)

    def test_the_same_file_twice_is_one_source(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        append(tmp_path / "a.log", "one")
        monkeypatch.chdir(tmp_path)
        opened = opener("a.log", tmp_path / "a.log", "*.log")
        assert [source.name for source in opened.poll()] == [f"file:{tmp_path}/a.log"]
        opened.close()

    def test_the_bookmark_wins_over_from_start_and_lines(self, tmp_path: Path) -> None:
        log = tmp_path / "a.log"
        append(log, "one", "two", "three")
        source = FileSource(log, clock=lambda: NOW, from_start=True)
        chunk = source.read(2)
        assert chunk is not None
        source.close()
        sources, opened = open_sources(
            [str(log)],
            bookmark={f"file:{log}": (2, chunk.bookmark)}.get,
            clock=lambda: NOW,
            from_start=True,
            lines=3,
        )
        begin(sources)
        found = sources[0].read(10)
        assert found is not None
        assert (found.first, found.lines) == (2, [b"three"])
        opened.close()

    def test_a_taken_port_is_told_at_once(self) -> None:
        first = opener("udp://127.0.0.1:0")
        (source,) = first.poll()
        with pytest.raises(SoctermError, match="another program has the port"):
            opener(source.name.removeprefix("syslog:"))
        first.close()

    @pytest.mark.parametrize("spec", ["no.log", "no-*.log"])
    def test_once_needs_the_file(self, tmp_path: Path, spec: str) -> None:
        with pytest.raises(UsageError, match=r"no such file|no file matches"):
            opener(tmp_path / spec, once=True)

    def test_a_directory_is_refused_with_the_glob_to_use(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"a directory; name the files in it"):
            opener(tmp_path)

    def test_once_reads_rotated_files_too_and_ends(self, tmp_path: Path) -> None:
        append(tmp_path / "a.log", "new")
        append(tmp_path / "a.log.1", "old")
        opened = opener(tmp_path / "a.log*", once=True)
        sources = opened.poll()
        begin(sources)
        found = {Path(source.name).name: drain(source) for source in sources}
        assert found == {"a.log": [b"new"], "a.log.1": [b"old"]}
        assert all(source.done for source in sources)
        opened.close()


class TestGlobs:
    def test_a_new_file_is_read_from_its_start(self, tmp_path: Path) -> None:
        append(tmp_path / "a.log", "before")
        opened = opener(tmp_path / "*.log")
        sources = opened.poll()
        begin(sources)
        append(tmp_path / "b.log", "first", "second")
        (late,) = opened.poll()
        begin([late])
        assert drain(late) == [b"first", b"second"]
        assert drain(sources[0]) == []
        opened.close()

    def test_a_rotated_file_is_no_source_of_its_own(self, tmp_path: Path) -> None:
        log = tmp_path / "a.log"
        append(log, "one")
        append(tmp_path / "a.log.2.gz", "whatever")
        opened = opener(f"{log}*")
        (source,) = opened.poll()
        begin([source])
        append(log, "two")
        log.rename(tmp_path / "a.log.1")
        assert opened.poll() == []
        append(log, "three")
        assert opened.poll() == []
        assert drain(source) == [b"two", b"three"]
        assert opened.poll() == []
        opened.close()

    def test_a_log_renamed_within_the_glob_is_not_read_twice(self, tmp_path: Path) -> None:
        log = tmp_path / "app.log"
        append(log, "one")
        opened = opener(tmp_path / "*.log", from_start=True)
        (source,) = opened.poll()
        begin([source])
        assert drain(source) == [b"one"]
        log.rename(tmp_path / "app-20260101.log")
        append(log, "two")
        assert opened.poll() == []
        assert drain(source) == [b"two"]
        assert opened.poll() == []
        opened.close()

    def test_nor_after_a_restart(self, tmp_path: Path) -> None:
        log = tmp_path / "app.log"
        append(log, "one", "two")
        source = FileSource(log, clock=lambda: NOW, from_start=True)
        chunk = source.read(1)
        assert chunk is not None
        source.close()
        log.rename(tmp_path / "app-20260101.log")
        append(log, "three")
        opened = opener(
            tmp_path / "*.log", from_start=True, bookmark={f"file:{log}": (1, chunk.bookmark)}.get
        )
        sources = opened.poll()
        assert begin(sources) == [f"file:{log}"]
        assert drain(sources[0]) == [b"two", b"three"]
        opened.close()

    def test_a_new_file_under_a_freed_inode_is_a_source(self, tmp_path: Path) -> None:
        log = tmp_path / "a.log"
        append(log, "one")
        opened = opener(tmp_path / "*.log", from_start=True)
        (source,) = opened.poll()
        begin([source])
        drain(source)
        log.rename(tmp_path / "gone")
        append(log, "two")
        drain(source)
        with (tmp_path / "gone").open("w") as reused:
            reused.write("not what it was\n")
        (tmp_path / "gone").rename(tmp_path / "b.log")
        assert [late.name for late in opened.poll()] == [f"file:{tmp_path}/b.log"]
        opened.close()


class TestForbidden:
    def test_names_the_group_and_the_others_go_on(self, outsider: Path) -> None:
        closed, free = outsider / "auth.log", outsider / "free.log"
        append(closed, "secret")
        append(free, "one")
        root = os.geteuid() == 0
        group = group_name(4)
        if root:
            os.chown(closed, -1, 4)
        closed.chmod(0o640 if root else 0)
        with as_nobody():
            opened = opener(closed, free, from_start=True)
            sources = opened.poll()
            begin(sources)
            assert drain(sources[0]) == []
            assert drain(sources[1]) == [b"one"]
            note = sources[0].stats().note
            assert note.startswith("permission denied: ")
            if root:
                assert f"join group {group}: sudo usermod -aG {group} $USER" in note
        closed.chmod(0o644)
        assert drain(sources[0]) == [b"secret"]
        assert sources[0].stats().note == ""
        opened.close()

    def test_a_file_only_its_owner_may_read(self, outsider: Path) -> None:
        append(outsider / "x.log", "secret")
        (outsider / "x.log").chmod(0)
        with as_nobody():
            source = FileSource(outsider / "x.log", clock=lambda: NOW)
            assert source.read(1) is None
            assert "may read" in source.stats().note

    def test_a_folder_that_lets_nobody_through(self, outsider: Path) -> None:
        inner = outsider / "private"
        inner.mkdir()
        append(inner / "x.log", "secret")
        inner.chmod(0)
        with as_nobody():
            source = FileSource(inner / "x.log", clock=lambda: NOW)
            assert source.read(1) is None
            assert str(inner) in source.stats().note
        inner.chmod(0o755)


def journalctl(folder: Path, script: str) -> str:
    """A stand-in program: what journalctl prints and how it ends is the script's business."""
    path = folder / "journalctl"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def wait_for(source: Source, woken: threading.Semaphore, count: int) -> list[Chunk]:
    found: list[Chunk] = []
    while sum(len(chunk.lines) for chunk in found) < count:
        if chunk := source.read(100):
            found.append(chunk)
        else:
            assert woken.acquire(timeout=60)
    return found


class TestJournalInPlaceOfAFile:
    def test_follows_the_journal_until_the_file_appears(self, tmp_path: Path) -> None:
        log = tmp_path / "auth.log"
        program = journalctl(tmp_path, """printf '{"__CURSOR":"c1","ARGS":"%s"}\\n' "$*"; exec sleep 1000""")
        opened = opener(
            log, stand_ins={log: ("SYSLOG_FACILITY=4", "+", "SYSLOG_FACILITY=10")}, journalctl=program
        )
        (journal,) = opened.poll()
        woken = threading.Semaphore(0)
        journal.start(woken.release)
        assert journal.name == "journal:auth"
        assert f"{log} does not exist" in journal.stats().note
        (chunk,) = wait_for(journal, woken, 1)
        assert b"SYSLOG_FACILITY=4 + SYSLOG_FACILITY=10" in chunk.lines[0]
        assert opened.poll() == []
        append(log, "first", "second")
        assert opened.poll() == []
        while not journal.done:
            assert journal.read(10) is None
            assert journal.done or woken.acquire(timeout=60)
        (file,) = opened.poll()
        begin([file])
        assert file.name == f"file:{log}"
        assert drain(file) == [b"first", b"second"]
        assert opened.poll() == []
        opened.close()

    def test_a_file_read_before_is_waited_for(self, tmp_path: Path) -> None:
        log = tmp_path / "auth.log"
        program = journalctl(tmp_path, "exec sleep 1000")
        opened = opener(log, stand_ins={log: ()}, journalctl=program, bookmark={f"file:{log}": (3, {})}.get)
        (source,) = opened.poll()
        begin([source])
        assert source.name == f"file:{log}"
        assert source.stats().note == "waiting for it to be created"
        opened.close()

    def test_without_journalctl_the_file_is_waited_for(self, tmp_path: Path) -> None:
        log = tmp_path / "auth.log"
        opened = opener(log, stand_ins={log: ()}, journalctl=str(tmp_path / "none"))
        assert [source.name for source in opened.poll()] == [f"file:{log}"]
        opened.close()


class TestThisMachine:
    def test_the_files_that_can_be_read(self, tmp_path: Path) -> None:
        append(tmp_path / "auth.log", "x")
        append(tmp_path / "syslog", "x")
        specs = [f"{tmp_path}/auth.log", f"{tmp_path}/syslog"]
        assert this_machines_logs(tmp_path) == (specs, [])

    def test_the_journal_where_there_is_no_file(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal" / "machine" / "system.journal"
        journal.parent.mkdir(parents=True)
        journal.touch()
        program = journalctl(tmp_path, "exit 0")
        found = this_machines_logs(tmp_path, journals=(tmp_path / "journal",), journalctl=program)
        assert found == (["journal"], [])

    def test_reasons_for_what_cannot_be_read(self, outsider: Path) -> None:
        append(outsider / "secure", "x")
        (outsider / "secure").chmod(0)
        with as_nobody():
            specs, reasons = this_machines_logs(outsider, journals=(), journalctl=str(outsider / "none"))
        assert specs == []
        assert reasons[0].startswith(f"{outsider}/secure: permission denied: ")
        assert reasons[1] == "journal: journalctl is not installed"
