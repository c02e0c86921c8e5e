"""Keys that come in one piece, as terminals, slow lines and browsers may bring them, are done one by one."""

from __future__ import annotations

import asyncio

import pytest
from driver import PATIENCE, Driver, console, driven, key_event
from scene import Scene
from socterm.console.inorder import InOrder
from socterm.console.state import UiState
from socterm.store.opening import Store
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.widgets import Input, Static


async def packet(d: Driver, text: str) -> None:
    """What one read of a terminal brought."""
    for event in XTermParser().feed(text):
        event.set_sender(d.app)
        d.app.post_message(event)
    await d.quiet()


def here(d: Driver) -> str:
    return getattr(d.app.screen, "PLACE", "triage" if d.app.screen is d.app.triage else "")


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        (":sources\r", "sources"),
        (":so\t\r", "sources"),
        (":sourcesx\x7f\r", "sources"),
        (":sources\r,e", "events"),
        (":sources\r:events\r", "events"),
        (",o:events\r:sources\r", "sources"),
    ],
)
async def test_a_command_in_one_piece_is_done(scene: Scene, store: Store, typed: str, place: str) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store, ui=UiState())) as d:
        await packet(d, typed)
        await d.until(lambda: here(d) == place)
    assert [row.state for row in store.triage.alerts()] == ["new", "new"]


async def test_a_command_that_is_none_is_told(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await packet(d, ":nonsense\r")
        await d.sees("no command 'nonsense'")


async def test_a_note_in_one_piece_is_kept_and_the_key_after_it_is_a_verb(scene: Scene, store: Store) -> None:
    first, other = scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        cursor = d.cursor
        await packet(d, "mseen before\re")
        await d.until(lambda: len(store.triage.alerts()) == 1)
    noted = [(row.alert, row.note) for row in store.chronicle.decided(0, 1 << 62) if row.verb == "note"]
    assert noted == [(cursor, "seen before")]
    assert cursor in {first, other}
    closed = store.triage.alert(cursor)
    assert closed is not None
    assert closed.state == "closed"


async def test_text_pasted_behind_a_key_goes_into_the_line_that_the_key_opens(
    scene: Scene, store: Store
) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await packet(d, "/\x1b[200~ssh brute\x1b[201~\r")
        await d.until(lambda: len(d.alerts) == 1)
        assert d.app.state.alerts.text == "ssh brute"
    assert [row.state for row in store.triage.alerts()] == ["new", "new"]


class Taker(Static, can_focus=True):
    """A widget that takes its key for itself, and may be gone then."""

    async def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key == "x":
            self.screen.query_one(Input).focus()
            await self.remove()


class Small(App[None]):
    """One such widget and a line."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = InOrder(self, super().on_event)

    def compose(self) -> ComposeResult:
        yield Taker("taker")
        yield Input()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.turns.take(event)
            return
        await super().on_event(event)
        if isinstance(event, events.Key):
            self.turns.back(event)


@pytest.mark.parametrize("first", ["x", "yx", "yyx"])
async def test_keys_go_on_where_a_key_never_comes_back(first: str) -> None:
    """Its widget took it, or is gone together with what stood in its queue."""
    app = Small()
    async with app.run_test() as pilot:
        app.query_one(Taker).focus()
        await pilot.pause()
        for key in f"{first}ab":
            app.post_message(key_event(key))
        async with asyncio.timeout(PATIENCE):
            while app.query_one(Input).value != "ab":
                await pilot.pause(0.01)
