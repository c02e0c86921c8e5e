"""Exceptions on the road: what they keep from alerting, and that they keep nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.alerts.exceptions import EVERYTHING, Term
from socterm.store import open_store
from socterm.store.upkeep.check import check

from exceptions_road import DAY, ExceptedRoad, told
from test_rules_reload import PACK, lay, stream

START = datetime(2026, 3, 17, 10, tzinfo=UTC)
NINE = Term("source.ip", "203.0.113.9")


def line(at: float, what: str = "Failed", ip: str = "203.0.113.9", user: str = "root") -> bytes:
    stamp = (START + timedelta(seconds=at)).isoformat()
    said = f"{what} password for {user} from {ip} port 4000 ssh2"
    return f"{stamp} web1 sshd[{1000 + int(at)}]: {said}".encode()


def failures(first: float, count: int, ip: str = "203.0.113.9", user: str = "root") -> list[bytes]:
    return [line(first + 5 * n, ip=ip, user=user) for n in range(count)]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return lay(tmp_path / "rules")


def of(rows: list, rule: str) -> list:
    return [row for row in rows if row.rule == rule]


def test_a_false_positive_with_an_exception_stops_new_alerts_of_that_rule_for_that_entity(
    rules: Path, tmp_path: Path
) -> None:
    lines = failures(0, 10) + failures(3600, 10) + failures(3700, 10, ip="203.0.113.8")
    road = ExceptedRoad(rules, tmp_path / "db", lines, size=1)

    def close() -> None:
        road.except_(["brute"], NINE, closing=[row.id for row in of(road.alerts(), "brute")])

    after = road.alerts_of({10: close})
    brute = of(after, "brute")
    assert [(row.entity["source.ip"], row.state, row.verdict) for row in brute] == [
        ("203.0.113.9", "closed", "false_positive"),
        ("203.0.113.8", "new", ""),
    ]
    assert brute[0].count == 10
    assert road.exception(1).hits == 5


def test_without_the_exception_there_is_a_second_alert(rules: Path, tmp_path: Path) -> None:
    lines = failures(0, 10) + failures(3600, 10)
    road = ExceptedRoad(rules, tmp_path / "db", lines, size=1)
    assert len(of(road.alerts_of(), "brute")) == 2


def test_after_it_expired_only_new_events_alert(rules: Path, tmp_path: Path) -> None:
    """Four hidden failures and four new ones are eight in two minutes; six would be enough."""
    lines = failures(0, 4) + failures(20, 4) + failures(40, 10)

    def expire() -> None:
        road.now += 2 * DAY

    road = ExceptedRoad(rules, tmp_path / "db", lines, size=1)
    road.except_(["brute"], NINE, expires=road.now + DAY)
    alerts = of(road.alerts_of({4: expire}), "brute")
    assert [(row.first, row.count) for row in alerts] == [
        (int((START + timedelta(seconds=20)).timestamp() * 1_000_000), 14)
    ]


def test_hidden_alerts_do_not_come_back(rules: Path, tmp_path: Path) -> None:
    lines = [*failures(0, 10), line(120)]

    def expire() -> None:
        road.now += 2 * DAY

    road = ExceptedRoad(rules, tmp_path / "db", lines, size=1)
    road.except_(["brute"], NINE, expires=road.now + DAY)
    assert of(road.alerts_of({10: expire}), "brute") == []
    assert road.exception(1).hits == 5


def test_an_event_rule_is_kept_from_the_event_and_what_stands_on_it_is_not(
    rules: Path, tmp_path: Path
) -> None:
    lines = [*failures(0, 8), line(50, "Accepted")]
    plain = ExceptedRoad(rules, tmp_path / "plain", lines).alerts_of()
    road = ExceptedRoad(rules, tmp_path / "db", lines)
    road.except_(["opened"], NINE)
    alerts = road.alerts_of()
    assert of(plain, "opened")
    assert not of(alerts, "opened")
    assert told(alerts, "broken_in", "brute", "spray") == told(plain, "broken_in", "brute", "spray")
    assert of(alerts, "broken_in")
    assert road.exception(1).hits == 1


def test_one_entry_mutes_a_network_for_all_rules(rules: Path, tmp_path: Path) -> None:
    lines = [*failures(0, 8), line(50, "Accepted"), *failures(60, 8, ip="198.51.100.7")]
    road = ExceptedRoad(rules, tmp_path / "db", lines)
    road.except_([], Term("source.ip", "203.0.113.0/24", network=True))
    alerts = road.alerts_of()
    assert {row.entity.get("source.ip") for row in alerts} == {"198.51.100.7", None}
    assert [row.count for row in alerts if row.entity == {"user.name": "root"}] == [8]
    assert road.exception(1).hits == 9


@pytest.mark.parametrize("rule", ["brute", "opened", "few"])
def test_a_rule_that_is_switched_off_raises_nothing_and_feeds_the_others(
    rules: Path, tmp_path: Path, rule: str
) -> None:
    lines = [*stream(4), *failures(3600, 8), line(3650, "Accepted")]
    plain = ExceptedRoad(rules, tmp_path / "plain", lines).alerts_of()
    road = ExceptedRoad(rules, tmp_path / "db", lines)
    ident = road.except_([rule], EVERYTHING)
    alerts = road.alerts_of()
    assert road.exception(ident).off
    assert road.exception(ident).problem == ""
    assert of(plain, rule)
    assert not of(alerts, rule)
    others = [name for name in (*NAMES, "other") if name != rule]
    assert told(alerts, *others) == told(plain, *others)


@pytest.mark.parametrize("restarts", [(), (3, 12, 15), (9,)])
def test_hits_are_counted_once_over_restarts(rules: Path, tmp_path: Path, restarts: tuple[int, ...]) -> None:
    lines = failures(0, 10) + [line(50 + n, "Accepted") for n in range(10)]
    road = ExceptedRoad(rules, tmp_path / "db", lines, size=1)
    road.except_(["brute"], NINE)
    road.except_(["opened"], NINE)
    alerts = road.alerts_of(restarts=restarts)
    assert not of(alerts, "brute") + of(alerts, "opened")
    assert [road.exception(n).hits for n in (1, 2)] == [5, 10]
    assert of(alerts, "broken_in")
    last = START + timedelta(seconds=59)
    assert road.exception(2).last_hit == int(last.timestamp() * 1_000_000)


def test_a_broken_one_is_refused_in_one_line_and_stops_nothing(rules: Path, tmp_path: Path) -> None:
    road = ExceptedRoad(rules, tmp_path / "db", failures(0, 10))
    broken = [
        road.except_(["brute"], document=text)
        for text in ("{{{", "title: x", "a: [", "", "filter: {rules: [brute], s: {a: 1}, condition: s}\n")
    ]
    unknown = road.except_(["no_such_rule"], NINE)
    other = road.except_(["brute"], Term("user.name", "root"))
    assert of(road.alerts_of(), "brute")
    for ident in (*broken, unknown, other):
        problem = road.exception(ident).problem
        assert problem
        assert "\n" not in problem
    assert "no rule 'no_such_rule'" in road.exception(unknown).problem
    assert "about source.ip" in road.exception(other).problem


def test_one_for_a_rule_that_comes_later_holds_when_it_is_there(rules: Path, tmp_path: Path) -> None:
    brute = rules / "brute.yml"
    text = brute.read_text()
    brute.unlink()
    first = ExceptedRoad(rules, tmp_path / "db", failures(0, 10))
    ident = first.except_(["brute"], NINE)
    first.alerts_of()
    assert "no rule 'brute'" in first.exception(ident).problem
    brute.write_text(text)
    second = ExceptedRoad(rules, tmp_path / "db", failures(0, 10) + failures(3600, 10))
    assert not of(second.alerts_of(), "brute")
    assert second.exception(ident).problem == ""


def test_ending_and_undoing_are_decisions_of_the_trail(rules: Path, tmp_path: Path) -> None:
    lines = failures(0, 10)
    road = ExceptedRoad(rules, tmp_path / "db", lines)
    road.alerts_of()
    ident = road.except_(["brute"], NINE, closing=[row.id for row in of(road.alerts(), "brute")])
    with open_store(road.db) as store:
        assert [row.verb for row in store.exceptions.history(ident)] == ["except"]
        assert {row.verb for row in store.triage.undo(actor="ann", now=road.now)} == {"undo"}
        assert store.exceptions.all() == []
        assert of(road.alerts(), "brute")[0].state == "new"
        store.triage.redo(actor="ann", now=road.now)
        assert [row.id for row in store.exceptions.all()] == [ident]
        assert of(road.alerts(), "brute")[0].verdict == "false_positive"
        store.exceptions.end(ident, actor="ann", now=road.now + 5)
        assert road.exception(ident).expires == road.now + 5
        store.triage.undo(actor="ann", now=road.now + 6)
        assert road.exception(ident).expires == 0


def test_a_row_changed_behind_the_trail_is_found(rules: Path, tmp_path: Path) -> None:
    road = ExceptedRoad(rules, tmp_path / "db", failures(0, 3))
    road.alerts_of()
    road.except_(["brute"], NINE)
    undone = road.except_(["opened"], NINE)
    with open_store(road.db) as store:
        store.triage.undo(actor="ann", now=road.now)
    assert check(road.db) == []
    with closing(sqlite3.connect(road.db, isolation_level=None)) as db:
        db.execute("UPDATE exceptions SET expires = 5 WHERE id = 1")
        db.execute("UPDATE exceptions SET withdrawn = 0 WHERE id = ?", (undone,))
    assert [line.split(":")[0] for line in check(road.db)] == ["exception 1", "exception 2"]


NAMES = ("opened", "brute", "spray", "few", "broken_in")


@given(
    seed=st.integers(0, 10_000),
    rule=st.sampled_from(NAMES),
    begin=st.integers(0, 200),
    end=st.integers(0, 240),
    size=st.sampled_from([1, 7, 40]),
    restarts=st.sets(st.integers(1, 239), max_size=3),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_other_rule_ever_alerts_differently(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    rule: str,
    begin: int,
    end: int,
    size: int,
    restarts: set[int],
) -> None:
    """Whatever is excepted, from when to when, and whenever the ingest is started anew."""
    folder = tmp_path_factory.mktemp("road")
    rules = lay(folder / "rules", PACK)
    lines = stream(seed)
    plain = ExceptedRoad(rules, folder / "plain", lines, size).alerts_of()
    road = ExceptedRoad(rules, folder / "db", lines, size)
    ends = road.now + DAY

    def expire() -> None:
        road.now = ends + 1

    acts = {begin: lambda: road.except_([rule], Term("source.ip", "203.0.113.7"), expires=ends)}
    if end > begin:
        acts[end] = expire
    with_it = road.alerts_of(acts, restarts)
    others = [name for name in NAMES if name != rule]
    assert told(with_it, *others) == told(plain, *others)
    here = [row for row in with_it if row.rule == rule and row.entity != {"source.ip": "203.0.113.7"}]
    there = [row for row in plain if row.rule == rule and row.entity != {"source.ip": "203.0.113.7"}]
    assert told(here) == told(there)
