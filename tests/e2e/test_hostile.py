"""Log text that attacks the terminal: file → console on a real terminal, and nothing of it gets through."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path

import pytest
from tests.e2e import hostile
from tests.e2e.road import SOCTERM, alerts, socterm
from tests.e2e.screen import COLUMNS, Reading, Screen
from tests.e2e.tmux import Tmux

pytestmark = pytest.mark.e2e

COPIED = ("Clipword", "Colourword", "Fooword")
PASTED = b"\x1b]52;c;UGFzdGVk\x07\xe2\x80\xaePasteword[/foo]"


def right(rows: list[str]) -> str:
    """The detail's half of the screen, without its frame and wrapping."""
    return "".join(row[COLUMNS * 3 // 5 + 1 : -3].strip() for row in rows)


def left_or_asked(rows: list[str]) -> bool:
    """Whether the chat's line was left, or Esc is to be pressed again for that."""
    text = "\n".join(rows)
    return "stop, back" not in text or "Esc again" in text


class Tour:
    """A person who looks at everything with hostile names in it."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen

    def detail(self, *texts: str) -> None:
        """Wait until the detail shows these texts."""
        wanted = [text.replace(" ", "") for text in texts]

        def there(rows: list[str]) -> bool:
            shown = right(rows).replace(" ", "")
            return all(text in shown for text in wanted)

        self.screen.until(there, f"{texts} in the detail")

    def filter(self, pane: str, text: str) -> None:
        """Filter a list; a person types slower than keys are sorted into commands and text."""
        self.screen.press(pane + "/\x15")
        self.screen.shows("words, user.name:root")
        self.screen.press(text + "\r")

    def alert(self, word: str, shown: str) -> None:
        """Find an alert by its word, explain it, and look at every tab of its detail."""
        press = self.screen.press
        self.filter("1", word)
        self.screen.shows(f"1 open · {word}")
        press("i")
        self.detail("source: rules", word, "Matched values")
        press("2l")
        self.detail(shown, "Last lines")
        press("l")
        self.detail(shown, "source.ip", "event.action", "ssh_login")
        press("l")
        self.detail("Failed password for invalid user", shown)
        press("l")
        self.screen.until(lambda rows: "Failed" not in right(rows), "the tab with its history")
        press("1")

    def dialogues(self) -> None:
        """Note, chat and filter with what somebody pasted; palette and help over it all."""
        screen = self.screen
        screen.press("1/\x15")
        screen.shows("words, user.name:root")
        screen.paste(PASTED)
        screen.shows("Pasteword[/foo]")
        self.step_back("Enter keep")
        screen.press("m")
        screen.shows("Note · ")
        screen.paste(PASTED)
        screen.shows("Pasteword[/foo]")
        screen.press("\r")
        screen.shows("1 alert noted")
        screen.press("c")
        screen.shows("stop, back")
        screen.paste(b"why? " + PASTED)
        screen.until(lambda rows: "why?" in right(rows), "the question in its line")
        screen.press("\r")
        self.detail("you ", "soc ", "Pasteword", "Matched values")
        screen.press("\x1b")
        screen.until(left_or_asked, "the end of the chat")
        if "stop, back" in "\n".join(screen.rows()):  # it came as if to stop an answer that had ended
            self.step_back("stop, back")
        screen.press("\x10")
        screen.shows("Search for")
        screen.press("clos")
        screen.shows("close group")
        self.step_back("close group")
        screen.press("?")
        screen.shows("Triage screen")
        self.step_back("Triage screen")

    def step_back(self, gone: str) -> None:
        """Esc, and wait until something is gone: a key that follows Esc at once is Alt and that key."""
        self.screen.press("\x1b")
        self.screen.lacks(gone)

    def stream(self, word: str, shown: str) -> None:
        """Filter the stream to a payload, open its newest event and copy its line."""
        screen = self.screen
        self.filter("3", word)
        screen.shows(f"─ {word} ─╯")
        screen.press("k\r")
        self.detail(shown)
        before = screen.written.count(b"\x1b]52;")
        screen.press("3y")
        screen.until(lambda _: screen.written.count(b"\x1b]52;") > before, "the copy")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return hostile.write(tmp_path)


@pytest.mark.parametrize("word", sorted(set(hostile.PAYLOADS) - hostile.HARMLESS_BYTES))
def test_the_reading_would_notice(word: str) -> None:
    """Had a payload reached the terminal as it is, the test below would fail."""
    try:
        read = Reading(b"before " + hostile.PAYLOADS[word][0] + b" after")
    except UnicodeDecodeError:
        return
    assert read.foreign or read.unprintable() or read.copied


def test_no_control_of_a_log_line_reaches_the_terminal(log: Path, tmp_path: Path) -> None:
    db = tmp_path / "soc.db"
    with Screen([*SOCTERM, "--tail", log, "--from-start", "--db", db], home=tmp_path) as screen:
        tour = Tour(screen)
        screen.shows("Lastword", f"{len(hostile.PAYLOADS)} open")
        for word, (_, shown) in hostile.PAYLOADS.items():
            tour.alert(word, shown)
        tour.dialogues()
        screen.press("2hh")
        tour.detail("event.action", "ssh_login")
        for word in COPIED:
            tour.stream(word, hostile.PAYLOADS[word][1])
        screen.press("\x11")
        assert screen.leave() == 0
        read = Reading(screen.written)
    assert read.foreign == set()
    assert read.unprintable() == set()
    copied = [base64.b64decode(data).decode() for data in read.copied]
    assert all(text.isprintable() for text in copied)
    assert [word in text for word, text in zip(COPIED, copied, strict=True)] == [True] * 3
    nothing_decided(db, tmp_path, 2 * len(hostile.PAYLOADS))
    kept_as_written(db, tmp_path)


def nothing_decided(db: Path, home: Path, count: int) -> None:
    """All alerts are there and new, and nobody closed one for a moment: the note is the only decision."""
    rows = alerts(db, home)
    assert [row["state"] for row in rows] == ["new"] * count
    with sqlite3.connect(db) as store:
        assert {verb for (verb,) in store.execute("SELECT verb FROM audit")} <= {"note"}


def kept_as_written(db: Path, home: Path) -> None:
    """Every line's bytes are in the store, and what text of them there is stands in `search`."""
    with sqlite3.connect(db) as store:
        rows = store.execute(
            "SELECT e.raw, b.raw FROM events e LEFT JOIN event_bytes b ON b.id = e.id ORDER BY e.id"
        ).fetchall()
    found = [kept if kept is not None else raw.encode() for raw, kept in rows]
    assert found == hostile.lines()
    assert "ok" in socterm("db", "check", "--db", db, home=home)


def test_the_clipboard_of_tmux_stays_empty(log: Path, tmp_path: Path) -> None:
    """tmux takes OSC 52 of what runs in it, as the last step shows; the console gave it none."""
    db = tmp_path / "soc.db"
    with Tmux(tmp_path) as tmux:
        tmux.do("set", "-g", "set-clipboard", "on")
        title = tmux.do("display", "-p", "#{pane_title}")
        tmux.type([*SOCTERM, "--tail", log, "--from-start", "--db", db])
        tmux.shows("Lastword")
        for keys in ("i", "2", "l", "l", "1", "j", "3", "g", "Enter", "?"):
            tmux.keys(keys)
        tmux.shows("Triage screen")
        tmux.keys("Escape", "C-q")
        tmux.shows("left with 0")
        assert tmux.do("list-buffers") == ""
        assert tmux.do("display", "-p", "#{pane_title}") == title
        tmux.type(["printf", r"\033]52;c;Q2xpcHdvcmQ=\a"])
        tmux.until(lambda: tmux.do("list-buffers") != "", "the paste buffer")
        assert tmux.do("show-buffer") == "Clipword"
    nothing_decided(db, tmp_path, 2 * len(hostile.PAYLOADS))


def test_piped_text_presses_no_keys(log: Path, tmp_path: Path) -> None:
    """`eeee` would close four alerts, `q` leave: on standard input they are lines of a log."""
    db = tmp_path / "soc.db"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    before = [row["state"] for row in alerts(db, tmp_path)]
    program = " ".join([*SOCTERM, "-", "--db", str(db)])
    piped = f"printf 'eeee\\neeeeqq\\n\\033]0;Pipeword\\007\\nEnd of pipe' | {program}"
    with Screen(["sh", "-c", piped], home=tmp_path) as screen:
        screen.shows("End of pipe", "␛]0;Pipeword␇", f"{len(hostile.PAYLOADS)} open")
        screen.press("?")
        screen.shows("Triage screen")
        screen.press("\x1b")
        screen.lacks("Triage screen")
        screen.press("q")
        assert screen.leave() == 0
        read = Reading(screen.written)
    assert (read.foreign, read.unprintable()) == (set(), set())
    nothing_decided(db, tmp_path, len(before))
    assert before == ["new"] * len(before)
    rows = [
        json.loads(row)
        for row in socterm("search", "--json", "-n", 4, "--db", db, home=tmp_path).splitlines()
    ]
    assert [row["event.original"] for row in reversed(rows)] == [
        "eeee", "eeeeqq", "\x1b]0;Pipeword\x07", "End of pipe"
    ]  # fmt: skip
    assert {row["socterm.source"] for row in rows} == {"stdin"}
