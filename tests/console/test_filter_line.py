"""A filter that cannot be used is never one: it stays to be mended, and its reason is to be read."""

from __future__ import annotations

import pytest
from driver import console, driven
from scene import Scene
from socterm.console.state import Filter, UiState
from socterm.store.opening import Store

MISSING = "something is missing at the end: a word or a value"


def reason(rows: list[str]) -> str:
    """What stands under the line, without frames."""
    at = next(number for number, row in enumerate(rows) if "^" in row)
    return " ".join(" ".join(rows[at : at + 3]).replace("│", " ").split())


@pytest.mark.parametrize("key", ["enter", "down"])
@pytest.mark.parametrize("place", ["", "events", "hunt"])
async def test_a_wrong_filter_is_not_kept(scene: Scene, store: Store, place: str, key: str) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store, ui=UiState())) as d:
        if place:
            d.app.visit(place)
            await d.settled()
        await d.press("slash")
        await d.type("sudoers and not")
        await d.press(key)
        await d.sees(MISSING, "Enter keep")
        await d.type(" brute")
        await d.press("enter")
        await d.until(lambda: MISSING not in d.text())
        state = d.app.state
        kept = state.view_of(place).filter if place else state.alerts
        assert kept == Filter(text="sudoers and not brute")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("before", [0, 8, 40, 90, 300])
async def test_the_reason_is_to_be_read_wherever_the_mistake_is(
    scene: Scene, store: Store, columns: int, before: int
) -> None:
    scene.simple(["brute"])
    async with driven(console(store), size=(columns, 30)) as d:
        await d.press("slash")
        await d.type("x" * before + " not")
        await d.until(lambda: "^" in d.text())
        assert MISSING in reason(d.rows())


@pytest.mark.parametrize("place", ["events", "hunt"])
async def test_a_wrong_filter_from_elsewhere_stands_there_to_be_mended(
    scene: Scene, store: Store, place: str
) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("colon")
        await d.type(f"{place} sudoers not")
        await d.press("enter")
        await d.sees("sudoers not", MISSING, "Enter keep")
        await d.press("escape")
        await d.until(lambda: "sudoers not" not in d.text())
        assert d.app.state.view_of(place).filter.text == ""


async def test_nor_is_one_that_was_saved(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers"])
    saved = UiState(place="events")
    saved.events.filter.text = "sudoers not"
    async with driven(console(store, ui=saved), place="events") as d:
        await d.sees("sudoers not", MISSING)
        await d.press("escape")
        await d.until(lambda: "sudoers not" not in d.text())
        assert saved.events.filter.text == ""


@pytest.mark.parametrize("place", ["incidents", "rules", "entity", "exceptions", "sources", "metrics"])
async def test_where_a_filter_is_words_no_text_is_a_wrong_query(
    scene: Scene, store: Store, place: str
) -> None:
    scene.several_sources()
    async with driven(console(store, ui=UiState())) as d:
        d.app.visit(place)
        await d.settled()
        await d.press("slash")
        await d.sees("what stands in a row")
        await d.type("log not (")
        await d.press("enter")
        await d.sees("log not (")
        assert "^" not in d.text()
        assert d.app.state.view_of(place).filter.text == "log not ("


@pytest.mark.parametrize("place", ["", "stream", "events", "hunt"])
async def test_where_nothing_passes_it_says_what_may_be_mistyped(
    scene: Scene, store: Store, place: str
) -> None:
    scene.simple(["brute"])
    async with driven(console(store, ui=UiState())) as d:
        if place == "stream":
            await d.press("3")
        elif place:
            d.app.visit(place)
            await d.settled()
        await d.press("slash")
        await d.type("user.nam:root level:hgh")
        await d.press("enter")
        await d.sees("user.nam is no field that socterm writes by itself", "user.name?")
        await d.sees("hgh is no level of an alert: informational, low,")
