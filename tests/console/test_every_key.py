"""Every key of every screen, on a store full of hostile text: nothing ends the console."""

from __future__ import annotations

import pytest
from driver import Driver, console, driven
from scene import Scene, ssh_failed
from socterm.console.actions import Action, of
from socterm.console.app import SoctermApp
from socterm.console.places import PLACES
from socterm.store.opening import Store

HOSTILE = (
    "[/foo]",
    "\x1b]52;c;eA==\x07",
    "\u202eevil",
    "漢字" * 40,
    "e\u0301\u0301\u0301\u0301\u0301",
    "A" * 5000,
)
LEAVE = frozenset({"app.quit", "pane.quit", "app.mouse"})
"""Keys that end the console, and the one that talks to the terminal."""


def hostile(scene: Scene) -> None:
    """Lines, alerts and evidence in which every name is something a terminal or markup would act on."""
    for bad in HOSTILE:
        events = scene.lines(
            [(bad, bad, bad, {"user.name": bad, "source.ip": "203.0.113.9"}), ssh_failed(bad, bad)]
        )
        scene.alert("brute", {"user.name": bad[:200]}, events)


def keys(app: SoctermApp) -> list[Action]:
    """The verbs of the screen in front and of a list, each once."""
    offers = getattr(app.screen, "OFFERS", ("app",))
    return [action for action in of(*offers, "rows") if action.id not in LEAVE]


async def back_to(d: Driver, place: str) -> None:
    """Close whatever a key opened, and go to the screen again where it led elsewhere."""
    for _ in range(4):
        if not d.app.screen.is_modal:
            break
        await d.press("escape")
        await d.settled()
    if getattr(d.app.screen, "PLACE", "triage") != place:
        d.app.go(place)
        await d.settled()


@pytest.mark.parametrize("place", [place.name for place in PLACES])
async def test_no_key_ends_the_console(scene: Scene, store: Store, place: str) -> None:
    hostile(scene)
    async with driven(console(store), (100, 30)) as d:
        d.app.go(place)
        await d.settled()
        for action in keys(d.app):
            await d.press(action.keys[0])
            await d.settled()
            assert d.app.is_running, action.id
            assert d.app.guard.replaced == 0, action.id
            await back_to(d, place)
        assert all(char.isprintable() for row in d.rows() for char in row)
