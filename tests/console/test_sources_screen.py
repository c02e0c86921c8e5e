"""The Sources screen and the clock's zone, by keys alone."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from driver import console, driven
from scene import ACTOR, NOW, Scene, ssh_failed
from socterm.console.app import SoctermApp
from socterm.store.opening import Store


async def test_a_key_shows_what_is_read_and_what_was_understood(scene: Scene, store: Store) -> None:
    scene.several_sources()
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("L")
        await d.sees("/var/log/auth.log", "99.9%", "40/s", "sshd 75%")


async def test_another_source_shows_what_went_wrong_with_it(scene: Scene, store: Store) -> None:
    scene.several_sources()
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("L")
        await d.sees("access.log")
        await d.press("j")
        await d.sees("too long", "JSON: broken at character 6", "came too late", "5 min ago")


async def test_one_more_key_shows_the_lines_nobody_knew_and_enter_opens_one(
    scene: Scene, store: Store
) -> None:
    scene.several_sources()
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("L")
        await d.sees("access.log")
        await d.press("j", "u")
        await d.sees("in no form that anybody knows", "[/foo] \u241b[31m")
        await d.press("enter", "G", "j", "j", "j", "enter")
        await d.until(lambda: d.app.screen is d.app.triage)
        await d.until(lambda: d.app.triage.detail.event is not None)
        assert d.app.triage.detail.event.raw == "GET / but in no form that anybody knows"
        assert d.app.triage.state.focus == "detail"


async def test_escape_goes_back_step_by_step(scene: Scene, store: Store) -> None:
    scene.several_sources()
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("L")
        await d.sees("access.log")
        await d.press("tab", "escape")
        assert d.app.screen is not d.app.triage
        await d.press("escape")
        await d.until(lambda: d.app.screen is d.app.triage)


async def test_a_store_without_sources_says_so(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("L")
        await d.sees("No source has been read into this store.")


async def test_counters_move_while_one_looks(scene: Scene, store: Store) -> None:
    scene.several_sources()
    async with driven(console(store), size=(140, 40)) as d:
        await d.press("L")
        await d.sees("access.log")
        scene.lines([ssh_failed("root", "203.0.113.9")])
        d.app.screen.look()  # type: ignore[attr-defined]
        await d.until(lambda: "99.9%" not in d.text())


@pytest.mark.parametrize("tab", ["1", "2", "3"])
async def test_times_are_shown_in_utc_or_local_as_one_likes(scene: Scene, store: Store, tab: str) -> None:
    scene.simple(["brute"])
    zone = ZoneInfo("Asia/Kolkata")
    app = SoctermApp(store, actor=ACTOR, clock=lambda: NOW, tz=zone)
    async with driven(app, size=(140, 40)) as d:
        await d.press(tab)
        await d.sees("16:11:57")
        await d.press("U")
        await d.sees("10:41:57")
        assert "16:11:57" not in d.text()
        assert d.app.triage.tz is UTC
        await d.press("U")
        await d.sees("16:11:57")
        assert "10:41:57" not in d.text()


async def test_the_zone_is_kept_for_the_next_start(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    zone = ZoneInfo("Asia/Kolkata")
    async with driven(SoctermApp(store, actor=ACTOR, clock=lambda: NOW, tz=zone), size=(140, 40)) as d:
        await d.press("U")
        await d.sees("10:41:57")
    async with driven(SoctermApp(store, actor=ACTOR, clock=lambda: NOW, tz=zone), size=(140, 40)) as d:
        await d.sees("10:41:57")
