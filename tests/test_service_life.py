"""`socterm run` under a service manager: what it tells, the watchdog, SIGHUP, lines for the journal."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socterm.cli.saying import ERROR, said, to_journal
from socterm.pipeline.sdnotify import Manager
from socterm.pipeline.status import IngestStatus, SourceStatus, waiting
from socterm.pipeline.supervision import Supervision, in_words
from socterm.store.keeping.retention import DAY
from tests.e2e.road import SOCTERM, environment, killed, lines_stored, until

LINE = "2026-11-20T10:00:00+00:00 web1 sshd[7]: Failed password for root from 192.0.2.7 port 4022 ssh2\n"


class Listening:
    """A service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[str] = []
        self._end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._end.bind("\0" + address[1:] if address.startswith("@") else address)

    def hear(self, seconds: float = 60.0) -> str:
        """The next message; "" where none comes within that time."""
        self._end.settimeout(seconds)
        try:
            message = self._end.recv(4096).decode()
        except TimeoutError:
            return ""
        self.heard.append(message)
        return message

    def until(self, start: str) -> str:
        """The first message from now on that begins so."""
        while message := self.hear():
            if message.startswith(start):
                return message
        raise AssertionError(f"no {start}: {self.heard}")

    def close(self) -> None:
        self._end.close()


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Listening]:
    found = Listening(str(tmp_path / "notify"))
    yield found
    found.close()


@contextmanager
def service(
    home: Path, *arguments: object, manager: Listening, watchdog: float = 0.0, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """`socterm run …` as systemd starts it."""
    named = {"NOTIFY_SOCKET": manager.address, **more}
    if watchdog:
        named["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
    process = subprocess.Popen(
        [*SOCTERM, "run", *map(str, arguments), "--db", str(home / "s.db")],
        env=environment(home) | named, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with killed(process):
        yield process


# -- the protocol


@pytest.mark.parametrize("abstract", [False, True])
def test_what_is_told_arrives_at_either_kind_of_address(tmp_path: Path, abstract: bool) -> None:
    listening = Listening(f"@socterm-{os.getpid()}" if abstract else str(tmp_path / "n"))
    manager = Manager.take({"NOTIFY_SOCKET": listening.address}, pid=1)
    manager.ready()
    manager.stopping()
    manager.alive()
    manager.status("two\nlines \x1b[31m")
    manager.status("two\nlines \x1b[31m")
    manager.reloading()
    assert [listening.hear(5) for _ in range(4)] == [
        "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=two lines ␛[31m",
    ]  # fmt: skip
    name, _, moment = listening.hear(5).partition("\nMONOTONIC_USEC=")
    assert name == "RELOADING=1"
    assert 0 < int(moment) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.failed == 0
    listening.close()


def test_what_started_us_is_taken_out_of_the_environment() -> None:
    variables = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7", "PATH": "/bin"}
    manager = Manager.take(variables, pid=7)
    assert manager.watchdog == 3.0
    assert manager.there
    assert variables == {"PATH": "/bin"}
    assert Manager.take({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"}, pid=7).watchdog == 0
    assert Manager.take({"WATCHDOG_USEC": "soon"}, pid=7).watchdog == 0


def test_nobody_at_the_address_is_no_failure_of_ours(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "gone"))
    manager.ready()
    assert manager.failed == 1
    Manager().ready()


# -- when it tells what


def status(**changes: object) -> IngestStatus:
    return msgspec.structs.replace(waiting(), **changes)


def test_ready_is_told_after_a_whole_round_that_could_write(listening: Listening) -> None:
    turns, now = [0], [status()]
    supervision = Supervision(Manager(listening.address), lambda: turns[0], lambda: now[0])
    supervision.look(1.0)
    now[0] = status(error="the disk is full")
    turns[0] = 1
    supervision.look(2.0)
    now[0] = status()
    supervision.look(3.0)
    supervision.look(4.0)
    heard = [listening.hear(5) for _ in range(2)]
    assert heard == ["STATUS=0 sources, 0 lines, 0 a second", "READY=1"]
    assert listening.hear(0.2) == ""


def test_the_watchdog_hears_of_rounds_only(listening: Listening) -> None:
    turns = [1]
    supervision = Supervision(Manager(listening.address, watchdog=10.0), lambda: turns[0], status)
    for now in (0.0, 4.9, 5.1, 30.0):
        turns[0] += 1
        supervision.look(now)
    for now in (40.0, 50.0, 60.0):  # stuck
        supervision.look(now)
    turns[0] += 1
    supervision.look(70.0)
    heard = []
    while text := listening.hear(0.2):
        heard.append(text)
    assert heard.count("WATCHDOG=1") == 4


def test_a_status_names_what_needs_a_look() -> None:
    source = SourceStatus("file:/var/log/a", 5, 5, 0, 0, {}, "permission denied", done=False)
    text = in_words(status(lines=5, drops=2, sources=(source, source)))
    assert text == "2 sources, 5 lines, 0 a second, 2 dropped, to look at: file:/var/log/a and 1 more"
    assert in_words(status(error="the disk is full")) == "the disk is full"


# -- the process


def terms_of(db: Path) -> dict[str, Any]:
    """Under which terms the ingest says that it keeps a store."""
    with closing(sqlite3.connect(db)) as store:
        row = store.execute("SELECT value FROM meta WHERE key = 'retention'").fetchone()
    return json.loads(row[0]) if row else {}


def test_from_start_to_stop(tmp_path: Path, listening: Listening) -> None:
    log, config = tmp_path / "auth.log", tmp_path / "c.toml"
    log.write_text(LINE)
    config.write_text("")
    options = ("--tail", log, "--from-start", "--config", config)
    with service(tmp_path, *options, manager=listening, watchdog=0.8) as process:
        listening.until("READY=1")
        assert lines_stored(tmp_path / "s.db", tmp_path) == 1
        listening.until("WATCHDOG=1")
        listening.until("WATCHDOG=1")
        assert listening.until("STATUS=1 sources, 1 lines")

        config.write_text('tail = ["/var/log/other.log"]\n[retention]\nolder = "9000d"\n')
        process.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in listening.until("RELOADING=1")
        listening.until("READY=1")

        config.write_text("[retention]\nolder = 'for ever and a day'\n")
        process.send_signal(signal.SIGHUP)
        listening.until("RELOADING=1")
        assert "stays as it was" in listening.until("STATUS=the configuration")
        listening.until("READY=1")

        with log.open("a") as more:
            more.write(LINE)
        until(lambda: lines_stored(tmp_path / "s.db", tmp_path) == 2, "a line after the reloads")
        until(lambda: terms_of(tmp_path / "s.db").get("older") == 9000 * DAY, "the new terms on record")
        process.send_signal(signal.SIGTERM)
        listening.until("STOPPING=1")
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0
    told = stderr.splitlines()
    assert any("configuration read anew: retention.older changed" in line for line in told)
    # --tail names the files here, so that of the file counts for nothing.
    assert not any("after a restart" in line for line in told)
    assert any("stays as it was" in line and "retention.older" in line for line in told)


def test_an_ingest_that_is_stuck_starves_the_watchdog(tmp_path: Path, listening: Listening) -> None:
    """Somebody else holds the store's write lock: the loop waits for it, the thread that tells does not."""
    log = tmp_path / "auth.log"
    log.write_text(LINE)
    with service(tmp_path, "--tail", log, "--from-start", manager=listening, watchdog=0.4) as process:
        listening.until("READY=1")
        listening.until("WATCHDOG=1")
        with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            with log.open("a") as more:
                more.write(LINE)
            quiet = listening.hear(3.0)  # what was told before the loop came to the lock may still come
            for _ in range(20):
                if not quiet.startswith("WATCHDOG"):
                    break
                quiet = listening.hear(3.0)
            rest = quiet or ""
            while rest:
                assert rest.startswith("STATUS"), rest
                rest = listening.hear(3.0)
            db.execute("ROLLBACK")
        listening.until("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_rules_and_lists_of_a_new_configuration_are_in_force_after_sighup(
    tmp_path: Path, listening: Listening
) -> None:
    log, config, rules = tmp_path / "auth.log", tmp_path / "c.toml", tmp_path / "more"
    log.write_text("")
    rules.mkdir()
    (rules / "r.yml").write_text(
        "title: A word\nid: 6c9b7f6c-2c0f-4b9a-9d1a-0f4b0b6b2f11\nlevel: high\nstatus: test\n"
        "logsource: {product: linux, service: sshd}\ndetection: {k: {user.name: root}, condition: k}\n"
    )
    config.write_text('syslog = []\n[llm]\nbackend = "none"\n')
    with service(tmp_path, "--tail", log, "--config", config, manager=listening) as process:
        listening.until("READY=1")
        (tmp_path / "assets.csv").write_text("ip,name\n192.0.2.7,printer\n")
        config.write_text('rules = ["more"]\nassets = "assets.csv"\nlateness = 9\n[llm]\nbackend = "none"\n')
        process.send_signal(signal.SIGHUP)
        listening.until("READY=1")

        def fates() -> int:
            with closing(sqlite3.connect(tmp_path / "s.db")) as db:
                (found,) = db.execute("SELECT count(*) FROM rules WHERE title = 'A word'").fetchone()
            return int(found)

        until(lambda: fates() == 1, "the rule")
        with log.open("a") as more:
            more.write(LINE)
        until(lambda: lines_stored(tmp_path / "s.db", tmp_path) == 1, "the line")
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
    assert "rules, assets changed" in stderr
    assert "in force after a restart: lateness" in stderr
    with closing(sqlite3.connect(tmp_path / "s.db")) as db:
        assert db.execute("SELECT count(*) FROM alerts WHERE title = 'A word'").fetchone() == (1,)


# -- the journal


@pytest.mark.parametrize("journal", [True, False])
def test_the_journal_gets_the_gravity_of_each_line(tmp_path: Path, journal: bool) -> None:
    log = tmp_path / "auth.log"
    log.write_text(LINE)
    with (tmp_path / "stderr").open("wb") as stderr:
        found = os.fstat(stderr.fileno())
        stream = f"{found.st_dev}:{found.st_ino if journal else found.st_ino + 1}"
        options = ["run", "--once", "--tail", str(log), "--db", str(tmp_path / "s.db")]
        named = environment(tmp_path) | {"JOURNAL_STREAM": stream}
        subprocess.run([*SOCTERM, *options], env=named, stderr=stderr, check=True)
        subprocess.run([*SOCTERM, "run"], env=named, stderr=stderr, check=False)
    closing_line, error = (tmp_path / "stderr").read_text().splitlines()
    assert closing_line.startswith(
        "<6>1 lines in this store" if journal else "socterm: 1 lines in this store"
    )
    assert error.startswith("<3>nothing to read" if journal else "socterm: nothing to read")


def test_no_text_begins_a_line_of_its_own() -> None:
    hostile = "no such file: x\n<0>panic\x1b]0;owned\x07"
    assert said(hostile, ERROR, journal=True) == "<3>no such file: x <0>panic␛]0;owned␇"
    assert not to_journal({"JOURNAL_STREAM": "1:2"})
    assert not to_journal({})
    assert not to_journal({"JOURNAL_STREAM": "1:2"}, descriptor=9999)


def test_a_terminals_end_ends_it(tmp_path: Path) -> None:
    """SIGHUP of a run that has a terminal is that terminal's end."""
    log = tmp_path / "auth.log"
    log.write_text(LINE)
    master, end = os.openpty()
    process = subprocess.Popen(
        [*SOCTERM, "run", "--tail", str(log), "--from-start", "--db", str(tmp_path / "s.db")],
        env=environment(tmp_path), stdin=end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(end)
    until(lambda: lines_stored(tmp_path / "s.db", tmp_path) == 1, "the line")
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    os.close(master)
