"""What verbs are about is what is shown, and Esc goes back to where an alert was opened from: by keys."""

from __future__ import annotations

import pytest
from driver import console, driven
from scene import NOW, Scene
from socterm.console.screens.hunt import HuntScreen
from socterm.store.opening import Store
from story import busy


def state(store: Store, alert: int) -> str:
    row = store.triage.alert(alert)
    assert row is not None
    return row.state


@pytest.mark.parametrize("size", [(160, 50), (100, 30), (70, 24)])
async def test_verbs_are_about_the_alert_that_was_opened_not_the_one_under_the_cursor(
    scene: Scene, store: Store, size: tuple[int, int]
) -> None:
    """One that the list does not hold, because it is closed: `:2` shows it, and `r` reopens it."""
    first, second = scene.simple(["brute", "sudoers"])
    store.triage.decide([second], "close", actor="bob", now=NOW, verdict="undetermined")
    async with driven(console(store), size) as d:
        assert d.alerts == [first]
        await d.press("colon")
        await d.type(str(second))
        await d.press("enter")
        await d.sees("sudo: user not in sudoers")
        await d.press("m")
        await d.sees("sudo: user not in sudoers", "Enter keeps")
        await d.type("looked at again")
        await d.press("enter")
        await d.sees("1 note ")
        await d.press("r")
        await d.until(lambda: state(store, second) == "reopened")
        assert state(store, first) == "new"
        await d.press("escape", "a")
        await d.until(lambda: "acknowledged" in {state(store, first), state(store, second)})


async def test_back_in_the_list_its_own_alert_counts(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "sudoers"])
    store.triage.decide([second], "close", actor="bob", now=NOW, verdict="undetermined")
    async with driven(console(store)) as d:
        await d.press("colon")
        await d.type(str(second))
        await d.press("enter", "1")
        await d.until(lambda: d.app.triage.detail.shown == first)
        await d.press("a")
        await d.until(lambda: state(store, first) == "acknowledged")
        assert state(store, second) == "closed"


async def test_a_part_opened_in_the_detail_is_decided_alone(scene: Scene, store: Store) -> None:
    """Enter on a line of the detail shows another alert; verbs go with it, `1` goes back."""
    busy(scene)
    async with driven(console(store)) as d:
        await d.press("comma", "i")
        await d.sees("Timeline")
        await d.press("enter")
        screen = d.app.screen
        while screen.about.current is None or not screen.about.current.alert:  # type: ignore[attr-defined]
            await d.press("j")
        wanted = screen.about.current.alert  # type: ignore[attr-defined]
        await d.press("enter")
        await d.until(lambda: d.app.screen is d.app.triage and d.app.triage.detail.shown == wanted)
        await d.press("a")
        await d.until(lambda: state(store, wanted) == "acknowledged")


async def test_escape_goes_back_to_the_screen_the_alert_was_opened_from(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store)) as d:
        await d.press("comma", "h", "slash")
        await d.type("Accepted")
        await d.press("enter")
        await d.until(lambda: bool(d.app.screen.answer.rows))  # type: ignore[attr-defined]
        await d.press("enter")
        await d.until(lambda: d.app.screen is d.app.triage)
        await d.sees("Accepted")
        await d.press("escape")
        await d.until(lambda: isinstance(d.app.screen, HuntScreen))
        await d.until(lambda: bool(d.app.screen.answer.rows))  # type: ignore[attr-defined]
        await d.press("escape")
        await d.until(lambda: d.app.screen is d.app.triage)
        await d.press("enter", "escape")  # now the detail was opened from the list of alerts
        assert d.app.screen is d.app.triage
        assert d.app.state.focus == "alerts"


async def test_escape_goes_back_to_an_entity_that_no_alert_is_about(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store)) as d:
        await d.press("colon")
        await d.type("entity source.ip:10.1.4.20")
        await d.press("enter")
        await d.sees("10.1.4.20", "Met")
        d.app.open_event(1)  # as a line of a page does
        await d.until(lambda: d.app.screen is d.app.triage)
        await d.press("escape")
        await d.sees("2 10.1.4.20")
