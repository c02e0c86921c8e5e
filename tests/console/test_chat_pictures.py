"""The chat as pictures, each with the analyst itself and a model's server over HTTP that does as it is told.

`pytest tests/console/test_chat_pictures.py --snapshot-update` writes them anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from driver import Driver, console
from scene import NOW, FakeIngest, Scene
from socterm.analyst import Analyst, OllamaBackend
from socterm.analyst.backends import wire
from socterm.store.opening import Store
from story import busy
from tests import ollama_stub as stub
from tests.ollama_stub import OllamaStub, Reply
from textual.pilot import Pilot

SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}
QUESTION = "who else did this ip touch"
LOOKS = stub.call("get_event", {"event_id": 2})
FIRST = (
    "The address ",
    "guessed ",
    "passwords ",
    "for some minutes ",
    "and then logged in ",
    "as root [#2].",
)

STATES: dict[str, tuple[tuple[Reply, ...], str]] = {
    "streaming": ((LOOKS, stub.stall(*FIRST, " It then")), "It then"),
    "stopped": ((LOOKS, stub.stall(*FIRST, " It then")), "stopped · source: tiny:latest"),
    "offline": ((), "203.0.113.9, in all that is stored"),
    "truncated": (
        (stub.answer("Made up.", prompt=40), LOOKS, stub.answer(*FIRST)),
        "! the model did not see",
    ),
    "unverified": (
        (LOOKS, stub.answer(*FIRST, " It then left for db01 [#4000].")),
        "! unverified: no tool",
    ),
    "too-long": ((LOOKS, stub.answer(*FIRST, reason="length")), "! the answer reached"),
    "cut-off": ((LOOKS, stub.error_after(*FIRST, error="the runner died")), "cut off: tiny:latest"),
}
"""State → what the server answers, one after the other, and what is seen when it is reached."""


class Clock:
    """Seconds of which a tenth has passed whenever somebody looks."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.looks / 10


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OllamaStub]:
    """A server that is waited for: on a busy machine a picture would else be of an answer from rules."""
    for name in ("CONNECT", "ASIDE", "ASIDE_TOTAL"):
        monkeypatch.setattr(wire, name, 60.0)
    with stub.serving() as running:
        yield running


def analyst(store: Store, url: str) -> Analyst:
    return Analyst(store.events, store.triage, OllamaBackend(url), now=lambda: NOW, clock=Clock())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_the_chat(
    scene: Scene, store: Store, server: OllamaStub, snap_compare: Any, state: str, size: str
) -> None:
    """The question, what was answered, what has to be told beside it, and in the last line who said it.

    While an answer streams the border tells what it costs: tokens, speed, share of the context, seconds.
    """
    busy(scene)
    script, seen = STATES[state]
    server.script = list(script)
    if state == "offline":
        server.models = []
    app = console(store, analyst=analyst(store, server.url), ingest=FakeIngest(), fps=0.5)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await d.until(lambda: app.screen is app.triage and app.triage._change >= 0)
        await d.settled()
        app.triage.slow_tick()
        await d.settled()
        await d.press("c")
        await d.type(QUESTION)
        await d.press("enter")
        chat = app.triage.chat
        if state in ("streaming", "stopped"):
            await d.until(server.silent.is_set)
            await d.sees("It then", "tokens · ", " tok/s · context ~")
        if state == "stopped":
            await d.press("escape")
        if state != "streaming":
            await d.until(lambda: bool(chat.turns) and not chat.answering)
            await d.settled()
        chat._draw()
        app.clear_notifications()
        await d.sees(seen)
        await d.quiet()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
