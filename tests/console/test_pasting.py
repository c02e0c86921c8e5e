"""Pasted text stays text: whatever stands in it, however it is cut into reads, and however long it is."""

from __future__ import annotations

import pytest
from driver import console, driven
from scene import ACTOR, Scene
from socterm.console.state import UiState
from socterm.console.terminal import OURS, PasteParser, reading_text
from socterm.store.opening import Store
from textual import events
from textual._xterm_parser import BRACKETED_PASTE_END as END
from textual._xterm_parser import BRACKETED_PASTE_START as START
from textual.drivers.headless_driver import HeadlessDriver
from textual.message import Message
from textual.widgets import Input

HOSTILE = "one \x1b[31mred\x1b[0m\x1b]0;title\x07 e\rt1\x1b\x1b[200e \x1b[20"
PLAIN = HOSTILE.replace("\x1b", "␛")


def told(*reads: str) -> list[tuple[str, str]]:
    """(key or "paste", its text) for what reads of a terminal brought."""
    parser, found = PasteParser(), list[Message]()
    for read in reads:
        found += parser.feed(read)
    return [
        ("paste", one.text) if isinstance(one, events.Paste) else (one.key, one.character or "")
        for one in found
        if isinstance(one, events.Paste | events.Key)
    ]


@pytest.mark.parametrize("cut", range(len(START), len(START + HOSTILE + END) + 1))
def test_nothing_in_a_paste_is_a_key_wherever_a_read_ends(cut: int) -> None:
    whole = START + HOSTILE + END + "j"
    assert told("a" + whole[:cut], whole[cut:]) == [("a", "a"), ("paste", PLAIN), ("j", "j")]


def test_it_may_come_a_character_at_a_time_and_end_in_what_began_its_end() -> None:
    assert told(*(START + "a\x1b[20" + END + "k")) == [("paste", "a␛[20"), ("k", "k")]


def test_keys_outside_are_what_they_were() -> None:
    assert told("\x1b[A", "\x1bOP", "x") == [("up", ""), ("f1", ""), ("x", "x")]


def test_the_console_reads_every_terminal_that_way() -> None:
    assert all(issubclass(ours, theirs) for theirs, ours in OURS.items())
    assert reading_text(HeadlessDriver) is HeadlessDriver


async def test_all_lines_of_a_pasted_text_are_kept(scene: Scene, store: Store) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("m")
        await d.sees("Note ·")
        d.app.post_message(events.Paste("\nticket 4711\n\n  seen by bob\r\nand alice\n"))
        await d.sees("ticket 4711   seen by bob and alice")
        await d.press("enter")
        await d.sees("1 alert noted")
    (row,) = store.triage.history(alert)
    assert (row.actor, row.note) == (ACTOR, "ticket 4711   seen by bob and alice")


async def test_of_a_text_too_long_what_fits_is_kept_and_the_rest_is_counted(
    scene: Scene, store: Store
) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("m", "x")
        d.app.post_message(events.Paste("0123456789" * 10_000))
        await d.sees("a line takes 2,000 characters: 98,001 were left out")
        line = d.app.screen.query_one(Input)
        assert line.value == ("x" + "0123456789" * 200)[:2000]
        assert line.cursor_position == 2000


async def test_a_pasted_filter_may_be_as_long_as_a_query(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers"])
    query = " or ".join(["rule:sudoers", *(f"rule:r{number:05}" for number in range(350))])
    assert len(query) > 4096
    async with driven(console(store, ui=UiState())) as d:
        await d.press("slash")
        d.app.post_message(events.Paste(query))
        await d.until(lambda: len(d.alerts) == 1)
        await d.press("enter")
        assert d.app.state.alerts.text == query
