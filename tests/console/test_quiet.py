"""What is said is true and short: beneath dialogues, in the first seconds, in empty panes, in the header."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from driver import console, driven
from scene import NOW, SECOND, FakeIngest, Scene, ssh_failed
from socterm.console.lines import line, wrap
from socterm.console.summary import LONG, alert_summary
from socterm.console.widgets.filter_bar import Mistake
from socterm.store.opening import Store
from socterm.store.rows import EventRow

LOADING = {"mode": "loading rules", "sources": (), "rate": 0.0, "lines": 0, "understood": 0}


def mistake(d: Any) -> str:
    """What stands under the filter line of the alerts."""
    return str(d.app.triage.filter_bar("alerts").query_one(Mistake).text)


@pytest.mark.parametrize("key", ["question_mark", "m", "ctrl+p"])
async def test_nothing_is_drawn_beneath_a_dialogue(scene: Scene, store: Store, key: str) -> None:
    """Not even while lines and alerts come in; closing it catches up."""
    scene.simple(["brute"])
    ingest = FakeIngest()
    async with driven(console(store, ingest=ingest)) as d:
        await d.press(key)
        await d.until(lambda: d.app.screen is not d.app.triage)
        await d.settled()
        looked = d.app.triage._looked
        new = scene.simple(["success-after"])
        for listener in ingest.listeners:
            listener()
        for _ in range(3):
            d.app.triage.tick()
        await d.settled()
        assert d.app.triage._looked == looked
        assert new[0] not in d.alerts
        await d.press("escape")
        await d.until(lambda: new[0] in d.alerts)


async def test_a_console_attached_to_a_full_store_starts_at_no_rate(scene: Scene, store: Store) -> None:
    scene.flood(500)
    async with driven(console(store)) as d:
        screen = d.app.triage
        screen.clock = lambda: NOW + SECOND
        screen.slow_tick()
        assert screen.header.rate == 0
        scene.flood(30)
        await d.until(lambda: screen.stream.newest == 530)
        screen.clock = lambda: NOW + 3 * SECOND
        screen.slow_tick()
        assert screen.header.rate == 15


async def test_while_rules_load_it_says_so(scene: Scene, store: Store) -> None:
    async with driven(console(store, ingest=FakeIngest(**LOADING))) as d:
        await d.sees("No alerts. Loading rules …", "loading rules …")
        assert "No source is followed" not in d.text()
        assert "no source" not in d.rows()[0]


async def test_a_stream_filter_without_hits_says_so(scene: Scene, store: Store) -> None:
    scene.flood(20)
    async with driven(console(store)) as d:
        await d.press("3", "slash")
        await d.type("user.name:nobody")
        await d.press("enter")
        await d.sees("No line passes · F switches the filter off.")
        assert "searching" not in d.text()
        await d.press("F")
        await d.sees("Started Session 19 ")


async def test_a_search_that_lasts_is_said(scene: Scene, store: Store) -> None:
    scene.flood(20)
    async with driven(console(store)) as d:
        stream = d.app.triage.stream
        stream.narrow("user.name:nobody")
        d.app.triage.titles()
        assert "searching …" in d.app.triage.pane("stream").border_subtitle
        assert "Searching …" in "".join(span.text for span in stream.empty[0].spans)
        await d.sees("No line passes")


async def test_a_mistake_goes_with_the_key_that_mends_it(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("slash")
        await d.type("level:high and (")
        await d.until(lambda: mistake(d))
        first = mistake(d)
        d.app.triage.look_for_changes()
        await d.settled()
        assert mistake(d) == first, "a look at the store does not take it away"
        await d.press("backspace", "backspace", "backspace", "backspace", "backspace")
        assert mistake(d) == ""


async def test_before_the_first_key_the_cursor_is_at_the_top(scene: Scene, store: Store) -> None:
    (low,) = scene.simple(["sudoers"])
    async with driven(console(store)) as d:
        assert d.cursor == low
        (grave,) = scene.simple(["success-after"])
        await d.until(lambda: grave in d.alerts)
        assert d.cursor == grave
        await d.press("J")
        (more,) = scene.simple(["success-after"])
        await d.until(lambda: more in d.alerts)
        assert d.cursor == grave


async def test_a_restored_cursor_stays_on_its_alert(scene: Scene, store: Store) -> None:
    _, second = scene.simple(["sudoers", "sudoers"])
    async with driven(console(store)) as d:
        await d.press("j")
    async with driven(console(store)) as d:
        assert d.cursor == second
        (grave,) = scene.simple(["success-after"])
        await d.until(lambda: grave in d.alerts)
        assert d.cursor == second


async def test_trouble_takes_the_room_there_is(scene: Scene, store: Store) -> None:
    error = "ingest stopped: the disk holding /var/lib/socterm/socterm.db is full; free some room"
    scene.simple(["brute"])
    async with driven(console(store, ingest=FakeIngest(error=error))) as d:
        assert error in d.rows()[0]
        assert "▲ 1" in d.rows()[0]
        assert "FOLLOW" in d.rows()[0]


async def test_a_notice_hides_no_alert_on_a_small_screen(scene: Scene, store: Store) -> None:
    scene.many(40)
    async with driven(console(store), (70, 24)) as d:
        before = d.rows()[:22]
        await d.press("F")
        await d.sees("no filter here")
        await d.press("F", "F")
        d.app.triage.failed(type("Failed", (), {"error": "a long story " * 30})())
        await d.sees("a long story")
        assert [row[:60] for row in d.rows()[1:22]] == [row[:60] for row in before[1:]]


async def test_a_long_title_takes_the_blanks_of_a_short_entity(scene: Scene, store: Store) -> None:
    event = scene.lines([ssh_failed("root", "203.0.113.9")])
    scene.alert("enumeration", {"user.name": "bob"}, event)
    async with driven(console(store), (90, 30)) as d:
        row = next(row for row in d.rows() if "User names tried" in row)
        assert "User names tried one after the other bob" in row


def told(event: int, *, repeat: int = 1, **fields: str) -> EventRow:
    """An event of the summary."""
    known = {"user.name": "root", "event.outcome": "failure", **fields}
    return EventRow(
        event, NOW, "f", event, f"line {event}", {**known, "message": f"line {event}"}, repeat=repeat
    )


async def test_the_summary_weighs_and_cuts(scene: Scene, store: Store) -> None:
    """An echo of a counted event counts nothing; `repeated 5 times` counts five; a huge value is cut."""
    events = scene.lines([ssh_failed("root", "203.0.113.9")])
    scene.alert("brute", {"source.ip": "203.0.113.9"}, events)
    (alert,) = store.triage.alerts()
    alert.count = 6
    rows = [told(1), told(2, repeat=0), told(3, repeat=5, **{"host.hostname": "w" * 3000})]
    said = alert_summary(alert, rows, "alice", UTC)
    texts = ["".join(span.text for span in item.spans) for item in said]
    assert any("failure  ×6" in text for text in texts)
    assert any("6 of 6 events" in text for text in texts)
    assert [item.event for item in said if item.event] == [1, 3]
    host = next(item for item in said if item.value.startswith("www"))
    assert sum(len(span.text) for span in host.spans) < LONG + 40
    assert len(host.value) == 3000
    assert len(wrap([host], 60)) <= 3


def test_a_line_is_cut_at_its_last_row() -> None:
    rows = wrap([line(("word " * 200, "text"))._replace(most=2), line(("next", "text"))], 20)
    assert [row.line for row in rows] == [0, 0, 1]
    assert rows[1].spans[-1].text == "…"
    assert all(sum(len(span.text) for span in row.spans) <= 20 for row in rows)


@pytest.mark.parametrize("size", [(160, 50), (70, 24)])
async def test_where_another_process_ingests_the_header_says_so_with_what_that_reads(
    scene: Scene, store: Store, size: tuple[int, int]
) -> None:
    """Attached: the sources and the rate are those of the store, not the nothing this process reads."""
    scene.flood(3)
    waiting = FakeIngest(mode="attached: process 42 on db01 ingests", sources=(), rate=0.0, lines=0)
    async with driven(console(store, ingest=waiting), size) as d:
        await d.sees("attached", "auth.log")
        assert "no source" not in d.text()
        await d.press("comma", "o")
        await d.sees("attached", "auth.log")
        if size[0] > 100:
            await d.sees("process 42 on db01")
