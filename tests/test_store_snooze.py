"""Alerts that are put off, escalated, decided as a group, and those that follow closed ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.alerts.model import RuleInfo
from socterm.errors import TransitionError
from socterm.store import Store, check, open_store
from socterm.store.ingest.writer import Writer
from socterm.store.rows import AlertRow

from store_samples import NOW, alerted, batch, episode, login

HOUR = 3_600_000_000
OTHER = (("source.ip", "192.0.2.1"),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    found = alerted(path, 1, 2, 3)
    yield found
    found.close()


@pytest.fixture
def store(writer: Writer, path: Path) -> Iterator[Store]:
    with open_store(path) as found:
        yield found
    assert check(path) == []


def alert(store: Store, number: int) -> AlertRow:
    found = store.triage.alert(number)
    assert found is not None
    return found


def snoozed(store: Store, *alerts: int, until: int = NOW + HOUR) -> None:
    store.triage.decide(alerts, "snooze", actor="ann", now=NOW, until=until)


# -- snoozing ----------------------------------------------------------------------------


def test_a_snoozed_alert_leaves_the_open_ones_until_its_time(store: Store) -> None:
    snoozed(store, 2)
    assert (alert(store, 2).state, alert(store, 2).until, alert(store, 2).owner) == (
        "snoozed",
        NOW + HOUR,
        "ann",
    )
    assert [row.id for row in store.triage.alerts()] == [3, 1]
    assert [row.id for row in store.triage.alerts(states=["snoozed"])] == [2]
    assert sum(store.triage.counts().values()) == 2
    assert store.snoozes.next() == NOW + HOUR


def test_it_wakes_by_itself_and_the_trail_says_that_the_software_did_it(store: Store) -> None:
    snoozed(store, 1, 2)
    snoozed(store, 3, until=NOW + 2 * HOUR)
    change, _ = store.triage.changes(0)
    assert store.snoozes.wake(NOW + HOUR - 1) == 0
    assert store.triage.changes(change) == (change, [])
    assert store.snoozes.wake(NOW + HOUR) == 2
    assert store.snoozes.wake(NOW + HOUR) == 0
    assert [alert(store, n).state for n in (1, 2, 3)] == ["reopened", "reopened", "snoozed"]
    assert (alert(store, 1).until, alert(store, 1).owner) == (0, "ann")
    assert store.triage.changes(change)[1] == [1, 2], "views are told"
    row = store.triage.history(1)[-1]
    assert (row.actor, row.verb, row.at, row.before["until"]) == ("socterm", "woke", NOW + HOUR, NOW + HOUR)


def test_ingests_commit_wakes_and_so_does_its_heartbeat(writer: Writer, store: Store) -> None:
    snoozed(store, 1, until=NOW + 1)
    snoozed(store, 2, until=NOW + HOUR)
    late = batch([login(10)])
    late.now = NOW + 1
    writer.commit(late)
    assert [alert(store, n).state for n in (1, 2)] == ["reopened", "snoozed"]
    writer.heartbeat(NOW + HOUR)
    assert alert(store, 2).state == "reopened"
    assert writer.closed_since(0)[1] == [], "a snoozed alert's episode was never ended"


def test_looking_for_what_is_due_reads_an_index_of_snoozed_alerts_only(store: Store, path: Path) -> None:
    snoozed(store, 1)
    db = sqlite3.connect(path)
    plan = db.execute(
        "EXPLAIN QUERY PLAN SELECT id FROM alerts WHERE until != 0 AND until <= 5 ORDER BY until, id"
    ).fetchall()
    db.close()
    assert len(plan) == 1
    assert "SEARCH alerts USING COVERING INDEX alerts_snoozed" in plan[0][-1]


def test_two_that_look_at_once_wake_it_once(store: Store, path: Path) -> None:
    snoozed(store, 1)
    with open_store(path) as other:
        assert (store.snoozes.wake(NOW + HOUR), other.snoozes.wake(NOW + HOUR)) == (1, 0)
    assert [row.verb for row in store.triage.history(1)] == ["snooze", "woke"]


def test_who_only_reads_wakes_nothing(store: Store, path: Path) -> None:
    snoozed(store, 1)
    with open_store(path, readonly=True) as reader:
        assert reader.snoozes.wake(NOW + HOUR) == 0
    assert alert(store, 1).state == "snoozed"


def test_a_store_that_is_locked_or_full_can_be_looked_at(store: Store, path: Path) -> None:
    snoozed(store, 1)
    with store._connections.decider() as db:
        db.execute("PRAGMA busy_timeout = 0")
    locked = sqlite3.connect(path, isolation_level=None)
    locked.execute("BEGIN IMMEDIATE")
    assert store.snoozes.wake(NOW + HOUR) == 0
    locked.execute("ROLLBACK")
    locked.close()
    assert store.snoozes.wake(NOW + HOUR) == 1


def test_waking_and_undo_by_hand(store: Store) -> None:
    snoozed(store, 1)
    store.triage.decide([1], "wake", actor="bob", now=NOW)
    assert alert(store, 1).state == "reopened"
    store.triage.undo(actor="bob", now=NOW)
    assert (alert(store, 1).state, alert(store, 1).until) == ("snoozed", NOW + HOUR)
    store.triage.undo(actor="ann", now=NOW)
    assert (alert(store, 1).state, alert(store, 1).until, alert(store, 1).owner) == ("new", 0, "")


def test_what_woke_cannot_be_taken_back_by_somebody_of_the_softwares_name(store: Store) -> None:
    store.triage.decide([1], "snooze", actor="socterm", now=NOW, until=NOW + 1)
    store.snoozes.wake(NOW + 1)
    with pytest.raises(TransitionError, match="alert 1 was changed since"):
        store.triage.undo(actor="socterm", now=NOW + 2)
    assert alert(store, 1).state == "reopened"


def test_a_time_that_has_passed_is_refused(store: Store) -> None:
    with pytest.raises(TransitionError, match="alert 1: it would wake at once"):
        snoozed(store, 1, until=NOW)


def test_a_snoozed_alert_still_counts_what_comes(writer: Writer, store: Store) -> None:
    snoozed(store, 2)
    events = [login(n) for n in (4, 5, 6, 10)]
    writer.commit(batch(events[3:], [episode(2, events, new=events[3:], alert=2)]))
    assert (alert(store, 2).count, alert(store, 2).state) == (4, "snoozed")


def test_a_new_alert_joined_to_a_snoozed_one_takes_its_time_over(path: Path) -> None:
    writer = alerted(path, 1, 2)
    with open_store(path) as store:
        snoozed(store, 2)
        events = [login(number) for number in range(1, 7)]
        gone = episode(2, events[3:], new=[], alert=2, merged_into=1)
        writer.commit(batch([], [gone, episode(1, events, new=[], alert=1)]))
        assert (alert(store, 1).state, alert(store, 1).until) == ("snoozed", NOW + HOUR)
        assert (alert(store, 2).state, alert(store, 2).until) == ("merged", 0)
    writer.close()
    assert check(path) == []


# -- groups ------------------------------------------------------------------------------


def test_a_group_is_the_open_alerts_of_a_rule_and_entity(writer: Writer, store: Store) -> None:
    events = [login(n) for n in (10, 11, 12, 13)]
    more = [
        episode(4, events[:1], alert=4, entity=OTHER),
        episode(5, events[1:2], alert=5, rule="other"),
    ]
    writer.commit(batch(events, more))
    store.triage.decide([2], "close", actor="ann", now=NOW)
    groups = store.groups
    assert groups.members(1, "close") == [1, 3]
    assert groups.members(1, "verdict") == [1, 3], "what was closed before keeps its verdict"
    assert groups.members(1, "close", whole_rule=True) == [1, 3, 4]
    assert groups.members(1, "reopen") == [2]
    assert groups.members(5, "close", whole_rule=True) == [5]
    snoozed(store, 1, 3)
    assert groups.members(1, "wake") == [1, 3]
    with pytest.raises(TransitionError, match="no alert 9"):
        groups.members(9, "close")


# -- escalating --------------------------------------------------------------------------


def test_escalating_and_closing_is_one_decision(store: Store) -> None:
    store.triage.decide([1], "escalate", actor="ann", now=NOW)
    assert alert(store, 1).state == "in_progress"
    store.triage.decide([1], "escalate", actor="ann", now=NOW)
    store.triage.decide([2], "hand_over", actor="ann", now=NOW)
    assert (alert(store, 2).state, alert(store, 2).verdict) == ("closed", "undetermined")
    store.triage.undo(actor="ann", now=NOW)
    assert alert(store, 2).state == "new"


# -- what follows a closed alert ---------------------------------------------------------


def again(writer: Writer, number: int, rule: str = "brute", **more: object) -> None:
    """Another alert of the same rule and entity, of one later event."""
    event = login(number)
    writer.commit(batch([event], [episode(number, [event], alert=number, rule=rule, **more)]))


def test_an_alert_after_a_closed_one_says_which_and_as_what_that_was_closed(
    writer: Writer, store: Store
) -> None:
    store.triage.decide([3], "close", actor="ann", now=NOW, verdict="benign_true_positive")
    again(writer, 10)
    found = alert(store, 10)
    assert (found.state, found.owner) == ("new", "")
    assert (found.follows, found.follows_verdict) == (3, "benign_true_positive")
    store.triage.decide([3], "verdict", actor="ann", now=NOW, verdict="test")
    assert alert(store, 10).follows_verdict == "benign_true_positive", "what it was then"


def test_it_follows_the_latest_one_only_and_only_of_its_own_group(writer: Writer, store: Store) -> None:
    store.triage.decide([1, 2], "close", actor="ann", now=NOW)
    again(writer, 10)
    assert alert(store, 10).follows == 0, "alert 3 is later, and open"
    store.triage.decide([3, 10], "close", actor="ann", now=NOW)
    again(writer, 11, entity=OTHER)
    again(writer, 12, rule="other")
    assert [alert(store, n).follows for n in (11, 12)] == [0, 0]


def test_of_several_in_one_batch_only_the_first_follows(writer: Writer, store: Store) -> None:
    store.triage.decide([1, 2, 3], "close", actor="ann", now=NOW)
    events = [login(10), login(11)]
    writer.commit(batch(events, [episode(n.id, [n], alert=n.id) for n in reversed(events)]))
    assert [alert(store, n).follows for n in (10, 11)] == [3, 0]


def test_where_the_rule_says_so_it_begins_reopened_with_its_owner(writer: Writer, store: Store) -> None:
    writer.save_rules([], {"brute": RuleInfo("brute", "Brute", "high", "", (), reopen=True)})
    again(writer, 10)
    assert alert(store, 10).state == "new", "nothing was closed"
    store.triage.decide([10], "close", actor="ann", now=NOW, verdict="false_positive")
    again(writer, 11)
    found = alert(store, 11)
    assert (found.state, found.owner, found.follows) == ("reopened", "ann", 10)
    assert alert(store, 10).state == "closed"
    [row] = store.triage.history(11)
    assert (row.actor, row.verb, row.note) == (
        "socterm",
        "recur",
        "follows alert 10, closed as false positive",
    )
    assert [a.id for a in store.triage.alerts(states=["reopened"])] == [11]
    assert store.triage.undo(actor="socterm", now=NOW) == []


def test_the_latest_of_a_group_is_found_by_an_index(store: Store, path: Path) -> None:
    db = sqlite3.connect(path)
    plan = db.execute(
        "EXPLAIN QUERY PLAN SELECT id, state FROM alerts WHERE rule = 'a' AND entity = 'b' AND last <= 5 "
        "AND id != 3 AND state != 'merged' ORDER BY last DESC, id DESC LIMIT 1"
    ).fetchall()
    db.close()
    assert [row[-1] for row in plan] == [
        "SEARCH alerts USING INDEX alerts_group (rule=? AND entity=? AND last<?)"
    ]
