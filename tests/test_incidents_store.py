"""Incidents as the store keeps them: whatever the commits, restarts and joins, and whatever people decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.alerts.bonds import Policy
from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.config import INTERNAL
from socterm.errors import TransitionError
from socterm.store import Store, open_store
from socterm.store.connection import connect
from socterm.store.ingest import stories
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.canonical import canonical
from socterm.store.upkeep.check import check

from store_samples import NOW, batch, event, login
from test_superseding_store import LOG, MOST, change, histories, put

STRANGER, OTHER, OURS = "203.0.113.9", "198.51.100.7", "10.0.0.5"
IP, IP2, INSIDE = ("source.ip", STRANGER), ("source.ip", OTHER), ("source.ip", OURS)
ALICE, BOB, ROOT = ("user.name", "alice"), ("user.name", "bob"), ("user.name", "root")
HOST = ("host.hostname", "web01")


def info(rule: str, level: str = "medium", *supersedes: str) -> RuleInfo:
    return RuleInfo(
        rule, f"Title {rule}", level, "", ("attack.t1110",), supersedes=supersedes, reach=600_000_000
    )


RULES = {
    "low": info("low", "low"),
    "one": info("one"),
    "two": info("two"),
    "high": info("high", "high", "low"),
    "critical": info("critical", "critical", "high", "low"),
}


def line(number: int) -> Any:
    """Evidence of alert `number`: failures, logins and what was done in sessions; from 29 on failures."""
    kinds: tuple[dict[str, Any], ...] = (
        {"outcome": "failure"},
        {"outcome": "success", "ip": STRANGER, "user__name": "alice"},
        {"outcome": "success", "ip": OTHER, "user__name": "root"},
        {"session__origin__ip": STRANGER, "user__name": "alice", "event__action": "sudo_command"},
        {"session__origin__ip": (STRANGER, OTHER), "user__name": "root", "event__action": "sudo_command"},
        {"user__name": "root", "event__action": "sudo_command"},
        {"outcome": "success", "ip": OURS, "user__name": "bob"},
    )
    told = kinds[number % len(kinds) if number <= 28 else 0]
    return login(number, **told) if "outcome" in told else event(number, **told)


def opened(path: Path, *, lines: bool = True) -> Writer:
    writer = Writer.open(path, now=NOW)
    writer.save_rules([], RULES)
    if lines and writer.next_event_id == 1:
        writer.commit(batch([line(number) for number in range(1, MOST + 1)]))
    return writer


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "s.db"
    assert check(tmp_path / "s.db") == []


def groups(path: Path) -> set[frozenset[int]]:
    """The alerts of each incident; sound by `db check`."""
    assert check(path) == []
    with open_store(path) as store:
        pages = [store.incidents.page(row.id) for row in store.incidents.all()]
        return {frozenset(one.id for one in page.alerts) for page in pages if page is not None}


def story(path: Path, *changes: EpisodeChange) -> set[frozenset[int]]:
    writer = opened(path)
    put(writer, *changes)
    writer.close()
    return groups(path)


# -- what joins ----------------------------------------------------------------------------


@pytest.mark.parametrize(("level", "expected"), [("low", set()), ("one", set()), ("high", {frozenset({7})})])
def test_one_alert_is_an_incident_where_it_is_grave(
    path: Path, level: str, expected: set[frozenset[int]]
) -> None:
    assert story(path, change(7, level, 0, 5, (IP,))) == expected


@pytest.mark.parametrize(
    ("entity", "minutes", "together"),
    [
        (IP, 200, True), (ALICE, 200, True), (IP, 300, False), (HOST, 1, False), (ROOT, 1, False),
        (INSIDE, 14, True), (INSIDE, 100, False),
    ],
)  # fmt: skip
def test_what_two_alerts_share_and_for_how_long(
    path: Path, entity: tuple[str, str], minutes: int, together: bool
) -> None:
    """Evidence 7 and 14 are failed logins: nobody is seen to act."""
    found = story(path, change(7, "one", 0, 0, (entity,)), change(14, "two", minutes, minutes, (entity,)))
    assert found == ({frozenset({7, 14})} if together else set())


def test_two_alerts_of_one_rule_or_of_low_level_open_nothing(path: Path) -> None:
    assert story(path, change(7, "one", 0, 5), change(14, "one", 9, 9), change(21, "low", 5, 5)) == set()


def test_root_needs_the_host_too_and_little_time(path: Path) -> None:
    """Evidence 5, 12 and 19 is root at work on web01."""
    near = change(5, "one", 0, 0, (ROOT,)), change(12, "two", 10, 10, (ROOT,))
    assert story(path, *near, change(19, "high", 90, 90, (ROOT,))) == {frozenset({5, 12}), frozenset({19})}


def test_a_session_leads_back_to_the_login_and_each_link_says_why(path: Path) -> None:
    story(
        path,
        change(7, "one", 0, 1, (IP,)),
        change(3, "high", 5, 5, (HOST,)),
        change(1, "low", 2, 2, (ALICE,)),
    )
    with open_store(path) as store:
        (row,) = store.incidents.all()
        page = store.incidents.page(row.id)
    assert page is not None
    assert [one.id for one in page.alerts] == [7, 1, 3]
    assert [(link.alert, link.field, link.value, link.other) for link in page.links] == [
        (1, "source.ip", STRANGER, 7),
        (3, "session.origin.ip", STRANGER, 1),
        (3, "user.name", "alice", 1),
    ]
    assert row.title == "Title high"
    assert {(role.field, role.value, role.named) for role in page.roles} >= {
        ("user.name", "alice", True), ("session.origin.ip", STRANGER, False),
    }  # fmt: skip


def test_an_alert_about_a_host_with_two_strangers_joins_one_of_them_and_does_not_join_them(
    path: Path,
) -> None:
    found = story(
        path,
        change(7, "high", 0, 1, (IP,)),
        change(14, "high", 2, 3, (IP2,)),
        change(4, "one", 0, 5, (HOST,)),
    )
    assert found == {frozenset({7}), frozenset({14, 4})}


def test_an_alert_whose_evidence_comes_to_tell_of_a_second_stranger_leaves_the_first(path: Path) -> None:
    """Evidence 3 has one stranger, 4 both: what joins nobody to anybody does not stay where it was."""
    host = change(3, "one", 0, 1, (HOST,))
    apart = change(7, "high", 0, 1, (IP,)), change(14, "high", 2, 3, (IP2,))
    assert story(path, *apart, host) == {frozenset({7, 3}), frozenset({14})}
    assert story(path, change(3, "one", 0, 5, (HOST,), count=2, hits=[Hit(NOW, LOG, 3, 4)])) == {
        frozenset({7}),
        frozenset({14, 3}),
    }


def test_what_was_there_before_an_episode_became_an_alert_counts_as_evidence(path: Path) -> None:
    """Event 3 tells of the stranger and came a commit before event 14, with which it is an alert."""
    begun = change(3, "one", 0, 1, (HOST,), alert=0)
    assert story(path, change(7, "high", 0, 1, (IP,)), begun) == {frozenset({7})}
    raised = change(3, "one", 0, 5, (HOST,), count=2, alert=8, hits=[Hit(NOW, LOG, 13, 14)])
    assert story(path, raised) == {frozenset({7, 8})}


def test_a_story_whose_first_alert_was_joined_to_another_lives_on(path: Path) -> None:
    assert story(path, *(change(n, "high", n, n) for n in (7, 14, 21))) == {frozenset({7, 14, 21})}
    joined = change(7, "high", 7, 7, merged_into=14, new=False)
    assert story(path, change(14, "high", 7, 14, count=2, new=False), joined) == {frozenset({14, 21})}


def test_one_that_comes_between_two_takes_the_place_of_their_link_and_nothing_else_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(path, *(change(n, "high", n, n) for n in range(1, 29, 2)))
    read: list[int] = []
    real = stories.members_of
    monkeypatch.setattr(stories, "members_of", lambda db, wanted: read.append(1) or real(db, wanted))
    assert story(path, *(change(n, "high", n, n) for n in (30, 32))) == {
        frozenset({*range(1, 29, 2), 30, 32})
    }
    assert story(path, change(34, "high", 31, 31)) == {frozenset({*range(1, 29, 2), 30, 32, 34})}
    assert read == []


def test_an_alert_that_joins_a_story_does_not_have_all_of_it_read(path: Path) -> None:
    story(path, *(change(n, "high", n, n) for n in range(1, 29, 2)))
    writer = opened(path)
    asked: list[str] = []
    writer._db.set_trace_callback(asked.append)
    put(writer, change(30, "one", 30, 30))
    writer._db.set_trace_callback(None)
    writer.close()
    assert groups(path) == {frozenset({*range(1, 29, 2), 30})}
    read = [sql for sql in asked if "JOIN alerts a ON a.id = s.alert WHERE s.story IN" in sql]
    assert [sql.rpartition(" AND ")[2] for sql in read] == ["s.incident = 0"]
    with connect(path) as db:
        plans = [str(db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in asked if "pinned" in sql]
    assert plans
    assert not [plan for plan in plans if "SCAN alert_stories'" in plan]


def test_our_networks_and_common_users_are_the_policy_s(path: Path) -> None:
    writer = opened(path)
    put(writer, change(7, "one", 0, 0, (IP,)), change(14, "two", 100, 100, (IP,)))
    writer.close()
    assert groups(path) == {frozenset({7, 14})}
    writer = opened(path)
    writer.join_by(Policy(internal=(*INTERNAL, "203.0.113.0/24")), NOW)
    writer.close()
    assert groups(path) == set()
    with open_store(path) as store:
        assert [row.state for row in store.incidents.all(("withdrawn",))] == ["withdrawn"]


# -- whatever the order ----------------------------------------------------------------------

entities = st.lists(
    st.sampled_from((IP, IP2, INSIDE, ALICE, BOB, ROOT, HOST)),
    min_size=1,
    max_size=2,
    unique_by=lambda x: x[0],
).map(tuple)
steps = st.lists(
    st.tuples(
        st.sampled_from(tuple(RULES)), entities, st.integers(0, 900), st.integers(0, 60),
        st.sampled_from(("new", "new", "new", "grow", "early", "join", "commit")), st.integers(0, 1000),
    ),
    min_size=2, max_size=MOST,
)  # fmt: skip


def fresh(tmp_path: Path) -> Path:
    for old in tmp_path.glob("s.db*"):
        old.unlink()
    return tmp_path / "s.db"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=steps, again=st.sets(st.integers(0, 40), max_size=3))
def test_commit_by_commit_is_as_all_at_once(tmp_path: Path, drawn: Sequence[Any], again: set[int]) -> None:
    """`db check` compares with what all alerts together give; ingest may begin anew between commits."""
    path = fresh(tmp_path)
    writer = opened(path)
    for number, commit in enumerate(histories(drawn)):
        put(writer, *commit)
        if number in again:
            writer.close()
            writer = opened(path)
        assert check(path) == []
    writer.close()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=steps, order=st.randoms(use_true_random=False))
def test_alerts_in_any_order_make_the_same_incidents(
    tmp_path: Path, drawn: Sequence[Any], order: Any
) -> None:
    alerts = [
        change(number, rule, first, first + length, entity)
        for number, (rule, entity, first, length, _, _) in enumerate(drawn, 1)
    ]
    found = []
    for turn in range(2):
        path = fresh(tmp_path)
        writer = opened(path)
        ready = list(alerts)
        if turn:
            put(writer, *ready)
        else:
            order.shuffle(ready)
            for seen, one in enumerate(ready, 1):  # the store's alert numbers only ever grow
                moved = change(seen, one.rule, 0, 0, one.entity)
                moved.first, moved.last, moved.hits = one.first, one.last, one.hits
                put(writer, moved)
        writer.close()
        assert check(path) == []
        found.append([row for row in canonical(path) if '"alert"' in row])
    assert found[0] == found[1]


# -- what people decide ----------------------------------------------------------------------


@pytest.fixture(name="store")
def _store(path: Path) -> Iterator[Store]:
    """Incident 1 with the alerts 7, 14 and 21 of one address; 2 with 28 of another."""
    story(
        path, change(7, "high", 0, 1), change(14, "one", 5, 5), change(21, "two", 9, 9),
        change(28, "high", 0, 1, (IP2,)),
    )  # fmt: skip
    with open_store(path) as store:
        yield store


def shape(store: Store) -> dict[int, Any]:
    """Everything about incidents and alerts that decisions change."""
    found: dict[int, Any] = {}
    for row in store.incidents.all(("open", "in_progress", "closed", "merged")):
        page = store.incidents.page(row.id)
        assert page is not None
        standing = (row.state, row.verdict, row.owner, row.notes, row.merged_into)
        found[row.id] = (*standing, [(one.id, one.state, one.pinned) for one in page.alerts])
    return found


def members(store: Store) -> dict[int, list[int]]:
    return {number: [one[0] for one in told[-1]] for number, told in shape(store).items() if told[-1]}


DECISIONS: dict[str, Any] = {
    "split": lambda desk: desk.split(1, [14], actor="ann", now=NOW),
    "merge": lambda desk: desk.merge(1, [2], actor="ann", now=NOW),
    "merge the other way": lambda desk: desk.merge(2, [1], actor="ann", now=NOW),
    "escalate": lambda desk: desk.escalate([21, 28], actor="ann", now=NOW),
    "escalate into": lambda desk: desk.escalate([28], into=1, actor="ann", now=NOW),
    "close": lambda desk: desk.decide(1, "close", verdict="true_positive", actor="ann", now=NOW),
    "start": lambda desk: desk.decide(1, "start", actor="ann", now=NOW),
    "note": lambda desk: desk.decide(1, "note", text="seen", actor="ann", now=NOW),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_what_people_decide_is_undone_and_redone(path: Path, store: Store, name: str) -> None:
    before = shape(store)
    assert DECISIONS[name](store.incidents)
    after = shape(store)
    assert after != before
    assert check(path) == []
    for _ in range(2):
        assert store.triage.undo(actor="ann", now=NOW)
        assert shape(store) == before
        assert check(path) == []
        assert store.triage.redo(actor="ann", now=NOW)
        assert shape(store) == after
        assert check(path) == []


def test_split_and_merge(path: Path, store: Store) -> None:
    store.incidents.split(1, [14], actor="ann", now=NOW)
    assert members(store) == {1: [7, 21], 2: [28], 3: [14]}
    store.incidents.merge(3, [1, 2], actor="ann", now=NOW)
    assert members(store) == {3: [7, 28, 14, 21]}
    assert {number: told[0] for number, told in shape(store).items()} == {1: "merged", 2: "merged", 3: "open"}
    writer = opened(path)
    put(writer, change(35, "one", 20, 20, (IP2,)))
    writer.close()
    assert members(store) == {3: [7, 28, 14, 21, 35]}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda desk: desk.split(1, [28], actor="a", now=NOW), "alert 28 does not belong"),
        (lambda desk: desk.split(1, [7, 14, 21], actor="a", now=NOW), "nothing would be left"),
        (lambda desk: desk.merge(1, [1], actor="a", now=NOW), "into itself"),
        (lambda desk: desk.merge(1, [9], actor="a", now=NOW), "no incident 9"),
        (lambda desk: desk.escalate([99], actor="a", now=NOW), "no alert 99"),
        (lambda desk: desk.decide(1, "reopen", actor="a", now=NOW), "cannot reopen"),
        (lambda desk: desk.decide(1, "close", verdict="odd", actor="a", now=NOW), "no such verdict"),
        (lambda desk: desk.decide(1, "note", text=" ", actor="a", now=NOW), "empty note"),
    ],
)
def test_what_cannot_be_decided_says_why_and_changes_nothing(store: Store, call: Any, said: str) -> None:
    before = shape(store)
    with pytest.raises(TransitionError, match=said):
        call(store.incidents)
    assert shape(store) == before


def test_closing_closes_the_alerts_and_news_open_it_again(path: Path, store: Store) -> None:
    store.incidents.decide(1, "close", verdict="true_positive", actor="ann", now=NOW)
    assert {one[1] for one in shape(store)[1][-1]} == {"closed"}
    writer = opened(path)
    put(writer, change(35, "low", 20, 20))
    assert shape(store)[1][0] == "closed"
    put(writer, change(36, "one", 30, 30))
    writer.close()
    row = store.incidents.get(1)
    assert row is not None
    assert (row.state, row.verdict, row.alerts) == ("open", "", 5)
    page = store.incidents.page(1)
    assert page is not None
    assert [(entry.verb, entry.actor) for entry in page.history][-1] == ("recur", "socterm")


def test_stories_that_grow_together_keep_the_incident_people_know(path: Path, store: Store) -> None:
    store.incidents.decide(2, "note", text="mine", actor="ann", now=NOW)
    writer = opened(path)
    put(writer, change(30, "low", 10, 10, (IP, ("user.name", "carol"))), change(31, "low", 9, 9, (IP2,)))
    assert members(store) == {1: [7, 14, 21, 30], 2: [28, 31]}
    put(writer, change(32, "low", 12, 12, (("user.name", "carol"), ("destination.ip", OTHER))))
    writer.close()
    assert members(store) == {2: [7, 28, 14, 21, 31, 30, 32]}
    assert shape(store)[1][0] == "merged"


def test_the_check_tells_what_is_wrong(path: Path, store: Store) -> None:
    with store._connections.writing() as db:
        db.execute("UPDATE alert_stories SET incident = 2 WHERE alert = 14")
    found = check(path)
    assert "alert 7: its story is of incidents 1, 2" in found
    with store._connections.writing() as db:
        db.execute("UPDATE alert_stories SET incident = 1 WHERE alert = 14")
        db.execute("UPDATE incidents SET state = 'closed' WHERE id = 1")
    assert check(path) == ["incident 1: is not as the audit trail leaves it"]
    with store._connections.writing() as db:
        db.execute("UPDATE incidents SET state = 'open' WHERE id = 1")
        db.execute("DELETE FROM alert_links WHERE alert = 14")
    assert check(path) == ["alert 14: its link to alert 7 by source.ip is missing"]
    with store._connections.writing() as db:
        db.execute("INSERT INTO alert_links VALUES (14, 'source.ip', ?, 7)", (STRANGER,))
