"""The Hunt screen by keys alone: query, groups, time, SQL, back-test, views, files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from driver import Driver, console, driven
from scene import Scene, ssh_failed
from socterm.console.hunting import Question, ask, bar, times_of
from socterm.console.rulefiles import RuleFiles
from socterm.console.screens.events import EventsScreen
from socterm.console.screens.hunt import HuntScreen
from socterm.enrich.valuelists import ValueLists
from socterm.errors import UsageError
from socterm.store.opening import Store

WIDE = (160, 40)
RULE = """
title: A login that failed
id: 6d1c2a04-1111-4b2b-9c53-000000000001
status: test
level: medium
logsource: {product: linux, service: syslog}
detection:
  selection: {event.outcome: failure}
  condition: selection
"""


@asynccontextmanager
async def at_hunt(store: Store, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[Driver, HuntScreen]]:
    """The console on the Hunt screen."""
    async with driven(console(store), size) as d:
        await d.press("comma", "h")
        await d.until(lambda: isinstance(d.app.screen, HuntScreen))
        await d.settled()
        yield d, cast("HuntScreen", d.app.screen)


async def asked(d: Driver, screen: HuntScreen, text: str) -> None:
    await d.press("slash")
    await d.type(text)
    await d.press("enter")
    await done(d, screen)


async def done(d: Driver, screen: HuntScreen) -> None:
    await d.settled()
    await d.until(lambda: not screen._under_way)
    await d.settled()


async def written(d: Driver, screen: HuntScreen, key: str, text: str) -> None:
    """A key that opens a line to write in, and what is written there."""
    await d.press(key)
    await d.until(lambda: d.app.screen is not screen)
    await d.press("ctrl+u")
    await d.type(text)
    await d.press("enter")
    await d.until(lambda: d.app.screen is screen)
    await done(d, screen)


@pytest.fixture
def logins(scene: Scene) -> Scene:
    scene.lines([ssh_failed("root", "203.0.113.9") for _ in range(5)])
    scene.lines([ssh_failed("oracle", "198.51.100.7") for _ in range(2)])
    return scene


async def test_before_anything_is_asked_it_says_what_to_do(scene: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, _):
        await d.sees("What do you look for?", "asks by query", "says what a rule would have raised")


async def test_a_query_shows_its_lines_newest_first_with_their_event(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "user.name:oracle")
        assert [row.event for row in screen.answer.rows] == [7, 6]
        await d.sees("2 hits", "user.name:oracle", "198.51.100.7", "event.outcome")
        await d.press("enter")
        await d.until(lambda: d.app.screen is not screen)


@pytest.mark.parametrize("size", [WIDE, (70, 24)])
async def test_where_not_all_hits_are_listed_the_border_says_so(
    scene: Scene, store: Store, size: tuple[int, int]
) -> None:
    scene.flood(5_003)
    async with at_hunt(store, size) as (d, screen):
        await asked(d, screen, "Session")
        await d.sees("5,003 hits · newest 5,000 shown · Session")


async def test_a_mistake_is_pointed_at(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await d.press("slash")
        await d.type("root and (")
        await d.until(lambda: "^" in d.text())
        await d.press("escape")
        await done(d, screen)


async def test_hits_are_grouped_and_a_value_opens_its_lines_in_events(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "failed")
        await d.press("b", "j", "enter")
        await done(d, screen)
        assert [(row.cells[0], row.cells[2]) for row in screen.answer.rows] == [
            ("5", "203.0.113.9"), ("2", "198.51.100.7"),
        ]  # fmt: skip
        await d.sees("2 values of source.ip", "Newest and oldest")
        await d.press("j", "enter")
        await d.until(lambda: isinstance(d.app.screen, EventsScreen))
        events = cast("EventsScreen", d.app.screen)
        assert events.view.filter.text == '(failed) and source.ip:"198.51.100.7"'
        await d.press("escape")
        await d.until(lambda: d.app.screen is screen)


async def test_a_field_of_ones_own_and_no_field(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await d.press("b", "s")
        await d.type("event.outcome")
        await d.press("enter")
        await done(d, screen)
        assert [row.cells[2] for row in screen.answer.rows] == ["failure"]
        await d.press("b", "enter")
        await done(d, screen)
        assert screen.question.by == ""


async def test_keep_and_exclude_narrow_the_query(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "failed")
        await d.press("b", "j", "enter")
        await done(d, screen)
        await d.press("minus")
        await done(d, screen)
        assert screen.view.filter.text == 'failed and not source.ip:"203.0.113.9"'
        assert [row.cells[2] for row in screen.answer.rows] == ["198.51.100.7"]


async def test_the_time_narrows_and_all_widens(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "failed")
        await written(d, screen, "at", "2020-01-01..2020-01-02")
        assert screen.answer.rows == []
        await d.sees("Nothing found.", "2020-01-01..2020-01-02")
        await written(d, screen, "at", "all")
        assert len(screen.answer.rows) == 7
        await written(d, screen, "at", "soonish")
        assert (screen.view.since, len(screen.answer.rows)) == ("", 7)


def test_times_as_people_write_them() -> None:
    assert times_of("7d", 10**15) == ("7d", "")
    assert times_of("2026-11-01 .. 2026-11-14", 10**15) == ("2026-11-01", "2026-11-14")
    assert times_of("..1d", 10**15) == ("", "1d")
    assert times_of("", 10**15) == ("", "")
    with pytest.raises(UsageError, match="is no time"):
        times_of("x..7d", 10**15)


async def test_sql(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await written(d, screen, "S", "SELECT user, count(*) AS n FROM events GROUP BY 1 ORDER BY n")
        assert [row.cells for row in screen.answer.rows] == [("oracle", "2"), ("root", "5")]
        await d.sees("2 rows", "oracle")
        await written(d, screen, "S", "DROP TABLE events")
        await d.sees("only one SELECT over the views")
        await asked(d, screen, "oracle")
        assert screen.question.how == "query"


async def test_a_back_test_of_a_file(logins: Scene, store: Store, tmp_path: Path) -> None:
    rule = tmp_path / "rule.yml"
    rule.write_text(RULE, encoding="utf-8")
    async with at_hunt(store) as (d, screen):
        await written(d, screen, "B", str(rule))
        assert [(row.cells[1], row.cells[3]) for row in screen.answer.rows] == [
            ("5", "203.0.113.9"), ("2", "198.51.100.7"),
        ]  # fmt: skip
        await d.sees("A login that failed", "2 alerts, 2 new", "nothing stored tells of it", "The back-test")
        await written(d, screen, "B", "no such rule anywhere")
        await d.sees("no rule that alerts is called")


async def test_alerts_are_made_of_what_a_rule_would_have_raised_once(
    logins: Scene, store: Store, tmp_path: Path
) -> None:
    rule = tmp_path / "rule.yml"
    rule.write_text(RULE, encoding="utf-8")
    logins.close()  # nobody ingests: the console makes them itself
    async with at_hunt(store) as (d, screen):
        await d.press("A")
        await d.sees("alerts are made of what a rule would have raised")
        await written(d, screen, "B", str(rule))
        await d.press("A")
        await d.sees("A once more makes 2 alerts")
        assert store.triage.alerts() == []
        await d.press("A")
        await d.sees("2 alerts made")
        assert sorted(row.entity["source.ip"] for row in store.triage.alerts()) == [
            "198.51.100.7",
            "203.0.113.9",
        ]
        await written(d, screen, "B", str(rule))
        await d.sees("2 alerts, 0 new")
        await d.press("A")
        await d.sees("nothing here is new")
    assert len(store.triage.alerts()) == 2


async def test_where_somebody_ingests_that_process_makes_the_alerts(
    logins: Scene, store: Store, tmp_path: Path
) -> None:
    rule = tmp_path / "rule.yml"
    rule.write_text(RULE, encoding="utf-8")
    async with at_hunt(store) as (d, screen):
        await written(d, screen, "B", str(rule))
        await d.press("A", "A")
        await d.sees("the process that ingests makes 2 alerts of it")


async def test_a_back_test_looks_fields_up_in_the_lists_of_the_configuration(
    logins: Scene, store: Store, tmp_path: Path
) -> None:
    rule, listed = tmp_path / "rule.yml", tmp_path / "vpn.txt"
    rule.write_text(RULE + "socterm:\n  lookup: {field: source.ip, list: vpn}\n", encoding="utf-8")
    listed.write_text("198.51.100.0/24\n", encoding="utf-8")
    files = RuleFiles(lists=lambda: ValueLists({"vpn": listed}))
    async with driven(console(store, rules=files), WIDE) as d:
        await d.press("comma", "h")
        await d.until(lambda: isinstance(d.app.screen, HuntScreen))
        screen = cast("HuntScreen", d.app.screen)
        await written(d, screen, "B", str(rule))
        assert [row.cells[3] for row in screen.answer.rows] == ["198.51.100.7"]


async def test_sql_names_its_own_times_and_a_rule_that_may_be_several_says_which(
    logins: Scene, store: Store, tmp_path: Path
) -> None:
    for number, name in enumerate(("A login that failed twice", "A login that failed at night")):
        text = RULE.replace("A login that failed", name).replace("000000001", f"00000010{number}")
        (tmp_path / f"{number}.yml").write_text(text, encoding="utf-8")
    async with at_hunt(store) as (d, screen):
        await written(d, screen, "S", "SELECT 1 AS one")
        await d.press("at")
        await d.sees("SQL names its own times")
        await asked(d, screen, "failed")
        await written(d, screen, "at", "7d")
        await written(d, screen, "S", "SELECT 1 AS one")
        assert "7d" not in d.rows()[-2]
        await written(d, screen, "B", str(tmp_path))
        said = " ".join(span.text for row in screen.list.empty for span in row.spans)
        assert "may be A login that failed twice; A login that failed at night: give its id" in said


async def test_views_are_saved_opened_and_forgotten(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "failed")
        await d.press("b", "j", "enter")
        await done(d, screen)
        await d.press("V", "s")
        await d.type("where from")
        await d.press("enter")
        await d.settled()
        (view,) = store.hunts.views()
        assert (view.name, view.kind, view.query, view.field) == (
            "where from",
            "events",
            "failed",
            "source.ip",
        )
        await asked(d, screen, "nothing-like-it")
        await d.press("V", "enter")
        await done(d, screen)
        assert (screen.question.text, len(screen.answer.rows)) == ("failed", 2)
        await d.press("V", "d", "escape")
        await d.until(lambda: store.hunts.views() == [])


async def test_what_was_found_is_written_to_a_file(logins: Scene, store: Store, tmp_path: Path) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "oracle")
        lines, values = tmp_path / "lines.ndjson", tmp_path / "values.md"
        await written(d, screen, "w", str(lines))
        await d.until(lambda: lines.exists() and len(lines.read_text().splitlines()) == 2)
        assert [json.loads(line)["id"] for line in lines.read_text().splitlines()] == [6, 7]
        await d.press("b", "j", "enter")
        await done(d, screen)
        await written(d, screen, "w", str(values))
        await d.until(lambda: values.exists() and "198.51.100.7" in values.read_text())
        await written(d, screen, "w", str(values))
        await d.sees("is there already")


async def test_it_is_told_while_it_goes_on_and_can_be_stopped(logins: Scene, store: Store) -> None:
    """Another question ends the one under way: its answer is not shown any more."""
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "failed")
        before = screen._stop
        await asked(d, screen, "oracle")
        assert before.is_set()
        await d.press("x")
        assert screen._stop.is_set()
    stopped = ask(store, Question(text="failed"), 0, stop=lambda: True, tell=lambda _: None)
    assert (stopped.complete, stopped.said) == (False, "7 hits")


async def test_it_is_there_again_after_going_elsewhere(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await asked(d, screen, "oracle")
        await d.press("comma", "o", "comma", "h")
        await d.until(lambda: isinstance(d.app.screen, HuntScreen))
        await d.sees("2 hits")


async def test_the_command_line_brings_a_question(logins: Scene, store: Store) -> None:
    async with driven(console(store), WIDE) as d:
        await d.press("colon")
        await d.type("hunt select count(*) as n from events")
        await d.press("enter")
        await d.sees("1 row")


def test_bars_are_as_long_as_their_share() -> None:
    assert [bar(n, 8, 1) for n in (0, 1, 4, 8)] == ["", "▏", "▌", "█"]
    assert len(bar(5, 5, 18)) == 18


async def test_in_plain_words(logins: Scene, store: Store) -> None:
    logins.writer.feed_fts(1_000)
    async with at_hunt(store) as (d, screen):
        await written(d, screen, "tilde", "show me failed logins")
        assert [row.event for row in screen.answer.rows] == [7, 6, 5, 4, 3, 2, 1]
        await d.sees(
            "7 lines · best first · source: rules · show me failed logins", "like it", "event.outcome"
        )
        await written(d, screen, "at", "..2020-01-01")
        await d.sees("0 lines · 7 of other times")
        await written(d, screen, "at", "all")
        await d.press("enter")
        await d.until(lambda: d.app.screen is not screen)


async def test_in_plain_words_from_the_command_line(logins: Scene, store: Store) -> None:
    logins.writer.feed_fts(1_000)
    async with at_hunt(store) as (d, screen):
        await d.press("colon")
        await d.type("hunt ~ brute force")
        await d.press("enter")
        await done(d, screen)
        assert len(screen.answer.rows) == 7
        await d.sees("brute force")


async def test_plain_words_that_nothing_answers(logins: Scene, store: Store) -> None:
    async with at_hunt(store) as (d, screen):
        await written(d, screen, "tilde", "quarterly revenue of the zebra department")
        await d.sees("Nothing found.")
