"""The lists keep still: the cursor stays on its id, new lines move neither filter nor scroll nor marks."""

from __future__ import annotations

import threading

import pytest
from driver import PATIENCE, console, driven
from scene import NOW, SECOND, FakeIngest, Scene, ssh_failed
from socterm.console import readers
from socterm.console.screens import reading
from socterm.store.opening import Store
from socterm.store.rows import EventRow

ALL = ["brute"] * 30


async def test_the_cursor_stays_on_its_alert_while_graver_ones_arrive(scene: Scene, store: Store) -> None:
    ids = scene.simple(["sudoers"] * 4)
    async with driven(console(store)) as d:
        await d.press("j", "j")
        assert d.cursor == ids[2]
        new = scene.simple(["success-after", "brute"])
        await d.until(lambda: set(new) <= set(d.alerts))
        assert d.cursor == ids[2]
        assert d.alerts.index(ids[2]) == 4
        await d.press("e")
        await d.until(lambda: len(store.triage.alerts()) == 5)
    closed = store.triage.alert(ids[2])
    assert closed is not None
    assert closed.state == "closed"


async def test_rows_in_sight_stay_where_they_are_and_a_counter_rises(scene: Scene, store: Store) -> None:
    ids = scene.simple(ALL)
    async with driven(console(store)) as d:
        await d.press("G")
        line = next(n for n, row in enumerate(d.rows()) if "▌" in row)
        assert f"203.0.113.{ids[-1]} " in d.rows()[line]
        new = scene.simple(["success-after", "success-after"])
        await d.until(lambda: set(new) <= set(d.alerts))
        await d.sees("2 new ↑")
        assert d.cursor == ids[-1]
        assert f"203.0.113.{ids[-1]} " in d.rows()[line]
        await d.press("g")
        await d.until(lambda: "new ↑" not in d.text())


async def test_the_detail_is_of_the_row_under_the_cursor_however_late_another_was_read(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, slow, fast = scene.simple(["brute"] * 3)
    read = store.triage.alert_events
    begun, on, over = (threading.Event() for _ in range(3))

    def held(alert: int, **how: int) -> list[EventRow]:
        if alert != slow or begun.is_set():
            return read(alert, **how)
        begun.set()
        on.wait(PATIENCE)
        try:
            return read(alert, **how)
        finally:
            over.set()

    async with driven(console(store)) as d:
        assert d.alerts == [first, slow, fast]
        monkeypatch.setattr(store.triage, "alert_events", held)
        await d.press("j")
        await d.until(begun.is_set)
        await d.press("j")
        await d.until(lambda: d.app.triage.detail.shown == fast)
        on.set()
        await d.until(over.is_set)
        await d.settled()
        assert d.app.triage.detail.shown == fast
        assert d.cursor == fast


async def test_marks_survive_new_alerts(scene: Scene, store: Store) -> None:
    ids = scene.simple(["sudoers"] * 3)
    async with driven(console(store)) as d:
        await d.press("x", "x")
        new = scene.simple(["brute"])
        await d.until(lambda: set(new) <= set(d.alerts))
        await d.sees("2 marked")
        assert d.app.triage.alerts.marked == set(ids[:2])


async def test_a_growing_alert_keeps_its_row(scene: Scene, store: Store) -> None:
    ids = scene.simple(["brute", "brute", "brute"])
    async with driven(console(store)) as d:
        before = d.alerts
        more = scene.lines([ssh_failed("root", "203.0.113.3")] * 9)
        scene.alert("brute", {"source.ip": "203.0.113.3"}, more, alert=ids[2])
        await d.sees("×9")
        assert d.alerts == before


async def test_moving_in_the_alert_list(scene: Scene, store: Store) -> None:
    ids = scene.simple(ALL)
    async with driven(console(store)) as d:
        for keys, row in (
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("k", 0), ("G", 29), ("j", 29), ("g", 0), ("end", 29),
            ("home", 0),
        ):  # fmt: skip
            await d.press(keys)
            assert d.cursor == ids[row], keys
        height = d.app.triage.alerts.size.height
        await d.press("pagedown")
        assert d.cursor == ids[height]
        await d.press("ctrl+u")
        assert d.cursor == ids[height - height // 2]
        await d.press("pageup")
        assert d.cursor == ids[0]
        await d.press("ctrl+d")
        assert d.cursor == ids[height // 2]


async def test_new_lines_arrive_while_following(scene: Scene, store: Store) -> None:
    scene.flood(100)
    async with driven(console(store)) as d:
        await d.sees("FOLLOW", "Started Session 99 ")
        scene.lines([ssh_failed("root", "203.0.113.9")])
        await d.sees("Failed password for root from 203.0.113.9")


async def test_moving_up_leaves_follow_and_nothing_moves_any_more(scene: Scene, store: Store) -> None:
    scene.flood(300)
    async with driven(console(store)) as d:
        await d.press("3", "k", "k", "k")
        await d.sees("scrolled")
        await d.settled()
        stream = d.app.triage.stream
        cursor, top = stream.cursor, stream.scroll_offset.y
        rows = [r[:90] for r in d.rows()[17:-1]]
        scene.flood(50)
        await d.sees("below")
        assert (stream.cursor, stream.scroll_offset.y) == (cursor, top)
        assert [r[:90] for r in d.rows()[17:-1]] == rows
        assert len(stream.ids) == 350
        await d.press("G")
        await d.sees("FOLLOW")
        assert stream.cursor == stream.ids[-1] == store.events.newest_id()


async def test_scrolling_up_reads_older_lines(scene: Scene, store: Store) -> None:
    scene.flood(5000)
    async with driven(console(store)) as d:
        stream = d.app.triage.stream
        assert len(stream.ids) == 2000
        await d.press("3", "g")
        await d.until(lambda: len(stream.ids) == 4000)
        assert stream.cursor == 3001
        await d.press("g")
        await d.until(lambda: len(stream.ids) == 5000)
        await d.press("g")
        await d.sees("Started Session 0 ")


async def test_space_holds_the_view_and_counts(scene: Scene, store: Store) -> None:
    scene.flood(40)
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("space")
        await d.sees("PAUSED +0")
        scene.flood(25)
        scene.simple(["success-after"])
        await d.sees("PAUSED +26")
        await d.settled()
        assert len(d.alerts) == 1
        assert "Started Session 39 " in d.text()
        await d.press("space")
        await d.sees("FOLLOW", "SSH login after brute force", "Started Session 24 ")


async def test_a_decision_while_paused_shows_its_row_and_no_new_ones(scene: Scene, store: Store) -> None:
    _, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("space")
        scene.simple(["success-after"])
        await d.press("e")
        await d.sees("1 alert closed")
        await d.settled()
        assert d.alerts == [second]


async def test_a_filter_changed_while_paused_shows_all_that_passes(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type("sudoers")
        await d.press("enter")
        await d.until(lambda: len(d.alerts) == 1)
        await d.press("space", "F")
        await d.until(lambda: len(d.alerts) == 2)


async def test_a_filter_narrows_the_alerts_as_one_types(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type("sudoers")
        await d.until(lambda: len(d.alerts) == 2)
        await d.press("enter")
        await d.sees("2 open · sudoers")
        assert d.app.focused is d.app.triage.alerts
        scene.simple(["success-after", "sudoers"])
        await d.until(lambda: len(d.alerts) == 3)
        await d.press("F")
        await d.until(lambda: len(d.alerts) == 5)
        await d.sees("sudoers (off)")
        await d.press("F")
        await d.until(lambda: len(d.alerts) == 3)


async def test_a_mistake_is_shown_at_its_character_and_keeps_the_list(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type("level:high and (")
        await d.sees("^ ")
        line = next(row for row in d.rows() if "^ " in row)
        typed = next(row for row in d.rows() if "level:high and (" in row)
        assert line.index("^") == typed.index("level") + len("level:high and (")
        await d.press("escape")
        await d.until(lambda: len(d.alerts) == 2 and "^ " not in d.text())


async def test_escape_puts_the_old_filter_back(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type("sudoers")
        await d.press("enter")
        await d.until(lambda: len(d.alerts) == 1)
        await d.press("slash")
        await d.type(" xyz")
        await d.until(lambda: len(d.alerts) == 0)
        await d.press("escape")
        await d.until(lambda: len(d.alerts) == 1)


async def test_a_stream_filter_holds_while_lines_arrive(scene: Scene, store: Store) -> None:
    scene.flood(50)
    scene.lines([ssh_failed("root", "203.0.113.9")] * 3)
    async with driven(console(store)) as d:
        stream = d.app.triage.stream
        await d.press("3", "slash")
        await d.type("user.name:root")
        await d.until(lambda: len(stream.ids) == 3)
        await d.press("enter")
        scene.flood(30)
        scene.lines([ssh_failed("root", "203.0.113.9", 4444), ssh_failed("bob", "203.0.113.9")])
        await d.sees("port 4444")
        await d.settled()
        assert len(stream.ids) == 4
        assert "Started Session" not in d.text()
        await d.press("F")
        await d.until(lambda: len(stream.ids) == 85)


async def test_a_commit_wakes_the_list(scene: Scene, store: Store) -> None:
    ingest = FakeIngest()
    app = console(store, ingest=ingest, fps=0.5)
    async with driven(app) as d:
        new = scene.simple(["brute"])
        for listener in ingest.listeners:
            listener()
        await d.until(lambda: d.alerts == new)


async def test_orders_sort_the_list(scene: Scene, store: Store) -> None:
    low = scene.alert("sudoers", {"user.name": "a"}, scene.lines([ssh_failed("a", "10.0.0.1")] * 7))
    high = scene.alert(
        "brute", {"user.name": "b"}, scene.lines([ssh_failed("b", "10.0.0.1")], until=NOW - 90 * SECOND)
    )
    async with driven(console(store)) as d:
        assert d.alerts == [high, low]
        await d.press("O")
        assert d.alerts == [low, high]
        await d.sees("by newest")
        await d.press("O")
        assert d.alerts == [low, high]
        await d.sees("by count")
        assert d.cursor == high


async def test_keys_faster_than_the_screen_are_text_and_not_verbs(scene: Scene, store: Store) -> None:
    scene.simple(["brute", "sudoers", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("3")
        await d.burst("1/ssh brute")
        await d.until(lambda: len(d.alerts) == 1)
        assert d.app.state.alerts.text == "ssh brute"
        await d.settled()
    assert [row.state for row in store.triage.alerts()] == ["new"] * 3


async def test_fast_keys_after_d_and_m_are_no_verbs_either(scene: Scene, store: Store) -> None:
    first, *others = scene.simple(["brute", "brute", "brute"])
    async with driven(console(store)) as d:
        await d.burst("dff")
        await d.until(lambda: len(store.triage.alerts()) == 2)
        await d.burst("meee")
        await d.sees("Note ·")
        await d.press("escape")
        await d.until(lambda: "Note ·" not in d.text())
        await d.settled()
    assert [row.id for row in store.triage.alerts()] == others
    closed = store.triage.alert(first)
    assert closed is not None
    assert closed.verdict == "false_positive"


async def test_every_open_alert_is_in_the_list(scene: Scene, store: Store) -> None:
    scene.many(1_203)
    async with driven(console(store)) as d:
        await d.sees("1,203 open")
        await d.press("G", "e")
        await d.sees("1,202 open", "1 alert closed")
        new = scene.simple(["success-after"])
        await d.until(lambda: d.alerts[:1] == new)
        await d.press("z")
        await d.sees("1,204 open")
        await d.press("O")
        await d.press("ctrl+a")
        await d.sees("1,204 marked")
        await d.press("e")
        await d.until(lambda: store.triage.alerts() == [])
        await d.sees("1,204 alerts closed", "0 open")


async def test_a_cut_list_says_of_how_many(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "MOST_ALERTS", 5)
    monkeypatch.setattr(reading, "MOST_ALERTS", 5)
    scene.many(7)
    async with driven(console(store)) as d:
        await d.sees("5 of 7 open")
        (grave,) = scene.simple(["success-after"])
        await d.until(lambda: grave in d.alerts)
        await d.sees("5 of 8 open")
        await d.press("ctrl+a", "e")
        await d.sees("5 alerts closed", "3 open")
        assert len(d.alerts) == 3


async def test_a_refused_decision_brings_its_row_back(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store)) as d:
        await d.press("space")
        store.triage.decide([first], "close", actor="bob", now=NOW)
        await d.press("e")
        await d.until(lambda: d.alerts == [second])
