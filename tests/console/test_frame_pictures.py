"""The Events screen as pictures, at three sizes.

`pytest tests/console/test_frame_pictures.py --snapshot-update` writes them anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from driver import Driver
from scene import NOW, SECOND, Scene
from socterm.console.screens.events import EventsScreen
from socterm.store.opening import Store
from story import busy
from test_events_screen import web
from test_pictures import SIZES, make, ready
from textual.pilot import Pilot


async def nothing(d: Driver) -> None:
    pass


async def looked_for(d: Driver) -> None:
    """The last line that alerted, its neighbours, and every root marked."""
    await d.press("ctrl+f")
    await d.type("root")
    await d.press("enter")
    await d.settled()
    await d.press("left_square_bracket")
    await d.settled()
    await d.press("b", "l")


async def columns(d: Driver) -> None:
    """What fields there are in the lines that were read: here all that pass the filter."""
    await d.press("slash")
    await d.type("Accepted")
    await d.press("enter")
    await d.settled()
    await d.press("o")


def keys(*names: str) -> Callable[[Driver], Awaitable[None]]:
    async def press(d: Driver) -> None:
        await d.press(*names)

    return press


STATES: dict[str, Callable[[Driver], Awaitable[None]]] = {
    "following": nothing,
    "looked_for": looked_for,
    "columns": columns,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", [*STATES, "web"])
def test_the_events_screen(scene: Scene, store: Store, snap_compare: Any, state: str, size: str) -> None:
    """Lines in columns, the one under the cursor beside or below it."""
    busy(scene)
    if state == "web":
        scene.lines([web(n, 404 if n % 3 else 200) for n in range(60)], until=NOW, step=SECOND // 2)
    app = make(store, "night", model=False)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await d.press("comma", "e")
        await d.until(lambda: isinstance(app.screen, EventsScreen))
        await d.settled()
        screen = cast("EventsScreen", app.screen)
        if state in STATES:
            await STATES[state](d)
        await d.settled()
        screen.tick()
        await d.settled()
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
