"""What is part of what, as the store keeps it: whatever the commits, restarts and joins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.analyst import Analyst, NullBackend
from socterm.query import parse
from socterm.store import Store, open_store
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from socterm.store.migrations import MIGRATIONS
from socterm.store.upkeep.canonical import canonical
from socterm.store.upkeep.check import check

from reload_road import Road, in_any_portions
from store_samples import LOG, NOW, batch, login
from test_rules_reload import lay, over, stream
from test_rules_reload import login as login_rule

MINUTE = 60_000_000
MOST = 40
"""Alerts of a test."""

IP, OTHER, USER = ("source.ip", "203.0.113.9"), ("source.ip", "192.0.2.1"), ("user.name", "root")


def info(rule: str, *supersedes: str, level: str = "medium", reach: int = 10) -> RuleInfo:
    return RuleInfo(rule, rule, level, "", (), supersedes=supersedes, reach=reach * MINUTE)


RULES = {
    "weak": info("weak", level="low"),
    "middle": info("middle", "weak"),
    "strong": info("strong", "middle", "weak", level="high"),
    "other": info("other"),
}


def opened(path: Path, rules: dict[str, RuleInfo] = RULES) -> Writer:
    """A store, with a line for each alert to rest on."""
    writer = Writer.open(path, now=NOW)
    writer.save_rules([], rules)
    if writer.next_event_id == 1:
        writer.commit(batch([login(number) for number in range(1, MOST + 1)]))
    return writer


def change(
    ident: int, rule: str, first: int, last: int, entity: Sequence[tuple[str, str]] = (IP,), **more: Any
) -> EpisodeChange:
    """Alert `ident`, which is its episode's number too; times in minutes."""
    made = EpisodeChange(
        id=ident, rule=rule, entity=tuple(entity), first=(NOW + first * MINUTE, LOG, 0),
        last=(NOW + last * MINUTE, LOG, 0), count=1, signals=1, touched=0, alert=ident,
        hits=[Hit(NOW, LOG, ident - 1, ident)] if more.pop("new", True) else [],
    )  # fmt: skip
    for name, value in more.items():
        setattr(made, name, value)
    return made


def put(writer: Writer, *changes: EpisodeChange) -> None:
    writer.commit(Batch(episodes=list(changes), now=NOW))


def heads(path: Path) -> dict[int, int]:
    """Alert → what it is part of; sound by `db check`."""
    assert check(path) == []
    with open_store(path) as store:
        return {row.id: row.part_of for row in everything(store) if row.part_of}


def everything(store: Store) -> list[Any]:
    return store.triage.alerts(
        states=["new", "acknowledged", "in_progress", "closed", "reopened"], parts=True
    )


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


@pytest.mark.parametrize(
    ("commits", "weak", "strong"),
    [([["weak"], ["strong"]], 1, 2), ([["strong"], ["weak"]], 2, 1), ([["strong", "weak"]], 2, 1)],
)
def test_a_weaker_alert_moves_under_the_stronger_one_whichever_came_first(
    path: Path, commits: list[list[str]], weak: int, strong: int
) -> None:
    writer = opened(path)
    number = 0
    for commit in commits:
        put(writer, *(change(number := number + 1, rule, 0, 5) for rule in commit))
    put(writer, change(3, "other", 6, 7))
    writer.close()
    assert heads(path) == {weak: strong}
    with open_store(path) as store:
        assert [(row.id, row.parts) for row in store.triage.alerts()] == [(strong, 1), (3, 0)]
        assert [row.id for row in store.triage.alerts(parts=True)] == [strong, 3, weak]
        assert [row.id for row in store.triage.parts(strong)] == [weak]
        assert store.triage.counts() == {
            "critical": 0, "high": 1, "medium": 1, "low": 0, "informational": 0,
        }  # fmt: skip


def test_of_two_that_began_at_once_the_one_that_goes_on_keeps_its_parts(path: Path) -> None:
    writer = opened(path)
    for ident, entity in ((1, IP), (2, USER)):
        put(writer, change(ident, "middle", 0, 0, (entity,)))
    put(writer, change(3, "weak", 0, 0, (IP, USER)))
    before = heads(path)
    for ident, entity in ((1, IP), (2, USER)):
        put(writer, change(ident, "middle", 0, 4, (entity,), new=False))
        assert heads(path) == before
        assert check(path) == []
    writer.close()


def test_an_alert_that_grows_reaches_others_and_one_that_is_joined_hands_its_parts_over(path: Path) -> None:
    writer = opened(path)
    put(writer, change(1, "weak", 0, 1), change(2, "weak", 40, 41), change(3, "strong", 5, 6))
    assert heads(path) == {1: 3}
    put(writer, change(3, "strong", 5, 35, new=False))
    assert heads(path) == {1: 3, 2: 3}
    put(writer, change(4, "strong", -30, -25), change(5, "weak", -20, -19))
    assert heads(path) == {1: 3, 2: 3, 5: 4}
    gone = change(4, "strong", -30, -25, new=False, merged_into=3)
    put(writer, gone, change(3, "strong", -30, 35, new=False, count=2))
    assert heads(path) == {1: 3, 2: 3, 5: 3}
    put(
        writer,
        change(5, "weak", -20, -19, new=False, merged_into=1),
        change(1, "weak", -20, 1, new=False, count=2),
    )
    writer.close()
    assert heads(path) == {1: 3, 2: 3}
    with open_store(path) as store:
        assert store.triage.alert(3).parts == 2  # type: ignore[union-attr]
        assert store.triage.alert(4).parts == 0  # type: ignore[union-attr]


def test_a_chain_points_at_its_top_which_may_come_last(path: Path) -> None:
    writer = opened(path)
    put(writer, change(1, "weak", 0, 1), change(2, "middle", 0, 1, [IP, USER]))
    assert heads(path) == {1: 2}
    put(writer, change(3, "strong", 2, 3, [USER]))
    writer.close()
    assert heads(path) == {1: 3, 2: 3}


def test_alerts_from_before_a_rule_was_superseded_are_found(path: Path) -> None:
    old = {"weak": RULES["weak"]}
    writer = opened(path, old)
    put(writer, *(change(ident, "weak", 0, 5, [("source.ip", f"192.0.2.{ident}")]) for ident in range(1, 40)))
    writer.close()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM alert_places").fetchone() == (0,)
    db.close()
    writer = opened(path)
    put(writer, change(40, "strong", 6, 7, [("source.ip", "192.0.2.7")]))
    writer.close()
    assert heads(path) == {7: 40}


def test_what_an_alert_supersedes_stays_as_it_was_when_its_rule_changes(path: Path) -> None:
    writer = opened(path)
    put(writer, change(1, "strong", 0, 5))
    writer.save_rules([], {"weak": RULES["weak"], "strong": info("strong", level="high")})
    put(writer, change(2, "weak", 0, 5), change(3, "strong", 30, 31), change(4, "weak", 30, 31))
    writer.close()
    assert heads(path) == {2: 1}


def test_a_rule_that_no_other_supersedes_costs_nothing(path: Path) -> None:
    writer = opened(path)
    put(writer, *(change(ident, "other", 0, 5) for ident in range(1, 50)))
    writer.close()
    db = sqlite3.connect(path)
    for table in ("alert_places", "alert_shapes", "superseding"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    db.close()


steps = st.lists(
    st.tuples(
        st.sampled_from(("weak", "middle", "strong", "other")),
        st.sampled_from(((IP,), (OTHER,), (IP, USER), (USER,), (("host.hostname", "web1"), IP, USER))),
        st.integers(0, 60), st.integers(0, 30),
        st.sampled_from(("new", "new", "grow", "early", "join", "commit")), st.integers(0, 1000),
    ),
    min_size=1, max_size=MOST,
)  # fmt: skip


def histories(drawn: Sequence[Any]) -> list[list[EpisodeChange]]:
    """Commits in which alerts appear, grow either way, and are joined to others of their rule and entity."""
    alive: dict[int, list[Any]] = {}
    commits: list[dict[int, EpisodeChange]] = [{}]
    number = 0

    def state(ident: int, **more: Any) -> EpisodeChange:
        rule, entity, first, last, count = alive[ident]
        fresh = ident not in {key for commit in commits for key in commit}
        return change(ident, rule, first, last, entity, count=count, new=fresh, **more)

    for rule, entity, first, length, what, pick in drawn:
        chosen = sorted(alive)[pick % len(alive)] if alive else 0
        if what == "commit":
            commits.append({})
        elif what == "new" or not chosen:
            number += 1
            alive[number] = [rule, entity, first, first + length, 1]
            commits[-1][number] = state(number)
        elif what in ("grow", "early"):
            if chosen in commits[-1]:
                commits.append({})
            mine = alive[chosen]
            mine[2 if what == "early" else 3] += -length if what == "early" else length
            commits[-1][chosen] = state(chosen)
        else:
            mine = alive[chosen]
            twins = [one for one in alive if one != chosen and alive[one][:2] == mine[:2]]
            if not twins:
                continue
            if {chosen, twins[0]} & commits[-1].keys():
                commits.append({})
            commits[-1][twins[0]] = state(twins[0], merged_into=chosen)
            gone = alive.pop(twins[0])
            mine[2:] = [min(mine[2], gone[2]), max(mine[3], gone[3]), mine[4] + gone[4]]
            commits[-1][chosen] = state(chosen)
    return [list(commit.values()) for commit in commits if commit]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=steps, again=st.sets(st.integers(0, 40), max_size=3))
def test_commit_by_commit_is_as_all_at_once(tmp_path: Path, drawn: Sequence[Any], again: set[int]) -> None:
    """`db check` compares with what all alerts together give; ingest may begin anew between commits."""
    path = tmp_path / "s.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{path}{part}").unlink(missing_ok=True)
    writer = opened(path)
    for number, commit in enumerate(histories(drawn)):
        put(writer, *commit)
        if number in again:
            writer.close()
            writer = opened(path)
        assert check(path) == []
    writer.close()


def test_the_check_tells_what_is_wrong(path: Path) -> None:
    writer = opened(path)
    put(writer, change(1, "weak", 0, 5), change(2, "strong", 6, 7), change(3, "weak", 100, 101))
    writer.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE alerts SET part_of = 2 WHERE id = 3")
    db.execute("UPDATE alerts SET under = 3 WHERE id = 1")
    db.execute("UPDATE alerts SET parts = 2 WHERE id = 2")
    db.commit()
    db.close()
    assert check(path) == [
        "alert 1: stands under 3, but should under 2",
        "alert 2: says it has 2 parts, but has 1",
        "alert 3: is part of 2, but by time and entity of none",
        "alert 3: its link to alert 2 by part is missing",
    ]


# -- lists and decisions ------------------------------------------------------------------------------------


@pytest.fixture(name="store")
def _store(path: Path) -> Any:
    """Alert 3 with the parts 1 and 2, and 4 beside them."""
    writer = opened(path)
    put(
        writer, change(1, "weak", 0, 5), change(2, "middle", 0, 5, [IP, USER]), change(3, "strong", 6, 7),
        change(4, "weak", 0, 5, [OTHER]),
    )  # fmt: skip
    writer.close()
    with open_store(path) as store:
        yield store


def ids(store: Store, text: str = "", **more: Any) -> list[int]:
    return [row.id for row in store.triage.alerts(query=parse(text, now=NOW) if text else None, **more)]


def test_a_part_is_listed_where_its_head_is_not(store: Store) -> None:
    assert ids(store) == [3, 4]
    assert ids(store, "user.name:root") == [2], "its head is not about the user"
    assert ids(store, "rule:weak") == [4, 1]
    assert ids(store, "source.ip:203.0.113.9") == [3]
    assert ids(store, "part_of:3") == [2, 1]
    assert ids(store, "part_of:*") == [2, 1]
    assert ids(store, "-part_of:*", parts=True) == [3, 4]
    assert ids(store, "parts>=2") == [3]
    assert ids(store, min_level="high", parts=True) == [3]


def states(store: Store) -> dict[int, str]:
    return {row.id: row.state for row in everything(store)}


@pytest.mark.parametrize(
    ("verb", "after"), [("acknowledge", "acknowledged"), ("start", "in_progress"), ("close", "closed")]
)
def test_what_is_decided_of_an_alert_is_decided_of_its_open_parts_and_undone_at_once(
    path: Path, store: Store, verb: str, after: str
) -> None:
    store.triage.decide([3], verb, actor="ann", now=NOW)
    assert states(store) == {1: after, 2: after, 3: after, 4: "new"}
    rows = [row for alert in (3, 1, 2) for row in store.triage.history(alert)]
    assert [(row.alert, row.verb, row.note) for row in rows] == [
        (3, verb, ""), (1, verb, "with alert 3"), (2, verb, "with alert 3"),
    ]  # fmt: skip
    assert len({row.bulk for row in rows}) == 1
    assert len(store.triage.undo(actor="ann", now=NOW)) == 3
    assert set(states(store).values()) == {"new"}
    assert len(store.triage.redo(actor="ann", now=NOW)) == 3
    assert states(store)[1] == after
    assert check(path) == []


def test_parts_go_along_only_as_far_as_their_state_allows(store: Store) -> None:
    store.triage.decide([1], "close", actor="ann", now=NOW, verdict="false_positive")
    store.triage.decide([2], "start", actor="ann", now=NOW)
    store.triage.decide([3], "acknowledge", actor="bob", now=NOW)
    assert states(store) == {1: "closed", 2: "in_progress", 3: "acknowledged", 4: "new"}
    store.triage.decide([3], "close", actor="bob", now=NOW)
    store.triage.decide([3], "verdict", actor="bob", now=NOW, verdict="true_positive")
    verdicts = {row.id: row.verdict for row in everything(store)}
    assert verdicts == {1: "false_positive", 2: "true_positive", 3: "true_positive", 4: ""}
    store.triage.decide([3], "note", actor="bob", now=NOW, text="seen")
    assert [row.notes for row in everything(store)] == [1, 0, 0, 0]
    store.triage.decide([3], "reopen", actor="bob", now=NOW)
    assert states(store) == {1: "closed", 2: "closed", 3: "reopened", 4: "new"}


def test_a_part_named_beside_its_head_is_decided_once(store: Store) -> None:
    assert len(store.triage.decide([1, 3], "close", actor="ann", now=NOW)) == 3


def test_an_explanation_names_parts_and_head(store: Store) -> None:
    analyst = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    assert "Part of it: alert 1:" in analyst.explain(3).text
    text = analyst.explain(1).text
    assert "It says less about the same thing than alert 3:" in text
    assert "2 alerts part of it" in text
    assert "Also: alert 3" not in text


def test_a_part_that_goes_on_after_its_head_was_closed_is_listed(path: Path, store: Store) -> None:
    store.triage.decide([3], "close", actor="ann", now=NOW)
    assert ids(store) == [4]
    writer = opened(path)
    put(writer, change(5, "weak", 8, 9))
    writer.close()
    assert ids(store) == [5, 4]
    assert store.triage.counts()["low"] == 2
    assert ids(store, states=["new", "closed"]) == [3, 4]
    seen, _ = store.triage.changes(0)
    store.triage.decide([3], "reopen", actor="ann", now=NOW)
    assert ids(store) == [3, 4]
    assert 5 in store.triage.changes(seen)[1], "who keeps a list learns that it is no longer in it"


def test_who_keeps_a_list_learns_of_parts_that_come(path: Path, store: Store) -> None:
    seen, _ = store.triage.changes(0)
    writer = opened(path)
    put(writer, change(5, "weak", 20, 21))
    assert store.triage.changes(seen)[1] == [5]
    seen, _ = store.triage.changes(0)
    put(writer, change(3, "strong", 6, 15, new=False))
    writer.close()
    assert sorted(store.triage.changes(seen)[1]) == [3, 5]


def test_a_store_from_before_is_brought_up(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute(
        "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, applied INTEGER)"
    )
    for number, step in enumerate(MIGRATIONS[:5], 1):
        step(db)
        db.execute("INSERT INTO migrations VALUES (?, ?, 0)", (number, step.__name__))
    db.execute(
        "INSERT INTO alerts (id, episode, rule, title, level, rank, description, tags, entity, first, last,"
        " count, signals, created, updated, change) VALUES (1, 1, 'weak', 'Weak', 'low', 1, '', '[]', ?,"
        " ?, ?, 0, 1, 0, 0, 1)",
        (json.dumps(dict([IP])), NOW, NOW + MINUTE),
    )
    db.commit()
    db.close()
    writer = opened(path)
    put(writer, change(2, "strong", 0, 5))
    writer.close()
    assert heads(path) == {1: 2}


# -- through the real detector ------------------------------------------------------------------------------

PACK = {
    "failed.yml": login_rule("failed"),
    "opened.yml": login_rule("opened", "success", "socterm: {throttle: 30s, entity: [source.ip]}\n"),
    "brute.yml": over("brute", "event_count", "failed", "2m", "condition: {gt: 5}"),
    "spray.yml": over("spray", "value_count", "failed", "3m", "condition: {gte: 3, field: user.name}")
    + "socterm: {supersedes: [brute]}\n",
    "broken_in.yml": over("broken_in", "temporal", "spray, opened", "5m", "generate: true")
    + "socterm: {supersedes: [spray, opened], throttle: 5m}\n",
}  # fmt: skip


def replay(tmp_path: Path, seed: int, size: int = 7, **how: Any) -> list[str]:
    db = tmp_path / "road.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{db}{part}").unlink(missing_ok=True)
    found = Road(lay(tmp_path / "rules", PACK), db, stream(seed), size).run(**how)
    assert check(db) == []
    return found


PLAIN: dict[int, list[str]] = {}


@in_any_portions(25)
def test_neither_portions_nor_restarts_change_what_is_part_of_what(
    tmp_path: Path, seed: int, size: int, restarts: set[int]
) -> None:
    if seed not in PLAIN:
        PLAIN[seed] = replay(tmp_path, seed)
    assert replay(tmp_path, seed, size, restarts=restarts) == PLAIN[seed]


def test_the_stream_makes_chains(tmp_path: Path) -> None:
    found = [json.loads(line) for line in replay(tmp_path, 1)]
    pairs = {(row["alert"], row["part_of"][0]) for row in found if "part_of" in row}
    assert {("brute", "broken_in"), ("spray", "broken_in"), ("opened", "broken_in")} <= pairs
    assert list(canonical(tmp_path / "road.db"))


def test_rules_loaded_anew_supersede_from_then_on(tmp_path: Path) -> None:
    """Quiet between the halves of the stream separates alerts of one set of rules from the other's."""
    plain = {**PACK, "spray.yml": PACK["spray.yml"].partition("socterm:")[0]}
    folder = lay(
        tmp_path / "rules", {**plain, "broken_in.yml": PACK["broken_in.yml"].partition("socterm:")[0]}
    )
    db = tmp_path / "road.db"
    found = Road(folder, db, stream(1)).run({119: lambda: lay(folder, PACK) and None})
    rows = [json.loads(line) for line in found]
    first = min(row["ts"] for row in rows if "ts" in row)
    parts = [row["part_of"] for row in rows if "part_of" in row]
    assert parts
    assert min(head[2] for head in parts) > first + 1500_000_000
    assert check(db) == []
