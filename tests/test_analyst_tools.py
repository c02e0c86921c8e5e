"""The tools over a real store: what they find, how much at most, and that they only read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.analyst.render import MAX_TEXT
from socterm.analyst.tools import TOOLS, Toolbox, schemas
from socterm.store import Store

from analyst_scene import ATTACKER, BRUTE_ALERT, NOW, attack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("tools")) as store:
        yield store


@pytest.fixture(scope="module")
def tools(store: Store) -> Toolbox:
    return Toolbox(store.events, store.triage, lambda: NOW)


def test_search_finds_newest_first_and_counts_all(tools: Toolbox) -> None:
    found = tools.run("search_events", {"query": f"source.ip:{ATTACKER} event.outcome:failure", "limit": 3})
    assert found.total == 30
    assert found.event_ids == (30, 29, 28)
    assert "30 events, 3 of them:" in found.text
    assert "[#30]" in found.text


def test_relative_times_use_the_clock_given(tools: Toolbox) -> None:
    assert tools.run("search_events", {"query": "since:40m"}).total == 33
    assert tools.run("search_events", {"query": "since:1m"}).text == "no events"


def test_count_by_takes_short_names(tools: Toolbox) -> None:
    found = tools.run("count_by", {"field": "user", "query": f"ip:{ATTACKER}"})
    assert found.counts == (("root", 20), ("admin", 6), ("alice", 5))


def test_alerts_by_level_and_entity(tools: Toolbox) -> None:
    assert [row.id for row in tools.run("list_alerts", {"min_level": "medium"}).alerts] == [1, 2]
    assert [row.id for row in tools.run("list_alerts", {"query": "user:alice"}).alerts] == [2]


def test_closed_alerts_only_when_asked(tmp_path: Path) -> None:
    with attack().store(tmp_path) as store:
        tools = Toolbox(store.events, store.triage, lambda: NOW)
        store.triage.decide([BRUTE_ALERT], "close", actor="ann", now=NOW)
        assert BRUTE_ALERT not in [row.id for row in tools.run("list_alerts", {}).alerts]
        assert BRUTE_ALERT in [row.id for row in tools.run("list_alerts", {"closed_too": True}).alerts]


def test_an_alert_and_an_event_by_number(tools: Toolbox) -> None:
    alert = tools.run("get_alert", {"alert_id": BRUTE_ALERT})
    assert alert.event_ids[0] == 31
    assert "SSH brute force, then login" in alert.text
    event = tools.run("get_event", {"event_id": 31})
    assert "source.ip: 203.0.113.9" in event.text


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("drop_table", {}, "there is no tool"),
        ("get_event", {"event_id": 999}, "there is no event 999"),
        ("get_alert", {"alert_id": 999}, "there is no alert 999"),
        ("get_event", {}, "event_id"),
        ("get_event", {"event_id": "abc"}, "event_id"),
        ("get_event", {"event_id": 2**70}, "event_id"),
        ("search_events", {"query": "user:"}, "character 6"),
        ("search_events", {"limit": 10_000}, "limit"),
        ("search_events", {"sql": "SELECT 1"}, "sql"),
        ("count_by", {"field": "a' FROM x --"}, "field"),
        ("list_alerts", {"min_level": "hot"}, "min_level"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tools: Toolbox, name: str, arguments: dict[str, Any], says: str
) -> None:
    found = tools.run(name, arguments)
    assert says in found.error
    assert "\n" not in found.error
    assert found.event_ids == ()


ODD = ["'; DELETE FROM events; --", "user.name:*", '"', "(" * 99, "*" * 50, "@timestamp>now", "../../x"]
NUMBERS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats())
VALUES = st.one_of(NUMBERS, st.text(max_size=30), st.lists(st.integers(), max_size=2), st.sampled_from(ODD))
KEYS = st.sampled_from(
    ["query", "limit", "field", "alert_id", "event_id", "min_level", "closed_too", "x", ""]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from([*TOOLS, "", "decide"]), st.dictionaries(KEYS, VALUES, max_size=4))
def test_no_argument_raises_or_answers_without_bound(
    tools: Toolbox, name: str, arguments: dict[str, Any]
) -> None:
    found = tools.run(name, arguments)
    assert len(found.text) <= MAX_TEXT + 100
    assert len(found.events) + len(found.alerts) + len(found.counts) <= 51


def test_tools_change_nothing(tmp_path: Path) -> None:
    def content() -> list[str]:
        return [
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(tmp_path.iterdir())
            if path.suffix == ".db"
        ]

    with attack().store(tmp_path) as store:
        tools = Toolbox(store.events, store.triage, lambda: NOW)
        changes, before = store.triage.changes(0), content()
        for name in TOOLS:
            for value in ("'; DELETE FROM events; --", 1, "*"):
                for key in ("query", "field", "alert_id", "event_id"):
                    tools.run(name, {key: value})
        assert store.triage.changes(0) == changes
        assert content() == before


def test_big_results_are_bounded(tmp_path: Path) -> None:
    scene = attack()
    for index in range(60):
        scene.add(200 + index, "y" * 3000, user__name="z" * 3000)
    with scene.store(tmp_path) as store:
        tools = Toolbox(store.events, store.triage, lambda: NOW)
        found = tools.run("search_events", {"query": "since:1h", "limit": 50})
        assert len(found.text) <= MAX_TEXT + 100
        assert "left out" in found.text


def test_schemas_are_flat(tools: Toolbox) -> None:
    for schema in schemas():
        function = schema["function"]
        assert function["description"]
        for prop in function["parameters"]["properties"].values():
            assert set(prop) <= {"type", "description", "enum"}
    names = [schema["function"]["name"] for schema in schemas()]
    assert names == list(TOOLS)
