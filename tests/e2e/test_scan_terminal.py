"""`socterm scan` on a terminal: the bar, Ctrl-C, and what is left on the screen."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.e2e.road import SOCTERM, environment
from tests.e2e.screen import Screen
from tests.scanning import BRUTE, failures

pytestmark = pytest.mark.e2e


@pytest.fixture
def small(tmp_path: Path) -> Path:
    log = tmp_path / "auth.log"
    log.write_text(failures(0, 8))
    return log


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Enough lines to watch."""
    log = tmp_path / "large.log"
    with log.open("w") as out:
        for day in range(1, 6):
            for hour in range(10, 20):
                for minute in range(60):
                    text = failures(0, 60, minute=minute, address=f"203.0.113.{hour}")
                    out.write(text.replace("-17T10:", f"-{day:02d}T{hour}:"))
    return log


def test_a_bar_shows_how_far_it_is_and_ctrl_c_ends_it_in_order(large: Path, tmp_path: Path) -> None:
    with Screen([*SOCTERM, "scan", large, "--tz", "UTC"], home=tmp_path) as screen:
        screen.shows("scanning", "% ", "MB", "events/s", " found")
        screen.press("\x03")
        assert screen.leave() == 130
        screen.shows("Partial: it was interrupted", "interrupted: this is a partial result", "0 of 1 read")
        screen.lacks("scanning")
        assert b"loading rules" in screen.written  # what takes longest where there are thousands
        hidden, shown = screen.written.rindex(b"\x1b[?25l"), screen.written.rindex(b"\x1b[?25h")
        assert hidden < shown


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_before_anything_is_read_leaves_a_clean_terminal(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Screen([*SOCTERM, "scan", pipe], home=tmp_path) as screen:
        screen.shows("looking at files")
        screen.process.send_signal(number)
        assert screen.leave() == code
        screen.lacks("looking at files")
        assert screen.written.rindex(b"\x1b[?25l") < screen.written.rindex(b"\x1b[?25h")


@pytest.mark.parametrize("columns", [60, 90, 160])
def test_the_table_fits_the_terminal(small: Path, tmp_path: Path, columns: int) -> None:
    with Screen([*SOCTERM, "scan", small], home=tmp_path, columns=columns) as screen:
        assert screen.leave() == 0
        screen.shows("time ")
        rows = screen.rows()
        at = next(n for n, row in enumerate(rows) if row.startswith("LEVEL"))
        assert rows[at + 1].startswith("medium")
        assert "203.0.113.9  Brute force" in rows[at + 1]
        assert rows[at + 2].startswith("files ")  # a row is one line


def test_rows_for_a_program_are_whole_beside_the_bar(large: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.ndjson"
    shell = f"{' '.join(SOCTERM)} scan {large} --json > {out}"
    with Screen(["sh", "-c", shell], home=tmp_path) as screen:
        screen.shows("scanning", "% ")
        assert screen.leave() == 0
        screen.lacks("scanning")
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["title"] for row in found} >= {BRUTE}


def test_rows_on_the_same_screen_wait_until_the_bar_is_gone(small: Path, tmp_path: Path) -> None:
    with Screen([*SOCTERM, "scan", small, "--json"], home=tmp_path) as screen:
        assert screen.leave() == 0
        screen.shows("time ")
        found = [json.loads(row) for row in re.findall(rb'\{"rule".*\}', screen.written)]
        assert BRUTE in {row["title"] for row in found}


def test_into_a_pipe_there_is_no_bar(small: Path, tmp_path: Path) -> None:
    shell = f"{' '.join(SOCTERM)} scan {small} --json | cat"
    with Screen(["sh", "-c", shell], home=tmp_path) as screen:
        assert screen.leave() == 0
        screen.shows("time ")
        assert b"\x1b[" not in screen.written


def test_a_reader_that_goes_away_is_no_mistake(large: Path, tmp_path: Path) -> None:
    shell = f"{' '.join(SOCTERM)} scan {large} --json --signals | head -n 1; echo ${{PIPESTATUS[@]}}"
    done = subprocess.run(
        ["bash", "-c", shell], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    row, codes = done.stdout.splitlines()
    assert json.loads(row)["rule"]
    assert codes == "0 0"
    assert done.stderr == ""


def test_ctrl_c_while_nothing_comes_through_a_pipe(tmp_path: Path) -> None:
    """What was read before is still reported."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Screen([*SOCTERM, "scan", "pipe"], home=tmp_path) as screen, pipe.open("w") as writer:
        writer.write(failures(0, 50))
        writer.flush()
        screen.shows("scanning")
        screen.press("\x03")
        assert screen.leave() == 130
        screen.shows("Partial", "Brute force", "events  50")
