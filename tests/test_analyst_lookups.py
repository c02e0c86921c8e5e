"""The tools that put things together, over a real store; and that no argument makes any tool write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from socterm.analyst.lookups import SQL_ROWS
from socterm.analyst.render import MAX_TEXT
from socterm.analyst.toolparts import Desks, Result
from socterm.analyst.tools import TOOLS, Toolbox, schemas
from socterm.config import LlmConfig
from socterm.store import Store

from analyst_scene import ATTACKER, BRUTE_ALERT, HOSTILE, NOW, ODD_ALERT, attack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("lookups")) as store:
        yield store


def toolbox(store: Store) -> Toolbox:
    """Every tool there is."""
    return Toolbox(store.events, store.triage, lambda: NOW, Desks.of(store, sql=True))


@pytest.fixture
def tools(store: Store) -> Toolbox:
    return toolbox(store)


def test_tools_without_a_door_are_neither_offered_nor_usable(store: Store) -> None:
    usual = Toolbox(store.events, store.triage, lambda: NOW, Desks.of(store))
    assert "sql" not in usual.offered
    assert "entity_profile" in usual.offered
    assert "there is no tool 'sql'" in usual.run("sql", {"select": "SELECT 1"}).error
    bare = Toolbox(store.events, store.triage, lambda: NOW)
    assert not {"sql", "entity_profile"} & set(bare.offered)
    assert [schema["function"]["name"] for schema in schemas(bare.offered)] == list(bare.offered)


def test_sql_is_off_unless_somebody_switches_it_on() -> None:
    assert LlmConfig().sql is False


def test_a_timeline_counts_every_event_once_and_names_the_first_of_each_slice(tools: Toolbox) -> None:
    found = tools.run("timeline", {"query": f"source.ip:{ATTACKER}", "slices": 4})
    assert found.total == 31
    assert [number for _, number in found.counts] == [9, 9, 9, 4]
    assert found.event_ids == (1, 10, 19, 28)
    assert found.text.startswith("31 events in slices of 17 s")
    assert "2026-11-20 10:00:00: 9 · first: [#1] " in found.text


def test_a_timeline_of_one_moment_and_of_nothing(tools: Toolbox) -> None:
    assert tools.run("timeline", {"query": "process.command_line:/bin/bash"}).total == 1
    assert tools.run("timeline", {"query": "user.name:nobody"}).text == "no events"


def test_a_profile_says_what_is_known_of_an_address(tools: Toolbox) -> None:
    found = tools.run("entity_profile", {"field": "source.ip", "value": ATTACKER})
    assert found.total == 31
    assert f"{ATTACKER}: new, 31 events from 2026-11-20 10:00:00 to 2026-11-20 10:01:10" in found.text
    assert "met user.name root: 20, 20 failed" in found.text
    assert "alert 1: high · SSH brute force, then login" in found.text
    assert 31 in found.event_ids
    unseen = tools.run("entity_profile", {"field": "user.name", "value": "nobody"})
    assert unseen.text == "nobody: no event names it"


def test_a_rule_is_found_by_id_title_or_words_of_it(tools: Toolbox) -> None:
    for asked in ("brute", "SSH brute force, then login", "force login"):
        found = tools.run("rule_info", {"rule": asked})
        assert "SSH brute force, then login (brute): high, active" in found.text
        assert "harmless cause: Pen test" in found.text
        assert "to check: Ask alice." in found.text
    assert "there is no rule 'sandwich'" in tools.run("rule_info", {"rule": "sandwich"}).error


def test_what_belongs_to_an_alert(tools: Toolbox) -> None:
    found = tools.run("related", {"alert_id": BRUTE_ALERT})
    assert found.alerts[0].id == BRUTE_ALERT
    assert found.total == len(found.alerts) - 1
    odd = tools.run("related", {"alert_id": ODD_ALERT})
    assert "nothing else belongs to it" in odd.text or odd.total
    assert "there is no alert 99" in tools.run("related", {"alert_id": 99}).error


def test_sql_answers_bounded_rows_of_the_views(tools: Toolbox) -> None:
    found = tools.run("sql", {"select": "SELECT user, count(*) AS n FROM events GROUP BY 1 ORDER BY 2 DESC"})
    assert found.text.splitlines()[1:3] == ["user | n", "root | 20"]
    many = tools.run("sql", {"select": "SELECT a.id FROM events a, events b"})
    assert many.total == SQL_ROWS
    assert "more rows were left off" in many.text
    assert "\x1b" not in tools.run("sql", {"select": "SELECT message FROM events"}).text


def test_sql_that_takes_long_is_ended_and_said_so(tools: Toolbox) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    assert "was stopped" in tools.run("sql", {"select": endless}).error


def test_a_model_that_may_ask_sql_is_told_the_views() -> None:
    said = next(schema for schema in schemas() if schema["function"]["name"] == "sql")
    assert "events(id, ts, time," in said["function"]["description"]


HOSTILE_TEXTS = (
    "'; DELETE FROM events; --",
    '"); DROP TABLE alerts; --',
    "*",
    "(" * 200,
    "\x00",
    HOSTILE,
    "../../etc/passwd",
    "user.name:x' OR 1=1 --",
    "@timestamp>now since:9999999w",
    "\ud800",
    "%s%n{0}",
    "a" * 100_000,
)
HOSTILE_SQL = (
    "DELETE FROM events",
    "UPDATE alerts SET state = 'closed'",
    "INSERT INTO meta VALUES ('x', 1)",
    "DROP TABLE events",
    "ATTACH DATABASE '/tmp/x.db' AS x",
    "PRAGMA journal_mode=DELETE",
    "VACUUM INTO '/tmp/x'",
    "PRAGMA query_only=OFF",
    "SELECT load_extension('x')",
    "SELECT writefile('/tmp/x', 'y')",
    "BEGIN IMMEDIATE",
    "SELECT 1; DELETE FROM events",
    "CREATE TABLE x (y)",
    "REPLACE INTO rules VALUES (1)",
    "DETACH DATABASE main",
    "WITH x AS (SELECT 1) DELETE FROM events",
    "CREATE TEMP TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM audit, main.audit",
    "ALTER TABLE events ADD COLUMN x",
    "DELETE FROM conversations",
    "REINDEX",
    "ANALYZE",
    "SELECT randomblob(1000000000)",
    "EXPLAIN DELETE FROM events",
)
NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    2**63,
    2**70,
    1,
    10**6,
    True,
    None,
    1.5,
    float("nan"),
    [],
    {},
    [[1]],
    {"$gt": ""},
)


def _hostile(name: str) -> Iterator[dict[str, Any]]:
    """For each argument of a tool every hostile value, the others as a model would give them."""
    fair = {
        "query": "user.name:alice", "field": "user.name", "value": "alice", "rule": "brute", "alert_id": 1,
        "event_id": 1, "select": "SELECT 1", "min_level": "low",
    }  # fmt: skip
    known = TOOLS[name].arguments.model_fields
    whole = {key: value for key, value in fair.items() if key in known}
    for key in (*known, "unknown"):
        texts = HOSTILE_SQL + HOSTILE_TEXTS if key == "select" else HOSTILE_TEXTS
        for value in (*texts, *NUMBERS):
            yield whole | {key: value}


def _content(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if not path.name.endswith("-shm")  # readers note in it where they are
    }


def _bounded(found: Result) -> bool:
    rows = len(found.events) + len(found.alerts) + len(found.counts)
    return len(found.text) <= MAX_TEXT + 200 and rows <= 60 and "\n" not in found.error


@pytest.mark.parametrize("name", TOOLS)
def test_no_hostile_argument_raises_or_changes_the_store(tmp_path: Path, name: str) -> None:
    with attack().store(tmp_path) as store:
        tools = toolbox(store)
        before = _content(tmp_path)
        for arguments in _hostile(name):
            assert _bounded(tools.run(name, arguments)), arguments
        assert _content(tmp_path) == before
    assert {path.suffix for path in tmp_path.iterdir()} <= {".db", ".db-wal", ".db-shm"}
