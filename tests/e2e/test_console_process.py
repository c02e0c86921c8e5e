"""The two processes of a console in a real terminal: how either ends, and what is seen of it."""

from __future__ import annotations

import os
import signal
import sqlite3
from itertools import islice
from pathlib import Path

import pytest
from benchmarks.data import story_lines
from tests.e2e.road import SOCTERM, socterm, until
from tests.e2e.tmux import Tmux

pytestmark = pytest.mark.e2e

LINES = [line + "\n" for line in islice(story_lines(3), 3_000)]

KILLED = "ingest stopped: its process was killed (SIGKILL); leave and start socterm again to go on"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_text("".join(LINES[:2_000]))
    return path


def console(log: Path, db: Path) -> list[object]:
    return [*SOCTERM, "--tail", log, "--from-start", "--tz", "UTC", "--db", db]


def ingester(db: Path) -> int:
    """The process that has the store; 0 while none has."""
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as found:
        row = found.execute("SELECT pid FROM lease").fetchone()
    return int(row[0]) if row else 0


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return True


def stored(db: Path, home: Path) -> int:
    return int(socterm("search", "--count", "--db", db, home=home))


def test_a_killed_ingest_leaves_a_console_that_can_be_used(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with Tmux(tmp_path) as tmux:
        tmux.type(console(log, db))
        tmux.shows("after brute force")
        tmux.until(lambda: stored(db, tmp_path) == 2_000, "all lines in the store")
        os.kill(ingester(db), signal.SIGKILL)
        tmux.shows(
            "! ingest stopped: its process was killed (SIGKILL); leave and start socterm again to go on"
        )
        tmux.keys("j", "e")
        tmux.shows("1 alert closed")
        tmux.keys("q")
        tmux.shows(f"socterm: {KILLED}", "left with 3")
        with log.open("a") as out:
            out.writelines(LINES[2_000:])
        tmux.do("send-keys", "-R")
        tmux.type(console(log, db))
        tmux.until(lambda: stored(db, tmp_path) == len(LINES), "the rest in the store")
        child = ingester(db)
        tmux.keys("q")
        tmux.shows("left with 0")
        assert ended(child)
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_ingest_ends_with_the_console(log: Path, tmp_path: Path, number: signal.Signals) -> None:
    db = tmp_path / "soc.db"
    with Tmux(tmp_path) as tmux:
        tmux.type(console(log, db))
        tmux.shows("after brute force")
        tmux.until(lambda: stored(db, tmp_path) == 2_000, "all lines in the store")
        child = ingester(db)
        os.kill(parent(child), number)
        until(lambda: ended(child), "the ingest process to end")
        until(lambda: not ingester(db), "the store to be given back")
        tmux.shows(f"left with {128 + number if number == signal.SIGKILL else 0}")


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_console_that_was_stopped_goes_on_and_ends(log: Path, tmp_path: Path) -> None:
    """By another process: it could neither put the terminal back before nor know of it afterwards."""
    db = tmp_path / "soc.db"
    with Tmux(tmp_path) as tmux:
        tmux.type(console(log, db))
        tmux.shows("after brute force")
        above = parent(ingester(db))
        for _ in range(4):
            os.kill(above, signal.SIGSTOP)
            until(lambda: state(above) == "T", "it to be stopped")
            tmux.shows("Stopped")
            tmux.do("send-keys", "-l", "fg >/dev/null")  # which sends SIGCONT
            tmux.keys("C-j")  # what ends a line in the mode the console left the terminal in
            tmux.until(lambda: not tmux.has("Stopped"), "all to be drawn anew")
            os.kill(above, signal.SIGCONT)  # anybody may send it
        tmux.keys("q")
        until(lambda: ended(above), "it to end")


def test_a_terminal_that_is_closed_ends_both(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with Tmux(tmp_path) as tmux:
        tmux.type(console(log, db))
        tmux.shows("after brute force")
        child = ingester(db)
        above = parent(child)
    until(lambda: ended(child) and ended(above), "both to end")
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)
