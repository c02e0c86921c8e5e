"""What people decide: all or nothing, on record, undone by another row, heard by the ingest."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.errors import StoreError, TransitionError
from socterm.store import Store, check, open_store
from socterm.store.connection import connect
from socterm.store.ingest.writer import Writer

from store_samples import NOW, alerted, batch, episode, login

REST = "at, 'bob', alert, verb, before, after, note, undoes, bulk, hash, about"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    """An ingest under way with alerts 1, 2 and 3."""
    found = alerted(path, 1, 2, 3)
    yield found
    found.close()


@pytest.fixture
def store(writer: Writer, path: Path) -> Iterator[Store]:
    with open_store(path) as found:
        yield found
    assert check(path) == []


def states(store: Store) -> list[str]:
    return [alert.state for alert in (store.triage.alert(n) for n in (1, 2, 3)) if alert is not None]


def test_a_decision_is_in_the_row_and_on_the_trail(store: Store) -> None:
    [row] = store.triage.decide([2], "close", actor="ann", now=NOW + 5, verdict="true_positive")
    alert = store.triage.alert(2)
    assert alert is not None
    assert (alert.state, alert.verdict, alert.owner, alert.updated) == (
        "closed",
        "true_positive",
        "ann",
        NOW + 5,
    )
    assert store.triage.history(2) == [row]
    assert (row.actor, row.verb, row.before["state"], row.after["verdict"]) == (
        "ann",
        "close",
        "new",
        "true_positive",
    )
    assert [a.id for a in store.triage.alerts()] == [3, 1]
    assert [a.id for a in store.triage.alerts(states=["closed"])] == [2]


def test_bulk_is_all_or_nothing(store: Store) -> None:
    store.triage.decide([2], "close", actor="ann", now=NOW)
    with pytest.raises(TransitionError, match="alert 2: cannot acknowledge an alert that is closed"):
        store.triage.decide([1, 2, 3], "acknowledge", actor="ann", now=NOW)
    assert states(store) == ["new", "closed", "new"]
    with pytest.raises(TransitionError, match="no alert 9"):
        store.triage.decide([1, 9], "acknowledge", actor="ann", now=NOW)
    assert store.triage.history(1) == []


def test_undo_takes_back_a_bulk_decision_whole_and_redo_does_it_again(store: Store) -> None:
    rows = store.triage.decide([1, 2, 3, 2], "close", actor="ann", now=NOW)
    assert [row.alert for row in rows] == [1, 2, 3]
    assert {row.bulk for row in rows} == {rows[0].id}
    undone = store.triage.undo(actor="ann", now=NOW)
    assert [row.undoes for row in undone] == [row.id for row in rows]
    assert states(store) == ["new"] * 3
    assert store.triage.alert(1).owner == ""  # type: ignore[union-attr]
    store.triage.redo(actor="ann", now=NOW)
    assert states(store) == ["closed"] * 3
    assert store.triage.redo(actor="ann", now=NOW) == []


def test_undo_goes_back_step_by_step_and_forward_again(store: Store) -> None:
    steps = ["acknowledge", "start", "close", "reopen"]
    seen = []
    for verb in steps:
        seen.append(states(store)[0])
        store.triage.decide([1], verb, actor="ann", now=NOW)
    last = states(store)[0]
    for state in reversed(seen):
        store.triage.undo(actor="ann", now=NOW)
        assert states(store)[0] == state
    assert store.triage.undo(actor="ann", now=NOW) == []
    for state in [*seen[1:], last]:
        store.triage.redo(actor="ann", now=NOW)
        assert states(store)[0] == state
    assert store.triage.redo(actor="ann", now=NOW) == []
    store.triage.undo(actor="ann", now=NOW)
    store.triage.redo(actor="ann", now=NOW)
    store.triage.undo(actor="ann", now=NOW)
    assert states(store)[0] == seen[-1]
    assert len(store.triage.history(1)) == 4 + 4 + 4 + 3, "undo and redo are further rows"


def test_a_new_decision_ends_what_can_be_redone(store: Store) -> None:
    store.triage.decide([1], "close", actor="ann", now=NOW)
    store.triage.undo(actor="ann", now=NOW)
    store.triage.decide([2], "close", actor="ann", now=NOW)
    assert store.triage.redo(actor="ann", now=NOW) == []
    store.triage.undo(actor="ann", now=NOW)
    assert states(store) == ["new"] * 3
    assert store.triage.undo(actor="ann", now=NOW) == [], "the first was taken back before"


def test_undo_is_per_person_and_never_over_somebody_elses_decision(store: Store) -> None:
    store.triage.decide([1], "acknowledge", actor="ann", now=NOW)
    assert store.triage.undo(actor="bob", now=NOW) == []
    store.triage.decide([1], "close", actor="bob", now=NOW)
    with pytest.raises(TransitionError, match="alert 1 was changed since"):
        store.triage.undo(actor="ann", now=NOW)
    assert states(store)[0] == "closed"


def test_what_the_software_did_cannot_be_undone_by_a_user_of_its_name(path: Path) -> None:
    writer = alerted(path, 1, 2)
    events = [login(number) for number in range(1, 7)]
    gone = episode(2, events[3:], new=[], alert=2, merged_into=1)
    writer.commit(batch([], [gone, episode(1, events, new=[], alert=1)]))
    writer.close()
    with open_store(path) as store:
        assert store.triage.undo(actor="socterm", now=NOW) == []


def test_notes_are_counted_and_kept(store: Store) -> None:
    store.triage.decide([1], "note", actor="ann", now=NOW, text="seen \udcff\x1b[31m twice")
    alert = store.triage.alert(1)
    assert alert is not None
    assert (alert.notes, alert.state, alert.owner) == (1, "new", "ann")
    assert store.triage.history(1)[0].note == "seen \ufffd\x1b[31m twice"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET actor = 'bob'",
        "DELETE FROM audit",
        "REPLACE INTO audit SELECT * FROM audit WHERE id = 1",
        f"INSERT OR REPLACE INTO audit SELECT 1, {REST} FROM audit",
        "INSERT OR IGNORE INTO audit SELECT * FROM audit WHERE id = 1",
        f"INSERT INTO audit SELECT 9, {REST} FROM audit",
        "UPDATE OR REPLACE audit SET id = 2 WHERE id = 1",
        "INSERT INTO audit SELECT * FROM audit WHERE id = 1 ON CONFLICT (id) DO UPDATE SET actor = 'bob'",
    ],
)
def test_the_trail_is_append_only_for_anybody(store: Store, path: Path, sql: str) -> None:
    [row] = store.triage.decide([1], "close", actor="ann", now=NOW)
    stranger = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="audit rows are"):
        stranger.execute(sql)
    stranger.close()
    assert store.triage.history(1) == [row]


# -- what the ingest hears ---------------------------------------------------------------


def test_the_ingest_hears_of_closing_and_reopening_whatever_key_it_was(writer: Writer, store: Store) -> None:
    seen, heard = writer.closed_since(0)
    assert (seen, heard) == (0, [])
    triage = store.triage
    triage.decide([1], "acknowledge", actor="ann", now=NOW)
    assert writer.closed_since(0) == (1, [])
    triage.decide([1], "close", actor="ann", now=NOW)
    triage.decide([2], "verdict", actor="ann", now=NOW, verdict="test")
    triage.decide([2], "verdict", actor="ann", now=NOW, verdict="duplicate")
    triage.undo(actor="ann", now=NOW)
    triage.undo(actor="ann", now=NOW)
    triage.redo(actor="ann", now=NOW)
    triage.decide([1], "reopen", actor="bob", now=NOW)
    seen, heard = writer.closed_since(1)
    assert heard == [(1, "close"), (2, "close"), (2, "reopen"), (2, "close"), (1, "reopen")]
    assert writer.closed_since(seen) == (seen, [])


@pytest.mark.parametrize("heard", [False, True])
def test_a_decision_made_while_no_ingest_ran_is_known_at_the_next_start(path: Path, heard: bool) -> None:
    writer = alerted(path, 1, 2)
    if heard:
        with open_store(path) as store:
            store.triage.decide([2], "close", actor="ann", now=NOW)
        seen, _ = writer.closed_since(0)
        events = [login(n) for n in (4, 5, 6)]
        writer.commit(batch([], [episode(2, events, new=[], alert=2, ended=True)]))
        assert seen == 1
    writer.close()
    with open_store(path) as store:
        store.triage.decide([1], "close", actor="ann", now=NOW)
        if heard:
            store.triage.decide([2], "reopen", actor="ann", now=NOW)
    writer = Writer.open(path, now=NOW)
    state = writer.load_state()
    assert [(e.id, e.ended) for e in state.episodes] == [(1, True), (2, False)]
    assert writer.closed_since(state.audit_seen)[1] == []
    writer.close()


def test_changes_since_name_what_grew_and_what_was_decided(writer: Writer, store: Store) -> None:
    newest, ids = store.triage.changes(0)
    assert store.triage.newest_change() == newest > 0
    assert ids == [1, 2, 3]
    assert store.triage.changes(newest) == (newest, [])
    store.triage.decide([3, 1], "close", actor="ann", now=NOW)
    newest, ids = store.triage.changes(newest)
    assert sorted(ids) == [1, 3]
    events = [login(n) for n in (4, 5, 6, 10)]
    writer.commit(batch(events[3:], [episode(2, events, new=events[3:], alert=2)]))
    assert store.triage.changes(newest)[1] == [2]


def test_decisions_come_from_any_process_while_ingest_runs(writer: Writer, store: Store, path: Path) -> None:
    """Three processes decide while batches are committed: every decision lands once, on one chain."""
    code = (
        "import sys; from socterm.store import open_store\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    for n in range(25):\n"
        "        store.triage.decide([int(sys.argv[2])], 'note', actor=sys.argv[2], now=n, text=str(n))\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in (1, 2, 3)]
    number = writer.next_event_id + 9
    while any(process.poll() is None for process in children):
        writer.commit(batch([login(number)]))
        number += 1
    assert [process.returncode for process in children] == [0, 0, 0]
    assert [len(store.triage.history(n)) for n in (1, 2, 3)] == [25, 25, 25]
    assert [row.note for row in store.triage.history(2)] == [str(n) for n in range(25)]


def test_threads_decide_without_stepping_on_each_other(store: Store) -> None:
    def work(alert: int) -> None:
        for n in range(20):
            store.triage.decide([alert], "note", actor=f"user{alert}", now=NOW, text=str(n))
            store.triage.alerts()

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(store.triage.history(n)) for n in (1, 2, 3)] == [20, 20, 20]


def test_a_reader_decides_nothing(writer: Writer, path: Path) -> None:
    with open_store(path, readonly=True) as store:
        for attempt in (
            lambda: store.triage.decide([1], "close", actor="ann", now=NOW),
            lambda: store.triage.undo(actor="ann", now=NOW),
            lambda: store.triage.save_ui("view", "{}"),
        ):
            with pytest.raises(StoreError, match="reading only"):
                attempt()


def test_views_are_saved(store: Store) -> None:
    assert store.triage.load_ui("main") is None
    store.triage.save_ui("main", '{"pane":1}')
    store.triage.save_ui("main", '{"pane":2}')
    assert store.triage.load_ui("main") == '{"pane":2}'


# -- what check finds --------------------------------------------------------------------


def tampered(path: Path, *statements: str) -> list[str]:
    db = connect(path)
    for name in ("audit_append_only", "audit_no_update", "audit_no_delete"):
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
    for statement in statements:
        db.execute(statement)
    db.close()
    return check(path)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE audit SET actor = 'bob' WHERE id = 1", "audit: row 1 does not fit its hash"),
        ("UPDATE audit SET note = 'x' WHERE id = 2", "audit: row 2 does not fit its hash"),
        ("DELETE FROM audit WHERE id = 1", "audit: row 1 is missing"),
        ("DELETE FROM audit WHERE id = 3", "audit: the trail ends at row 2, but 3 were written"),
        ("UPDATE alerts SET state = 'new', verdict = '' WHERE id = 1", "alert 1: is new, but the audit"),
        ("UPDATE alerts SET count = 4 WHERE id = 2", "alert 2: counts 4, but its evidence weighs 3"),
        ("DELETE FROM events WHERE id = 5", "alert 2: event 5 of its evidence does not exist"),
        ("DELETE FROM events WHERE id = 5", "1 lines are missing between 0 and 8"),
        ("UPDATE events SET position = 3 WHERE id = 5", "1 lines are stored twice"),
        ("DELETE FROM events WHERE id = 9", "read up to line 9, but stored up to 8"),
        ("UPDATE events SET source = 7 WHERE id = 9", "events: 1 name a source that does not exist"),
        ("DELETE FROM alert_events WHERE episode = 3", "alert 3: counts 3, but its evidence weighs 0"),
        ("DELETE FROM alerts WHERE id = 3", "alert_events: 1 episodes belong to no alert"),
        ("INSERT OR REPLACE INTO meta VALUES ('fts_done', 99)", "full text: reaches event 99"),
        ("INSERT INTO events_fts (events_fts) VALUES ('delete-all')", "event 9 is not found by its address"),
        ("UPDATE minute_counts SET events = events + 1", "differs from its events"),
        ("UPDATE events SET fields = '{' WHERE id = 1", "event 1: its fields are no JSON object"),
        ("UPDATE kinds SET fields = '[]' WHERE id = 1", "kind 1: its fields are no JSON object"),
        ("UPDATE events SET kind = 9 WHERE id = 1", "events: 1 name a kind that does not exist"),
        ("UPDATE kinds SET outcome = 'success'", "differs from its events"),
    ],
)  # fmt: skip
def test_check_finds_what_got_past_the_guards(path: Path, sql: str, says: str) -> None:
    writer = alerted(path, 1, 2, 3)
    writer.feed_fts(99)
    writer.close()
    with open_store(path) as store:
        for number in (1, 2):
            store.triage.decide([number], "close", actor="ann", now=NOW)
        store.triage.decide([2], "note", actor="ann", now=NOW, text="x")
    assert check(path) == []
    extra = ["DELETE FROM episodes WHERE id = 3"] if "FROM alerts" in sql else []
    found = tampered(path, sql, *extra)
    assert any(says in line for line in found), found


def test_check_says_where_the_file_itself_is_broken(path: Path) -> None:
    alerted(path, *range(1, 60)).close()
    data = bytearray(path.read_bytes())
    data[4096 * 20 : 4096 * 21] = b"\xff" * 4096
    path.write_bytes(data)
    try:
        found = check(path)
    except StoreError as error:
        found = [str(error)]
    assert found
    assert "damaged" in found[0] or found[0].startswith("file: ")


def test_a_second_door_in_this_process_keeps_the_locks_of_the_first(writer: Writer, path: Path) -> None:
    """Another process that comes and goes must not take itself for the last one and remove the WAL."""
    wal = path.with_name(path.name + "-wal")
    open_store(path).close()
    before = wal.stat().st_ino
    code = "import sys; from socterm.store import open_store; open_store(sys.argv[1]).close()"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert wal.stat().st_ino == before
    writer.commit(batch([login(10)]))
    with open_store(path) as store:
        assert store.events.newest_id() == 10
