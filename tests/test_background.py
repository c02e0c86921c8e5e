"""Ingest beside the console: what is heard of it, how it ends, who takes over."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socterm.cli import news
from socterm.cli.news import COMMIT, News, Teller
from socterm.pipeline.status import waiting
from tests.e2e.road import environment, lines_stored, running, socterm, until

LINES = [f"2026-03-17T10:00:{n % 60:02}Z h sshd[{n}]: Connection closed by 192.0.2.9" for n in range(500)]
HOST = Path(__file__).with_name("background_host.py")


class Host:
    """The process that stands for the console."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.first = self._hear()

    def ask(self, what: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def status_with(self, **wanted: Any) -> dict[str, Any]:
        """Wait for a status that has these values."""
        found: dict[str, Any] = {}

        def holds() -> bool:
            found.update(self.ask("status"))
            return all(found[name] == value for name, value in wanted.items())

        until(holds, f"a status with {wanted}")
        return found


@contextmanager
def hosted(db: Path, *specs: object, home: Path, stand_by: bool = True, piped: int = 0) -> Iterator[Host]:
    command = [sys.executable, HOST, db, "stand-by" if stand_by else "stay", piped, *specs]
    process = subprocess.Popen(
        [str(part) for part in command], env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, pass_fds=(piped,) if piped else (),
    )  # fmt: skip
    with process:
        try:
            yield Host(process)
        finally:
            process.kill()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_text("\n".join(LINES) + "\n")
    return path


def test_what_is_ingested_is_heard_of(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with hosted(db, log, home=tmp_path) as host:
        assert host.first["holder"] == ""
        status = host.status_with(lines=len(LINES), backlog=0)
        assert [source["name"] for source in status["sources"]] == [f"file:{log}"]
        assert status["commits"] > 0
        host.status_with(rate=0.0, mode="ingesting")  # told without any commit
        assert host.ask("stop") == {"failure": ""}
        assert not alive(host.first["pid"])
    assert lines_stored(db, tmp_path) == len(LINES)


def test_who_leaves_before_anything_was_read_need_not_wait(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with hosted(db, "never", home=tmp_path) as host:
        assert host.ask("stop") == {"failure": ""}
        assert not alive(host.first["pid"])
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    assert lines_stored(db, tmp_path) == len(LINES)


def test_a_killed_ingest_is_told_in_one_line(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with hosted(db, log, home=tmp_path) as host:
        host.status_with(lines=len(LINES))
        os.kill(host.first["pid"], signal.SIGKILL)
        said = "ingest stopped: its process was killed (SIGKILL); leave and start socterm again to go on"
        status = host.status_with(error=said)
        assert status["lines"] == len(LINES)
        assert status["rate"] == 0
        assert host.ask("stop") == {"failure": said}
    with log.open("a") as out:
        out.write(LINES[0] + "\n")
    socterm("run", "--tail", log, "--once", "-q", "--db", db, home=tmp_path)
    assert lines_stored(db, tmp_path) == len(LINES) + 1


def test_ingest_ends_with_the_console_however_that_ends(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with hosted(db, log, home=tmp_path) as host:
        host.status_with(lines=len(LINES))
        host.process.kill()
        until(lambda: not alive(host.first["pid"]), "the ingest process to end")
    with hosted(db, log, home=tmp_path) as host:  # and it has given the store back
        assert host.first["holder"] == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_ingest_is_the_consoles(log: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Who is told "process 123 ingests into this store" and ends it, ends the console."""
    with hosted(tmp_path / "soc.db", log, home=tmp_path) as host:
        host.status_with(lines=len(LINES))
        os.kill(host.first["pid"], number)
        assert host.process.wait() == -signal.SIGTERM
        until(lambda: not alive(host.first["pid"]), "the ingest process to end")


def test_it_stands_by_and_takes_over(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with running("--tail", log, "--from-start", "--db", db, home=tmp_path) as other:
        until(lambda: lines_stored(db, tmp_path) == len(LINES), "the other one to ingest")
        with hosted(db, log, home=tmp_path) as host:
            assert host.first["holder"].startswith(f"process {other.pid} on ")
            host.status_with(mode=f"attached: {host.first['holder']} ingests", lines=0)
            other.terminate()
            other.wait()
            with log.open("a") as out:
                out.write(LINES[0] + "\n")
            host.status_with(mode="ingesting", lines=len(LINES) + 1)


def test_what_cannot_wait_is_refused(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with hosted(db, log, home=tmp_path) as first, hosted(db, log, home=tmp_path, stand_by=False) as host:
        assert f"process {first.first['pid']} on" in host.first["refused"]
        assert host.first["code"] == 3


def test_a_store_that_cannot_be_opened_is_refused(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    db.write_text("no store at all, and long enough to be looked at as one" * 10)
    with hosted(db, log, home=tmp_path) as host:
        assert str(db) in host.first["refused"]
        assert host.ask("stop")["failure"].startswith("ingest stopped: ")


def test_what_is_piped_in_is_read_there(tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    reading, writing = os.pipe()
    with hosted(db, "-", home=tmp_path, piped=reading, stand_by=False) as host:
        os.close(reading)
        os.write(writing, ("\n".join(LINES) + "\n").encode())
        host.status_with(lines=len(LINES))
        os.kill(host.first["pid"], signal.SIGKILL)
        # Its reader is gone: whoever writes hears of it.
        look = select.poll()
        look.register(writing, 0)
        until(lambda: bool(look.poll(0)), "the pipe to break")
    os.close(writing)


def test_telling_never_waits_and_the_newest_arrives() -> None:
    """A console that stands still (Ctrl-Z) does not hold up ingest; later it hears how things are then."""
    ours, theirs = socket.socketpair()
    teller = Teller(theirs)
    for number in range(20_000):
        teller.tell(msgspec.structs.replace(waiting(), lines=number), committed=True)
    heard = b""
    ours.setblocking(False)

    def hear() -> bool:
        nonlocal heard
        teller.tell(newest)
        if select.select([ours], [], [], 0)[0]:
            heard += ours.recv(1 << 20)
        return b'"lines":99999,' in heard and heard.endswith(b"}\n\n")

    newest = msgspec.structs.replace(waiting(), lines=99_999)
    until(hear, "the newest status and the last commit")
    told = [news.read(line) for line in heard.splitlines(keepends=True) if line != COMMIT]
    assert 100 < len(told) < 20_000
    assert [item.status.lines for item in told if item.status] == [*range(len(told) - 1), 99_999]
    ours.close()
    theirs.close()


def test_hanging_up_is_noticed_and_telling_goes_nowhere() -> None:
    ours, theirs = socket.socketpair()
    teller = Teller(theirs)
    assert not teller.gone(0)
    ours.close()
    assert teller.gone(0)
    teller.tell(waiting(), committed=True)
    teller.last(News(failure="nobody hears"))
    theirs.close()
