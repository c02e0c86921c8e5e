"""The Hunt screen as pictures, at three sizes, by each way of asking.

`pytest tests/console/test_hunt_pictures.py --snapshot-update` writes them anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from driver import Driver
from scene import Scene
from socterm.console.screens.hunt import HuntScreen
from socterm.store.opening import Store
from story import busy
from test_hunt_screen import RULE, asked, done, written
from test_pictures import SIZES, make, ready
from textual.pilot import Pilot

SQL = "SELECT host, program, count(*) AS n FROM events GROUP BY 1, 2 ORDER BY n DESC"
State = Callable[[Driver, HuntScreen, Path], Awaitable[None]]


async def nothing(_d: Driver, _screen: HuntScreen, _folder: Path) -> None:
    pass


async def lines(d: Driver, screen: HuntScreen, _folder: Path) -> None:
    await asked(d, screen, "failed")


async def values(d: Driver, screen: HuntScreen, _folder: Path) -> None:
    await asked(d, screen, "failed")
    await d.press("b", "j", "j", "enter")
    await done(d, screen)


async def sql(d: Driver, screen: HuntScreen, _folder: Path) -> None:
    await written(d, screen, "S", SQL)


async def plain_words(d: Driver, screen: HuntScreen, _folder: Path) -> None:
    await written(d, screen, "tilde", "show me failed logins")


async def by_rule(d: Driver, screen: HuntScreen, folder: Path) -> None:
    (folder / "rule.yml").write_text(RULE, encoding="utf-8")
    await written(d, screen, "B", str(folder / "rule.yml"))


async def grouping(d: Driver, screen: HuntScreen, folder: Path) -> None:
    await lines(d, screen, folder)
    await d.press("b", "j")


STATES: dict[str, State] = {
    "nothing": nothing, "lines": lines, "values": values, "sql": sql, "by_rule": by_rule, "like": plain_words,
    "grouping": grouping,
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_the_hunt_screen(
    scene: Scene, store: Store, snap_compare: Any, tmp_path: Path, state: str, size: str
) -> None:
    """A question, bars over time, its rows, and what stands behind the one under the cursor."""
    busy(scene)
    app = make(store, "night", model=False)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await d.press("comma", "h")
        await d.until(lambda: isinstance(app.screen, HuntScreen))
        await d.settled()
        screen = cast("HuntScreen", app.screen)
        await STATES[state](d, screen, tmp_path)
        await d.settled()
        screen.tick()
        await d.settled()
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
