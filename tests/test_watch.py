"""The console as a whole on a terminal: mistakes told before it opens, and an end that always comes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.e2e.road import SOCTERM, until
from tests.e2e.screen import Screen

DEAF = """
import sys, time
from textual.drivers.linux_driver import LinuxDriver
from socterm.cli import main, watch
watch.LEAVING = 0.5
LinuxDriver.disable_input = lambda driver: time.sleep(3600)
sys.argv = ["socterm", *sys.argv[1:]]
main()
"""
"""A console whose terminal takes nothing any more when it wants to leave."""


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("how", ["key", "signal"])
def test_a_console_whose_terminal_is_stuck_ends_all_the_same(tmp_path: Path, how: str) -> None:
    log = tmp_path / "a.log"
    log.write_text("Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.7\n")
    command = [sys.executable, "-c", DEAF, "--db", tmp_path / "s.db", "--from-start", "--tail", log]
    with Screen(command, home=tmp_path) as screen:
        screen.shows("Invalid user bob")
        children = Path(f"/proc/{screen.process.pid}/task/{screen.process.pid}/children").read_text().split()
        assert len(children) == 1
        if how == "key":
            screen.press("q")
        else:
            screen.process.terminate()
        assert screen.leave() == 3
        assert b"the terminal took nothing more" in screen.written
        until(lambda: gone(int(children[0])), "the ingest process to end")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rules", "/nope"], "/nope: no such rule file or folder"),
        (["--tail", "/"], "/: a directory; name the files in it"),
        (["--syslog", "ftp://:1"], "expected udp://, tcp:// or tls://ADDRESS:PORT"),
        (["--syslog", "tls://:1"], "set listen.cert in the configuration"),
    ],
)
def test_mistakes_are_told_in_one_line_before_the_console_opens(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    with Screen([*SOCTERM, "--db", tmp_path / "s.db", *arguments], home=tmp_path) as screen:
        assert screen.leave() == 2
        assert said.encode() in screen.written
        assert b"\x1b[?1049h" not in screen.written
    assert not (tmp_path / "s.db").exists()


def test_bytes_of_another_encoding_and_a_pasted_escape_end_and_decide_nothing(tmp_path: Path) -> None:
    command = [*SOCTERM, "--db", tmp_path / "s.db", "--tail", tmp_path / "a.log"]
    with Screen(command, home=tmp_path) as screen:
        screen.shows("1 Alerts")
        screen.press(",e")
        screen.shows("1 Events")
        screen.press("/")
        screen.shows("Enter keep")
        screen.send("m\xfcller ".encode("latin-1"))
        screen.shows("m\ufffdller")
        screen.paste(b"\x1b[31mred\r\x1b[0m over\r,m")
        screen.shows("m\ufffdller \u241b[31mred \u241b[0m over ,m")
        screen.press("\x1b")
        screen.lacks("Enter keep")
        screen.shows("1 Events")
        assert screen.process.poll() is None
