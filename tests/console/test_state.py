"""A restart opens what was left: one state, kept in the store."""

from __future__ import annotations

import pytest
from driver import console, driven
from scene import ACTOR, FakeIngest, Scene
from socterm.console.state import UiState, restore, view_name
from socterm.errors import UsageError
from socterm.pipeline.status import SourceStatus
from socterm.store.opening import Store


async def test_a_restart_opens_the_same_view(scene: Scene, store: Store) -> None:
    scene.flood(60)
    scene.simple(["brute", "sudoers", "sudoers", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type("sudoers")
        await d.press("enter")
        await d.until(lambda: len(d.alerts) == 3)
        await d.press("j", "O", "T", "C")
        await d.press("3", "k", "k", "slash")
        await d.type("backup")
        await d.press("enter")
        await d.until(lambda: len(d.app.triage.stream.ids) == 60)
        await d.press("2", "l")
        await d.settled()
        before = d.app.state.model_copy(deep=True)
    async with driven(console(store)) as d:
        again = d.app.state
        assert again.model_dump() == before.model_dump()
        assert again.theme == "day"
        assert d.app.theme == "day"
        assert d.cursor == before.selected_alert
        assert len(d.alerts) == 3
        assert len(d.app.triage.stream.ids) == 60
        assert d.app.focused is d.app.triage.detail
        await d.sees("sudoers", "backup", "by newest", "@timestamp")


async def test_marks_and_pause_end_with_the_console(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("j", "x", "k", "space")
        await d.sees("1 marked", "PAUSED +0")
    async with driven(console(store)) as d:
        assert "marked" not in d.text()
        assert "PAUSED" not in d.text()
        await d.press("e")
        await d.sees("1 alert closed")
    assert [row.id for row in store.triage.alerts()] == [second]
    assert first


async def test_a_view_is_saved_on_leaving_under_its_analysts_name(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as one:
        await one.press("T", "x")
        async with driven(console(store, actor="bob")) as two:
            assert two.app.theme == "night"
            assert two.app.triage.alerts.marked == set()
            two.app.triage.slow_tick()
            await two.settled()
            assert store.triage.load_ui(view_name(ACTOR)) is None
        assert store.triage.load_ui(view_name(ACTOR)) is None
    assert '"theme":"day"' in (store.triage.load_ui(view_name(ACTOR)) or "")
    assert '"theme":"night"' in (store.triage.load_ui(view_name("bob")) or "")


async def test_a_view_that_cannot_be_read_is_replaced_and_said(scene: Scene, store: Store) -> None:
    store.triage.save_ui(view_name(ACTOR), '{"focus": 7}')
    async with driven(console(store)) as d:
        await d.sees("the saved view could not be read")
        assert d.app.state.focus == "alerts"


def test_a_view_of_a_later_version_keeps_what_is_known() -> None:
    state, notice = restore('{"theme": "day", "holograms": true}')
    assert (state.theme, notice) == ("day", "")
    assert restore(None) == (UiState(), "")


async def test_an_unknown_saved_theme_falls_back(scene: Scene, store: Store) -> None:
    async with driven(console(store, ui=UiState(theme="neon"))) as d:
        assert d.app.theme == "night"


def test_an_unknown_theme_asked_for_is_an_error_that_names_them(store: Store) -> None:
    with pytest.raises(UsageError, match="no theme 'neon': use one of night, day, clear"):
        console(store, theme="neon")


async def test_a_lost_cursor_goes_to_a_neighbour(scene: Scene, store: Store) -> None:
    ids = scene.simple(["brute"] * 3)
    async with driven(console(store, ui=UiState(selected_alert=999))) as d:
        assert d.cursor in ids


async def test_two_consoles_on_one_file_see_each_others_decisions(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as one:
        store.triage.decide([first], "close", actor="bob", now=1)
        await one.until(lambda: one.alerts == [second])


async def test_the_mouse_can_be_given_away(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.press("f2")
        await d.sees("the mouse is the terminal's")
        assert not d.app.state.mouse
        await d.press("f2")
        await d.until(lambda: d.app.state.mouse)


async def test_q_goes_back_and_leaves_from_the_list(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("enter")
        assert d.app.state.focus == "detail"
        await d.press("q")
        assert d.app.state.focus == "alerts"
        assert not d.app._exit
        await d.press("q")
        await d.until(lambda: d.app._exit)


@pytest.mark.parametrize("size", [(160, 50), (100, 30), (70, 24)])
async def test_panes_take_turns_where_there_is_little_room(
    scene: Scene, store: Store, size: tuple[int, int]
) -> None:
    scene.flood(30)
    scene.simple(["brute"])
    seen = {}
    async with driven(console(store, ingest=FakeIngest()), size) as d:
        for key, title in (("1", "1 Alerts"), ("2", "2 Summary"), ("3", "3 Stream"), ("4", "4 Chat")):
            await d.press(key)
            await d.sees(title)
            seen[key] = sum(name in d.text() for name in ("1 Alerts", "2 Summary", "3 Stream", "4 Chat"))
            assert "▲ 1" in d.rows()[0], "the counts per level stay"
        for _ in range(4):
            await d.press("tab")
        assert d.app.state.focus == "chat"
        await d.press("1", "enter")
        await d.sees("2 Summary")
        assert d.app.state.focus == "detail"
        await d.press("escape")
        assert d.app.state.focus == "alerts"
    assert (
        seen
        == {160: dict.fromkeys("1234", 4), 100: dict.fromkeys("1234", 3), 70: dict.fromkeys("1234", 1)}[
            size[0]
        ]
    )


async def test_the_first_start_says_what_to_press(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await d.sees("No alerts", "No source is followed", "socterm demo", "? all keys")
    async with driven(console(store, ingest=FakeIngest())) as d:
        await d.sees("following", "/var/log/auth.log", "Nothing matched a rule yet")


async def test_trouble_of_ingest_stands_in_the_header(scene: Scene, store: Store) -> None:
    ingest = FakeIngest(error="disk full, waiting", drops=12, mode="demo ×60", rate=0.0)
    async with driven(console(store, ingest=ingest)) as d:
        await d.sees("! disk full, waiting", "dropped 12", "demo ×60")


async def test_what_is_wrong_with_a_source_stands_in_the_header(scene: Scene, store: Store) -> None:
    gone = SourceStatus("/var/log/gone.log", 0, 0, 0, -1, {}, "does not exist yet", False)
    async with driven(console(store, ingest=FakeIngest(sources=(gone,)))) as d:
        await d.sees("! gone.log: does not exist yet", "following /var/log/gone.log")


async def test_no_colour_is_honoured(scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        for strip in d.app.screen._compositor.render_strips():
            for segment in strip:
                colour = segment.style.color if segment.style else None
                if colour is not None and colour.triplet is not None:
                    assert len(set(colour.triplet)) == 1
        assert "▲ HIGH" in d.text()
        assert "○ LOW" in d.text()
