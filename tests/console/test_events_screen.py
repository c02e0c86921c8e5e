"""The Events screen by keys alone: filter, columns, jumps, search, bookmarks, views, files."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from driver import Driver, console, driven
from scene import NOW, SECOND, Line, Scene, line, ssh_failed
from socterm.console.screens.events import EventsScreen
from socterm.errors import QueryCancelledError
from socterm.store.opening import Store

WIDE = (160, 40)


@asynccontextmanager
async def at_events(store: Store, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[Driver, EventsScreen]]:
    """The console on the Events screen, everything read once."""
    async with driven(console(store), size) as d:
        await d.press("comma", "e")
        await d.until(lambda: isinstance(d.app.screen, EventsScreen))
        await d.settled()
        yield d, cast("EventsScreen", d.app.screen)


async def to_time(d: Driver, typed: str) -> None:
    await d.press("at")
    await d.type(typed)
    await d.press("enter")
    await d.settled()


async def narrowed(d: Driver, text: str) -> None:
    await d.press("slash")
    await d.type(text)
    await d.press("enter")
    await d.settled()


def web(number: int, status: int = 200) -> Line:
    """A web server's line: no host, no program."""
    host, program, message, fields = line("", "", f"GET /{number} HTTP/1.1", ip=f"198.51.100.{number % 200}")
    fields |= {"http.request.method": "GET", "http.response.status_code": status, "event.dataset": "web"}
    return host, program, message, fields


def deep(scene: Scene, count: int = 6000) -> None:
    """More lines than a window holds; every thousandth is evidence."""
    ids = scene.lines([ssh_failed(f"u{n}", "203.0.113.9") for n in range(1, count + 1)])
    scene.alert("brute", {"source.ip": "203.0.113.9"}, [n for n in ids if n % 1000 == 0])


async def test_a_filter_narrows_as_one_types_and_its_mistake_is_pointed_at(
    scene: Scene, store: Store
) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9"), ssh_failed("oracle", "203.0.113.9")])
    async with at_events(store) as (d, screen):
        await d.press("slash")
        await d.type("user.name:oracle")
        await d.until(lambda: len(screen.list.ids) == 1)
        await d.type(" and (")
        await d.until(lambda: "^" in d.text())
        await d.press("escape")
        await d.until(lambda: len(screen.list.ids) == 2)


async def test_brackets_go_from_alerted_event_to_alerted_event_anywhere_in_the_log(
    scene: Scene, store: Store
) -> None:
    deep(scene)
    async with at_events(store) as (d, screen):
        for wanted in (5000, 4000, 3000, 2000, 1000):
            await d.press("left_square_bracket")
            await d.until(lambda wanted=wanted: screen.list.cursor == wanted)
        await d.press("left_square_bracket")
        await d.sees("no event that alerted before this one")
        await d.press("right_square_bracket")
        await d.until(lambda: screen.list.cursor == 2000)
        assert screen.about.event is not None
        assert not screen.list.follow
        await d.press("G")
        await d.until(lambda: screen.list.follow and screen.list.cursor == 6000)


async def test_a_window_in_the_middle_reads_on_in_both_directions(scene: Scene, store: Store) -> None:
    deep(scene, 5000)
    async with at_events(store) as (d, screen):
        await to_time(d, "2500s")
        await d.until(lambda: screen.list.cursor == 2500)
        assert screen.list.later
        assert "u2500" in d.text()
        for _ in range(2500 // 30 + 1):
            await d.press("pagedown")
        await d.until(lambda: not screen.list.later)
        await d.until(lambda: screen.list.cursor == 5000)
        assert list(screen.list.ids[-3:]) == [4998, 4999, 5000]
        for _ in range(3):
            await d.press("g")
            await d.settled()
        assert list(screen.list.ids) == list(range(1, 5001))
        await d.sees("Failed password for u1 ")


async def test_new_lines_never_move_a_window_in_the_middle(scene: Scene, store: Store) -> None:
    deep(scene)
    async with at_events(store) as (d, screen):
        await d.press("left_square_bracket", "left_square_bracket")
        await d.until(lambda: screen.list.cursor == 4000)
        before = list(screen.list.ids), screen.list.scroll_offset.y
        scene.flood(50)
        screen.look()
        await d.settled()
        assert (list(screen.list.ids), screen.list.scroll_offset.y) == before
        await d.sees("+50 below")


async def test_a_filter_in_the_middle_stays_about_the_line_one_was_on(scene: Scene, store: Store) -> None:
    deep(scene)
    async with at_events(store) as (d, screen):
        await to_time(d, "3000s")
        await d.until(lambda: screen.list.cursor == 3000)
        await narrowed(d, "user.name:u30*")
        await d.until(lambda: screen.list.cursor == 3000)
        assert [n for n in screen.list.ids if n < 100] == [30]
        await d.press("F")
        await d.until(lambda: len(screen.list.ids) > 1000)
        assert screen.list.cursor == 3000
        await narrowed(d, "nobody")
        await d.until(lambda: len(screen.list.ids) == 0)
        await narrowed(d, "user.name:u30*")
        await d.until(lambda: screen.list.cursor == 3000)


async def test_a_search_marks_what_it_finds_and_hides_nothing(scene: Scene, store: Store) -> None:
    deep(scene)
    async with at_events(store) as (d, screen):
        await d.press("ctrl+f")
        await d.type("u3000")
        await d.press("enter")
        await d.until(lambda: screen.list.cursor == 3000)
        await d.settled()
        assert {2999, 3001} <= set(screen.list.ids)
        row = next(row for row in d.rows() if "for u3000" in row and "sshd" in row)
        assert "▌" in row
        await d.press("n")
        await d.sees("no line with that after this one")
        await d.press("ctrl+f")
        await d.type("u999")
        await d.press("enter")
        await d.sees("no line with that after this one", "? u999")
        await d.press("N")
        await d.until(lambda: screen.list.cursor == 999)


@pytest.mark.parametrize(
    ("typed", "ago"),
    [("10:41:47", 20), ("2025-11-21 10:41:47", 20), ("20s", 20), ("-20s", 20), ("2025-11-21T10:41:47Z", 20)],
)
async def test_a_time_is_jumped_to(scene: Scene, store: Store, typed: str, ago: int) -> None:
    deep(scene, 3000)
    async with at_events(store) as (d, screen):
        await to_time(d, typed)
        await d.until(lambda: screen.list.cursor == 3000 - ago)


async def test_what_is_no_time_is_said(scene: Scene, store: Store) -> None:
    scene.flood(3)
    async with at_events(store) as (d, _):
        await to_time(d, "25:99")
        await d.sees("type a time: 10:42")


async def test_columns_follow_what_the_lines_are(scene: Scene, store: Store) -> None:
    scene.lines([web(n, 404) for n in range(9)])
    async with at_events(store) as (d, screen):
        await d.sees("from            st. method message", "198.51.100.8    404 GET")
        scene.lines([ssh_failed("root", "203.0.113.9") for _ in range(40)])
        await narrowed(d, "user.name:root")
        await d.sees("host       program", "web01      sshd")
        assert screen.view.columns == []


async def test_columns_are_chosen_and_kept(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed(f"u{n}", "203.0.113.9") for n in range(5)])
    async with at_events(store) as (d, screen):
        await d.press("o")
        await d.sees("Columns, in the order marked", "user.name")
        picker = d.app.screen
        while picker.list.current.name != "user.name":  # type: ignore[attr-defined]
            await d.press("j")
        await d.press("x", "enter")
        await d.sees("host       program    user")
        assert screen.view.columns == ["host.hostname", "process.name", "user.name"]
    async with driven(console(store), WIDE, place="events") as d:
        await d.sees("host       program    user")
        await d.press("o", "a")
        await d.until(lambda: "program    message" in d.text())


async def test_the_value_under_the_cursor_is_kept_or_left_out(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9", host=host) for host in ("web01", "web02", "web01")])
    async with at_events(store) as (d, screen):
        await d.press("k", "l", "equals_sign")
        await d.until(lambda: len(screen.list.ids) == 1)
        await d.sees('host.hostname:"web02"')
        await d.press("F")
        await d.until(lambda: len(screen.list.ids) == 3)
        await d.press("minus")
        await d.until(lambda: len(screen.list.ids) == 2)
        await d.sees('not host.hostname:"web02"')


async def test_a_value_of_the_detail_is_kept(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9"), ssh_failed("oracle", "198.51.100.1")])
    async with at_events(store) as (d, screen):
        await d.press("enter", "j", "j", "equals_sign")
        await d.until(lambda: len(screen.list.ids) == 1)
        await d.sees('user.name:"oracle"')


async def test_bookmarks_are_kept_and_gone_to(scene: Scene, store: Store) -> None:
    deep(scene)
    async with at_events(store) as (d, screen):
        await d.press("left_square_bracket", "left_square_bracket")
        await d.until(lambda: screen.list.cursor == 4000)
        await d.press("b")
        assert "◆" in next(row for row in d.rows() if "for u4000" in row and "sshd" in row)
        await d.press("G")
        await d.until(lambda: screen.list.follow)
    async with driven(console(store), WIDE, place="events") as d:
        await d.press("apostrophe")
        await d.sees("Bookmarks", "Failed password for u4000")
        await d.press("enter")
        await d.until(lambda: d.app.screen.list.cursor == 4000)  # type: ignore[attr-defined]
        await d.press("apostrophe", "d")
        await d.sees("No bookmark.")
        await d.press("escape")
        assert d.app.state.events.bookmarks == []


async def test_a_view_is_saved_opened_and_forgotten(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9"), ssh_failed("oracle", "198.51.100.1")])
    async with at_events(store) as (d, screen):
        await narrowed(d, "user.name:root")
        await d.press("V", "s")
        await d.type("roots")
        await d.press("enter")
        await d.sees("saved as roots")
        await narrowed(d, "nobody")
        assert len(screen.list.ids) == 0
        await d.press("V", "enter")
        await d.until(lambda: len(screen.list.ids) == 1)
        assert screen.view.filter.text == "user.name:root"
        await d.press("V", "d")
        await d.sees("No view yet")
    assert store.hunts.views("events") == []


async def exported(d: Driver, path: Path) -> None:
    await d.press("w", "ctrl+u")
    await d.type(str(path))
    await d.press("enter")
    await d.settled()


async def test_what_passes_the_filter_is_written_to_a_file(
    scene: Scene, store: Store, tmp_path: Path
) -> None:
    bad = '=cmd|"/c calc"!A1\x1b]52;c;eA==\x07'
    scene.lines([ssh_failed("root", "203.0.113.9"), ssh_failed(bad, "198.51.100.1")])
    async with at_events(store) as (d, _):
        await narrowed(d, "user.name:root")
        path = tmp_path / "out.ndjson"
        await exported(d, path)
        await d.sees("1 line in")
        rows = [json.loads(row) for row in path.read_text().splitlines()]
        assert [row["user.name"] for row in rows] == ["root"]
        assert path.stat().st_mode & 0o077 == 0
        await exported(d, path)
        await d.sees("is there already")
        await d.press("F")
        await exported(d, tmp_path / "out.csv")
        text = (tmp_path / "out.csv").read_text()
        assert text.splitlines()[0] == "id,@timestamp,host.hostname,process.name,message"
        assert "\x1b" not in text
        await exported(d, tmp_path / "out.xlsx")
        await d.sees("ends in .csv, .ndjson, .md")


async def test_bars_count_what_passes_the_filter(scene: Scene, store: Store) -> None:
    scene.lines([ssh_failed("root", "203.0.113.9") for _ in range(30)], until=NOW - 3600 * SECOND)
    scene.lines([ssh_failed("oracle", "203.0.113.9") for _ in range(20)])
    async with at_events(store) as (d, screen):
        await d.sees("09:41", "10:43", "  50")
        await narrowed(d, "user.name:oracle")
        await d.until(lambda: sum(b.events for b in screen.histogram.buckets) == 20)
        bars = [bucket.events for bucket in screen.histogram.buckets]
        assert sum(bars[: len(bars) // 2]) == 0


async def test_a_paused_view_stands_still(scene: Scene, store: Store) -> None:
    scene.flood(5)
    async with at_events(store) as (d, screen):
        await d.press("space")
        await d.sees("paused")
        scene.flood(5)
        screen.look()
        await d.settled()
        assert len(screen.list.ids) == 5
        await d.press("space")
        await d.until(lambda: len(screen.list.ids) == 10)


async def test_hostile_values_in_columns(scene: Scene, store: Store) -> None:
    bad = "\x1b]52;c;eA==\x07[/foo]\u202e"
    scene.lines([(bad, bad, bad, {"user.name": bad})])
    async with at_events(store) as (d, _):
        await d.press("k", "l", "o")
        await d.sees("such as")
        await d.press("escape", "b", "apostrophe")
        await d.settled()
        assert d.app.guard.replaced == 0


async def test_looking_for_an_event_is_said_and_stopped(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that takes its time: Esc stops it instead of leaving the screen."""
    scene.flood(3)
    stopped = threading.Event()

    def slow(*_: object, **__: object) -> int:
        stopped.wait(60)
        raise QueryCancelledError("stopped")

    monkeypatch.setattr(store.events, "alerted", slow)
    monkeypatch.setattr(store, "interrupt", lambda _thread: stopped.set())
    async with at_events(store) as (d, screen):
        await d.press("left_square_bracket")
        await d.sees("looking … · Esc stops")
        await d.press("escape")
        await d.until(lambda: "looking" not in d.text())
        assert stopped.is_set()
        assert d.app.screen is screen
