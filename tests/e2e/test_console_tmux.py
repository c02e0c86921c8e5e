"""The console as it is used: in tmux, on a log that grows by a thousand lines a second."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from benchmarks.data import story_lines
from tests.e2e.road import SOCTERM, alerts, socterm
from tests.e2e.tmux import Tmux

pytestmark = pytest.mark.e2e

RATE, SECONDS = 1_000, 10
AT_ONCE = 5.0
"""Seconds in which a key must have shown its effect; the benchmarks say how soon it does."""


@contextmanager
def growing(log: Path) -> Iterator[list[str]]:
    """Append lines at `RATE` a second, twenty times a second some; yields those written.

    It goes on while one is in the block, and `SECONDS` long at least: on a busy machine keys take longer.
    """
    written: list[str] = []
    source = story_lines(1)
    left, failed = threading.Event(), threading.Event()

    def write() -> None:
        begin = time.monotonic()
        with log.open("a", encoding="utf-8") as out:
            while not left.is_set() or len(written) < RATE * SECONDS:
                if failed.wait(max(0.0, begin + len(written) / RATE - time.monotonic())):
                    return
                some = list(islice(source, RATE // 20))
                out.write("".join(line + "\n" for line in some))
                out.flush()
                written.extend(some)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield written
    except BaseException:
        failed.set()
        raise
    finally:
        left.set()
        writer.join()


def under_cursor(tmux: Tmux) -> str:
    """Title and entity of the alert the cursor is on."""
    row = next((row for row in tmux.rows()[:14] if row.startswith("│▌")), "")
    return row[2:75]


def opened(db: Path, home: Path) -> int:
    """How many alerts are open, those that are part of another left out."""
    return sum(row["state"] != "closed" and not row["part_of"] for row in alerts(db, home))


def console(log: Path, db: Path) -> list[object]:
    return [*SOCTERM, "--tail", log, "--tz", "UTC", "--db", db]


def test_a_log_that_grows_fast(tmp_path: Path) -> None:
    """Alerts appear and keys answer at once while lines pour in; afterwards each is stored exactly once."""
    log, db = tmp_path / "auth.log", tmp_path / "soc.db"
    log.touch()
    with Tmux(tmp_path) as tmux:
        tmux.type(console(log, db))
        tmux.shows("auth.log", "No alerts")
        tmux.until(lambda: followed(db, tmp_path), "the log to be followed")
        with growing(log) as lines:
            tmux.until(lambda: bool(under_cursor(tmux)), "an alert")  # which is first hangs on the machine
            for key in ("j", "j"):  # an untouched cursor stays at the top; from the first key on it is ours
                before = under_cursor(tmux)
                tmux.keys(key)
                tmux.until(lambda b=before: under_cursor(tmux) not in {b, ""}, f"{key} to move", AT_ONCE)
            assert tmux.has("FOLLOW")
            tmux.keys("3", "k")
            tmux.until(lambda: not tmux.has("FOLLOW"), "3 and k to leave follow in the stream", AT_ONCE)
            tmux.keys("G")
            tmux.until(lambda: tmux.has("FOLLOW"), "G to follow again", AT_ONCE)
            tmux.keys("?")
            tmux.shows("Triage screen", seconds=AT_ONCE)
            tmux.keys("Escape")
            tmux.until(lambda: not tmux.has("Triage screen"), "Esc to close the help", AT_ONCE)
        tmux.until(lambda: stored(db, tmp_path) == len(lines), "all lines in the store")
        tmux.keys("1", "q")
        tmux.shows("left with 0")
        assert_clean(tmux)
    assert stored(db, tmp_path) == len(lines)
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)
    oldest = socterm(
        "search", "--oldest", "-n", len(lines) + 1, "--json", "--db", db, home=tmp_path
    ).splitlines()
    assert originals(oldest) == lines


def followed(db: Path, home: Path) -> bool:
    """Whether the store knows of a source: it has been opened, and nothing written from now on is missed."""
    return bool(socterm("sources", "list", "--json", "--db", db, home=home, check=False).strip())


def stored(db: Path, home: Path) -> int:
    """How many events a search finds."""
    return int(socterm("search", "--count", "--db", db, home=home))


def originals(rows: list[str]) -> list[str]:
    """The raw lines of what a search answered."""
    return [json.loads(row)["event.original"] for row in rows]


def assert_clean(tmux: Tmux) -> None:
    """The terminal is as it was: main screen, cursor visible, no mouse, no keypad mode, echo on."""
    state = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_sgr_flag} #{keypad_flag} #{wrap_flag}"
    assert tmux.do("display", "-p", state) == "0 1 0 0 0 1"
    tmux.type(["printf", r"%s\n", "one", "two"])
    tmux.until(lambda: {"one", "two"} <= set(tmux.rows()), "the shell to answer")


@pytest.fixture
def story(tmp_path: Path) -> tuple[Path, Path]:
    """A log with attacks in it and a store that has read it."""
    log, db = tmp_path / "auth.log", tmp_path / "soc.db"
    log.write_text("".join(line + "\n" for line in islice(story_lines(7), 2_000)))
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--tz", "UTC", "--db", db, home=tmp_path)
    return log, db


def test_a_decision_survives_a_restart(story: tuple[Path, Path], tmp_path: Path) -> None:
    log, db = story
    many = opened(db, tmp_path)
    with Tmux(tmp_path) as tmux:
        tmux.type(console(log, db))
        tmux.shows(f"{many} open")
        tmux.until(lambda: bool(under_cursor(tmux)), "a cursor")
        closed = under_cursor(tmux)
        tmux.keys("e")
        tmux.shows(f"{many - 1} open", "1 alert closed")
        assert under_cursor(tmux) != closed
        after = under_cursor(tmux)
        tmux.keys("q")
        tmux.shows("left with 0")
        assert_clean(tmux)
        tmux.do("send-keys", "-R")
        tmux.type(console(log, db))
        tmux.shows(f"{many - 1} open")
        tmux.until(lambda: under_cursor(tmux) == after, "the cursor where it was")
        tmux.keys("q")
        tmux.shows("left with 0")
    states = [(row["state"], row["verdict"]) for row in alerts(db, tmp_path) if not row["part_of"]]
    assert states.count(("closed", "undetermined")) == 1
    assert states.count(("new", "")) == many - 1


def test_a_second_console_attaches(story: tuple[Path, Path], tmp_path: Path) -> None:
    """It says who ingests, its decisions show in the first, and it takes over when the first is left."""
    log, db = story
    many = opened(db, tmp_path)
    (tmp_path / "other").mkdir()
    with Tmux(tmp_path) as first, Tmux(tmp_path / "other") as second:
        first.type(console(log, db))
        first.shows(f"{many} open")
        second.type(console(log, db))
        second.shows(f"{many} open", "attached: process", " ingests")
        second.keys("e")
        first.shows(f"{many - 1} open")
        first.keys("q")
        first.shows("left with 0")
        with log.open("a") as out:
            out.write("2026-06-01T00:00:00Z web1 last[1]: Lastword\n")
        second.shows("Lastword")
        second.keys("q")
        second.shows("left with 0")
    assert opened(db, tmp_path) == many - 1
