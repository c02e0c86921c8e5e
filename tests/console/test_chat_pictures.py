"""The chat as pictures: an answer that was stopped, is from rules, was withdrawn, cites falsely.

`pytest tests/console/test_chat_pictures.py --snapshot-update` writes them anew.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from driver import Driver, console
from scene import FakeIngest, Scene
from socterm.analyst import Piece
from socterm.store.opening import Store
from story import busy
from test_hostile import Parrot
from textual.pilot import Pilot

SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}
COST = "20 tokens · 18 tok/s · context 31 % · 2.4 s"
LOOKS = Piece("tool", "search_events query=source.ip:203.0.113.9 limit=20")
FIRST = Piece("text", "The address guessed passwords for some minutes and then logged in as root [#2].\n")

STATES: dict[str, tuple[Piece, ...]] = {
    "stopped": (LOOKS, FIRST, Piece("done", f"stopped · source: qwen3:8b · {COST}", whole=False)),
    "offline": (FIRST, Piece("done", "source: rules · qwen3:8b: nobody answers at 127.0.0.1:11434")),
    "truncated": (
        Piece("text", "Made up."),
        Piece("retract", "the model did not see all of the evidence: asking again with less"),
        FIRST,
        Piece("done", f"source: qwen3:8b · {COST}"),
    ),
    "unverified": (
        FIRST,
        Piece("text", "It then left for db01 [#4000 unverified]."),
        Piece("citation", events=(2,)),
        Piece("done", f"source: qwen3:8b · {COST}"),
    ),
}


class Said(Parrot):
    """An analyst that answers with these pieces."""

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        super().__init__("qwen3:8b")
        self.pieces = pieces

    def ask(
        self,
        question: str,
        alert_id: int | None = None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Piece]:
        yield from self.pieces


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_the_chat(scene: Scene, store: Store, snap_compare: Any, state: str, size: str) -> None:
    """The question, what was answered, and in the last line who said it and how it ended."""
    busy(scene)
    app = console(store, analyst=Said(STATES[state]), ingest=FakeIngest(), fps=0.5)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await d.until(lambda: app.screen is app.triage and app.triage._change >= 0)
        await d.settled()
        await d.press("c")
        await d.type("who is it")
        await d.press("enter")
        await d.until(lambda: bool(app.triage.chat.turns) and not app.triage.chat.answering)
        await d.sees("The address guessed", STATES[state][-1].text[:20])
        app.triage.slow_tick()
        await d.settled()
        app.triage.chat._draw()
        app.clear_notifications()
        await d.quiet()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
