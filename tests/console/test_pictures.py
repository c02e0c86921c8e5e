"""The Triage screen as pictures: what a person sees at three sizes, in two themes, in five states.

`pytest tests/console/test_pictures.py --snapshot-update` writes them anew, with the README's picture.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from driver import Driver, console
from scene import NOW, FakeIngest, Scene
from socterm.analyst import Analyst, NullBackend
from socterm.console.app import SoctermApp
from socterm.store.opening import Store
from story import busy
from test_hostile import CORPUS, Parrot
from textual.pilot import Pilot

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}
Run = Callable[[Driver], Awaitable[None]]


async def ready(d: Driver) -> None:
    """Everything has been read once, and nothing is under way."""
    await d.until(lambda: d.app.screen is d.app.triage and d.app.triage._change >= 0)
    await d.settled()
    d.app.triage.slow_tick()
    await d.settled()


async def nothing(d: Driver) -> None:
    pass


async def explained(d: Driver) -> None:
    """The gravest alert explained, and a question answered."""
    await d.press("i")
    await d.until(lambda: bool(d.app.triage.detail.explained))


async def paused(d: Driver) -> None:
    await d.press("j", "j", "a", "x", "x", "space")
    await d.until(lambda: d.app.triage.header.paused)


def empty(_scene: Scene) -> None:
    pass


def hostile(scene: Scene) -> None:
    """One line and one alert of every hostile kind."""
    for name, text in CORPUS.items():
        bad = text.replace("\x00", "")[:3000]
        events = scene.lines([(bad[:40] or "h", "sshd", f"{name} {bad}", {"user.name": bad})])
        scene.alert("brute", {"user.name": bad}, events)


STATES: dict[str, tuple[Callable[[Scene], None], Run, bool]] = {
    "empty": (empty, nothing, True),
    "busy": (busy, explained, True),
    "paused": (busy, paused, True),
    "hostile": (hostile, nothing, True),
    "no_model": (busy, explained, False),
}


def make(store: Store, theme: str, *, model: bool) -> SoctermApp:
    rules = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    parrot = Parrot("qwen3:8b")
    parrot.explain = rules.explain  # type: ignore[method-assign]
    return console(store, analyst=parrot if model else rules, ingest=FakeIngest(), theme=theme, fps=0.5)


@pytest.mark.parametrize("theme", ["night", "day"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_the_triage_screen(
    scene: Scene, store: Store, snap_compare: Any, state: str, size: str, theme: str
) -> None:
    """Alerts above the stream, the detail beside or below them, header and footer on every one."""
    fill, run, model = STATES[state]
    fill(scene)
    app = make(store, theme, model=model)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await run(d)
        await ready(d)
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("theme", ["night", "day"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", [[], ["j", "u"]], ids=["made_of", "not_understood"])
def test_the_sources_screen(
    scene: Scene, store: Store, snap_compare: Any, keys: list[str], size: str, theme: str
) -> None:
    """Counters above, what a source is made of or what nobody understood of it below."""
    busy(scene)
    scene.several_sources()
    app = make(store, theme, model=False)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await d.press("L")
        await d.sees("access.log")
        await d.press(*keys)
        if keys:
            await d.sees("in no form that anybody knows")
        await d.settled()
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


async def test_the_picture_in_the_readme(scene: Scene, store: Store, pytestconfig: pytest.Config) -> None:
    """docs/console.svg is the console as it is: the attack story, explained, and a question answered."""
    busy(scene)
    store.triage.decide([scene.alerts - 3], "acknowledge", actor="alice", now=NOW)
    app = make(store, "night", model=False)
    async with app.run_test(size=(150, 46)) as pilot:
        d = Driver(app, pilot)
        await ready(d)
        await d.press("c")
        await d.type("what did root do today")
        await d.press("enter")
        await d.until(lambda: bool(d.app.triage.chat.turns) and not d.app.triage.chat.answering)
        await d.press("escape")
        await ready(d)
        picture = app.export_screenshot(title="socterm")
    path = ROOT / "docs" / "console.svg"
    if pytestconfig.getoption("--snapshot-update", default=False):
        path.write_text(picture, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == picture
