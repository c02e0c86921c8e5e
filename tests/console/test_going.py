"""Going between screens: by `,`, by the palette, by the `:` line; back by Esc; pivots from a value."""

from __future__ import annotations

import pytest
from driver import Driver, console, driven
from scene import ACTOR, Scene, ssh_failed
from socterm.console.actions import of
from socterm.console.commands import completed, suggestions, understand
from socterm.console.pivots import Spot, around, both
from socterm.console.places import PLACES, Place
from socterm.console.screens.page import Page
from socterm.console.state import UiState, view_name
from socterm.errors import UsageError
from socterm.query import parse
from socterm.store.opening import Store
from story import busy

OTHERS = [place for place in PLACES if place.screen]


def here(d: Driver) -> str:
    screen = d.app.screen
    return screen.PLACE if isinstance(screen, Page) else "triage" if screen is d.app.triage else ""


@pytest.mark.parametrize("place", OTHERS, ids=lambda place: place.name)
@pytest.mark.parametrize("back", ["escape", "q"])
async def test_two_keys_go_to_every_screen_and_one_comes_back(
    scene: Scene, store: Store, place: Place, back: str
) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("comma")
        await d.sees("Go to", place.name, place.help)
        await d.press(place.key)
        await d.until(lambda: here(d) == place.name)
        assert f" socterm   {place.title}" in d.rows()[0]
        assert "▲ 1" in d.rows()[0], "the counts stay in the header"
        await d.press(back)
        await d.until(lambda: here(d) == "triage")
        assert not d.app._exit


async def test_leaving_the_menu_changes_nothing(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("comma", "escape")
        await d.until(lambda: here(d) == "triage")
        assert "Go to" not in d.text()


async def test_from_screen_to_screen_one_step_leads_back_to_triage(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("comma", "e")
        await d.until(lambda: here(d) == "events")
        await d.press("comma", "o")
        await d.until(lambda: here(d) == "sources")
        await d.press("q")
        await d.until(lambda: here(d) == "triage")


async def test_the_screen_one_was_on_opens_at_the_next_start(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("comma", "e")
        await d.until(lambda: here(d) == "events")
        await d.press("slash")
        await d.type("failed")
        await d.press("enter")
        await d.settled()
    kept = UiState.model_validate_json(store.triage.load_ui(view_name(ACTOR)) or "")
    assert (kept.place, kept.events.filter.text) == ("events", "failed")
    app = console(store)
    async with app.run_test(size=(160, 50)) as pilot:
        d = Driver(app, pilot)
        await d.until(lambda: here(d) == "events")
        await d.sees("failed", "Failed password")


async def typed(d: Driver, text: str, *, enter: bool = True) -> None:
    await d.press("colon")
    await d.until(lambda: d.app.screen.is_modal)
    await d.type(text)
    if enter:
        await d.press("enter")


async def test_a_command_goes_to_a_screen_with_a_filter(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9"), ssh_failed("oracle", "203.0.113.9")])
    async with driven(console(store)) as d:
        await typed(d, "events user.name:oracle")
        await d.until(lambda: here(d) == "events")
        await d.until(lambda: len(d.app.screen.list.ids) == 1)  # type: ignore[attr-defined]
        await d.sees("user.name:oracle", "Failed password for oracle")


async def test_a_number_opens_an_alert_and_one_with_a_hash_an_event(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("comma", "o")
        await d.until(lambda: here(d) == "sources")
        await typed(d, str(second))
        await d.until(lambda: here(d) == "triage" and d.app.triage.detail.shown == second)
        assert d.cursor == second
        await typed(d, "#1")
        await d.until(lambda: d.app.triage.detail.alone)
        assert first


async def test_a_number_of_nothing_is_said(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await typed(d, "4711")
        await d.sees("there is no alert 4711")


async def test_every_verb_can_be_typed(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await typed(d, "acknowledge")
        await d.sees("mine")
        await typed(d, "triage.undo")
        await d.until(lambda: [row.state for row in store.triage.alerts()] == ["new"])
        await typed(d, "quit")
        await d.until(lambda: d.app._exit)


async def test_a_mistake_is_said_in_one_line_and_can_be_mended(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await typed(d, "evnts")
        await d.sees("no command 'evnts': did you mean events?")
        await d.press("backspace", "backspace", "backspace", "backspace", "tab", "enter")
        await d.until(lambda: here(d) == "events")


async def test_commands_typed_before_come_back(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await typed(d, "sources")
        await d.until(lambda: here(d) == "sources")
        await d.press("escape", "colon", "up", "enter")
        await d.until(lambda: here(d) == "sources")


async def test_the_palette_goes_to_screens_too(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("ctrl+p")
        await d.type("every stored line")
        await d.press("enter")
        await d.until(lambda: here(d) == "events")


VERBS = [*of("triage"), *of("app")]


def test_what_a_command_means() -> None:
    assert understand(":42", VERBS)[:4:3] == ("alert", 42)
    assert understand("#42", VERBS)[:4:3] == ("event", 42)
    assert understand("events a b ", VERBS)[:3] == ("place", "events", "a b")
    assert understand("alert.close", VERBS).name == "alert.close"
    assert understand("undo", VERBS).name == "triage.undo"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "type a screen"),
        ("next", "no command 'next'"),
        ("x\x1b[31m", "no command"),
        ("9" * 40, "no number has 40 digits"),
    ],
)
def test_what_is_not_understood_is_an_error_of_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as wrong:
        understand(text, [action for action in VERBS if action.id != "pane.next"])
    assert "\n" not in str(wrong.value)


def test_a_name_that_could_be_two_verbs_is_asked_about() -> None:
    twice = [*of("rows"), *of("text")]
    with pytest.raises(UsageError, match=r"down could be rows\.down, text\.down"):
        understand("down", twice)


def test_completion_adds_what_is_certain() -> None:
    assert completed("ev", VERBS) == "events"
    assert completed("alert.c", VERBS) == "alert.close"
    assert completed("nothing at all", VERBS) == "nothing at all"
    assert [name for name, _ in suggestions("undo", VERBS)] == ["triage.undo"]
    assert suggestions("events ro", VERBS) == []


async def test_pivots_fit_the_value_under_the_cursor(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9"), ssh_failed("oracle", "198.51.100.4")])
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("p")
        await d.sees("Pivot", "address's events", "203.0.113.1")
        assert "user's events" not in d.text(), "an alert about an address has no user"
        await d.press("u")
        await d.press("i")
        await d.until(lambda: here(d) == "events")
        await d.until(lambda: len(d.app.screen.list.ids) == 1)  # type: ignore[attr-defined]
        await d.sees('source.ip:"203.0.113.1"')
        await d.press("escape")
        await d.until(lambda: here(d) == "triage")


async def test_keeping_and_leaving_out_a_value(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("equals_sign")
        await d.until(lambda: d.alerts == [first])
        await d.press("F")
        await d.until(lambda: len(d.alerts) == 2)
        await d.press("g", "minus")
        await d.until(lambda: d.alerts == [second])


async def test_a_screen_above_keeps_the_zone_for_triage(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("comma", "e")
        await d.until(lambda: here(d) == "events")
        await d.press("U", "escape")
        await d.until(lambda: here(d) == "triage")
        assert d.app.state.utc


def test_filters_are_joined_so_that_both_hold() -> None:
    assert both("", "a:1") == "a:1"
    assert both("x or y", "a:1") == "(x or y) and a:1"
    assert both("x", "a:1") == "x and a:1"
    parse(around(1_763_721_727_000_000), now=0)


def test_a_spot_names_its_first_field() -> None:
    spot = Spot({"user.name": "", "source.ip": "10.0.0.1"})
    assert spot.first() == ("source.ip", "10.0.0.1")
    assert spot.first("user.name") == ("", "")


async def test_hostile_values_are_quoted_in_a_pivot(scene: Scene, store: Store) -> None:
    bad = 'ro"ot) or (x\x1b]52;c;eA==\x07[/foo]'
    events = scene.lines([ssh_failed(bad, "203.0.113.9"), ssh_failed("root", "203.0.113.9")])
    scene.alert("brute", {"user.name": bad}, events[:1])
    async with driven(console(store)) as d:
        await d.press("p", "u")
        await d.until(lambda: here(d) == "events")
        await d.settled()
        await d.sees("␛]52")


async def test_a_screen_on_a_busy_store(scene: Scene, store: Store) -> None:
    busy(scene)
    for size in ((160, 50), (100, 30), (70, 24)):
        async with driven(console(store, ui=UiState()), size) as d:
            await d.press("comma", "e")
            await d.until(lambda: here(d) == "events")
            await d.sees("1 Events")
            await d.press("enter")
            await d.sees("2 Summary")
            await d.press("escape", "escape")
            await d.until(lambda: here(d) == "triage")


@pytest.mark.parametrize("typed", [",e", ",o", "pw", "xpw"])
async def test_keys_typed_faster_than_the_menu_opens_are_the_menus(
    scene: Scene, store: Store, typed: str
) -> None:
    """`e` closes an alert on the Triage screen: it must not be taken for that on its way to the menu."""
    scene.simple(["brute", "brute", "sudoers"])
    async with driven(console(store)) as d:
        for _ in range(3):
            await d.burst(typed)
            await d.until(lambda: here(d) in {"events", "sources"})
            await d.press("escape")
            await d.until(lambda: here(d) == "triage")
    assert {row.state for row in store.triage.alerts()} == {"new"}
    assert len(store.triage.alerts()) == 3


async def test_a_command_typed_in_one_go(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.burst(":sources")
        await d.press("enter")
        await d.until(lambda: here(d) == "sources")
    assert [row.state for row in store.triage.alerts()] == ["new"]


@pytest.mark.parametrize("place", OTHERS, ids=lambda place: place.name)
async def test_a_restart_opens_the_screen_that_was_left(scene: Scene, store: Store, place: Place) -> None:
    scene.simple(["brute"])
    async with driven(console(store, ui=UiState(place=place.name)), place=place.name) as d:
        assert f" socterm   {place.title}" in d.rows()[0]
        await d.press("escape")
        await d.until(lambda: here(d) == "triage")
        await d.sees("SSH brute force")
