"""The Entities screen by keys alone, and its pictures."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver, console, driven
from scene import FakeIngest, Scene
from socterm.console.app import SoctermApp
from socterm.store.opening import Store
from story import busy
from test_pictures import SIZES
from textual.pilot import Pilot


async def test_the_riskiest_stand_first_and_one_is_told_in_full(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("comma", "n")
        await d.sees(
            "203.0.113.9", "risk 130", "119 lines", "failure 118", "root  80, 79 failed", "incident 1"
        )
        await d.press("j")
        await d.sees("Met · source.ip")
        await d.press("slash")
        await d.type("deploy")
        await d.press("enter")
        await d.sees("Root shell through sudo")


async def test_a_pivot_leads_there_from_any_value_and_escape_back(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("comma", "i")
        await d.sees("Entities", "Timeline")
        await d.press("enter")
        screen: Any = d.app.screen
        while screen.about.current is None or screen.about.current.field != "user.name":
            await d.press("j")
        await d.press("p", "e")
        await d.sees("Met · source.ip", "risk 105")
        await d.press("escape")
        await d.until(lambda: d.app.screen is screen)


async def test_one_that_no_alert_is_about_is_told_too(scene: Scene, store: Store) -> None:
    busy(scene)
    app = console(store)
    async with driven(app, size=(140, 40)) as d:
        await d.press("comma", "n")
        await d.sees("203.0.113.9")
        app.go("entity", "user.name:nobody-here")
        await d.sees("nobody-here", "no line of it")
        app.go("entity", "user.name:carol")
        await d.sees("sudo: user not in sudoers")


async def test_from_one_to_its_lines_and_to_its_alerts(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("comma", "n")
        await d.sees("119 lines")
        here = d.app.screen
        await d.press("e")
        await d.sees("Events", "following", "Accepted password for root")
        await d.press("escape")
        await d.until(lambda: d.app.screen is here)
        await d.press("a")
        await d.until(lambda: d.app.screen is d.app.triage)
        await d.until(lambda: len(d.app.triage.alerts.ids) == 2)


async def test_nobody_yet(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("comma", "n")
        await d.sees("No alert is about anybody.")
        await d.press("a", "e")


@pytest.mark.parametrize("size", SIZES)
def test_what_a_person_sees(scene: Scene, store: Store, snap_compare: Any, size: str) -> None:
    """All that is known of an address; at the smallest size the page alone."""
    busy(scene)
    app: SoctermApp = console(store, ingest=FakeIngest(), theme="night", fps=0.5)

    async def run(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await d.press("comma", "n")
        await d.sees("203.0.113.9")
        if size == "tiny":
            await d.press("enter")
        await d.sees("119 lines")
        await d.settled()
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, run_before=run, terminal_size=SIZES[size])
