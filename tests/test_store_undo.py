"""Undo and redo: whatever was decided, going back leaves the store as it was but for the audit."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.alerts.states import VERBS, VERDICTS, Decision
from socterm.errors import TransitionError
from socterm.store import Store, check, open_store
from socterm.store.decide import subjects
from socterm.store.decide.decisions import entries_of, write
from socterm.store.decide.trail import Entry
from socterm.store.upkeep.canonical import canonical

from store_samples import NOW
from test_superseding_store import change, opened, put

ALERTS = 6
HOUR = 3_600_000_000


def story(path: Path) -> None:
    """Six alerts: 1 and 2 are part of 3, 4 of 5; 6 stands alone."""
    writer = opened(path)
    put(
        writer,
        change(1, "weak", 0, 1),
        change(2, "weak", 2, 3),
        change(3, "strong", 0, 5),
        change(4, "weak", 600, 601),
        change(5, "strong", 600, 602),
        change(6, "other", 900, 901),
    )
    writer.close()


def image(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The store but for the audit: the canonical dump, and what it leaves out of alerts besides clocks."""
    db = sqlite3.connect(path)
    rows = db.execute(
        "SELECT id, state, verdict, owner, notes, open, until, part_of, under, parts, follows, merged_into "
        "FROM alerts ORDER BY id"
    ).fetchall()
    db.close()
    return list(canonical(path)), rows


steps = st.one_of(
    st.tuples(
        st.lists(st.integers(1, ALERTS), min_size=1, max_size=ALERTS),
        st.sampled_from(sorted(VERBS)),
        st.sampled_from(sorted(VERDICTS)),
        st.integers(1, 3),
    ),
    st.just("undo"),
    st.just("redo"),
)


def decided(store: Store, step: tuple[list[int], str, str, int]) -> bool:
    """Whether the decision was one the states allow."""
    ids, verb, verdict, hours = step
    details: dict[str, Any] = {
        "note": {"text": "seen"},
        "snooze": {"until": NOW + hours * HOUR},
        "close": {"verdict": verdict},
        "hand_over": {"verdict": verdict},
        "verdict": {"verdict": verdict},
    }.get(verb, {})
    try:
        store.triage.decide(ids, verb, actor="ann", now=NOW, **details)
    except TransitionError:
        return False
    return True


@settings(max_examples=40)
@given(st.lists(steps, max_size=14))
def test_undo_and_redo_walk_the_same_road_back_and_forth(walk: list[Any]) -> None:
    """A pile of pictures, one a decision: undo shows the one below, redo the one above, to the very ends."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        story(path)
        with open_store(path) as store:
            seen, here = [image(path)], 0
            for step in walk:
                if step == "undo":
                    rows = store.triage.undo(actor="ann", now=NOW)
                    assert bool(rows) == (here > 0)
                    here -= bool(rows)
                elif step == "redo":
                    rows = store.triage.redo(actor="ann", now=NOW)
                    assert bool(rows) == (here < len(seen) - 1)
                    here += bool(rows)
                elif decided(store, step):
                    here += 1
                    seen[here:] = [image(path)]
                assert image(path) == seen[here]
            for at in reversed(range(here)):
                assert store.triage.undo(actor="ann", now=NOW)
                assert image(path) == seen[at]
            assert store.triage.undo(actor="ann", now=NOW) == []
            for picture in seen[1:]:
                assert store.triage.redo(actor="ann", now=NOW)
                assert image(path) == picture
        assert check(path) == []


# -- what decisions are about besides alerts ---------------------------------------------


@pytest.fixture
def things(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A store, and a kind of thing that is kept in it."""

    def read(db: sqlite3.Connection, ident: int) -> dict[str, Any]:
        row = db.execute("SELECT name FROM things WHERE id = ?", (ident,)).fetchone()
        return {"name": row[0]} if row else {}

    def put_back(db: sqlite3.Connection, ident: int, state: dict[str, Any], now: int) -> None:
        if state:
            db.execute("INSERT OR REPLACE INTO things VALUES (?, ?)", (ident, state["name"]))
        else:
            db.execute("DELETE FROM things WHERE id = ?", (ident,))

    kind = subjects.Subject(read, put_back, frozenset({"open", "rename"}))
    monkeypatch.setitem(subjects.SUBJECTS, "thing", kind)
    path = tmp_path / "store.db"
    story(path)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)")
    db.commit()
    db.close()
    yield path
    assert check(path) == []


def names(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    rows = db.execute("SELECT name FROM things ORDER BY id").fetchall()
    db.close()
    return [row[0] for row in rows]


def test_a_decision_about_a_thing_and_alerts_is_taken_back_whole(things: Path) -> None:
    with open_store(things) as store:
        with store._connections.writing() as db:
            alerts = entries_of(db, [3], Decision("escalate", "ann", at=NOW))
            opening = Entry(0, "open", {}, {"name": "a"}, about="thing:7")
            rows = write(db, [opening, *alerts], "ann", NOW)
        assert [row.about or row.alert for row in rows] == ["thing:7", 3, 1, 2]
        assert names(things) == ["a"]
        assert len(store.triage.undo(actor="ann", now=NOW)) == 4
        assert names(things) == []
        assert {row.state for row in store.triage.alerts(parts=True)} == {"new"}
        store.triage.redo(actor="ann", now=NOW)
        assert names(things) == ["a"]
        assert store.triage.history(3)[-1].after["state"] == "in_progress"


def test_a_thing_that_changed_since_is_not_undone(things: Path) -> None:
    with open_store(things) as store:
        for actor, verb, before, after in (
            ("ann", "open", {}, {"name": "a"}),
            ("bob", "rename", {"name": "a"}, {"name": "b"}),
        ):
            with store._connections.writing() as db:
                write(db, [Entry(0, verb, before, after, about="thing:7")], actor, NOW)
        with pytest.raises(TransitionError, match="thing 7 was changed since"):
            store.triage.undo(actor="ann", now=NOW)


def test_what_the_software_does_to_a_thing_is_not_undone_by_its_name(things: Path) -> None:
    with open_store(things) as store:
        with store._connections.writing() as db:
            write(db, [Entry(0, "found", {}, {"name": "a"}, about="thing:7")], "socterm", NOW)
        assert store.triage.undo(actor="socterm", now=NOW) == []


def test_what_a_row_is_about_cannot_be_changed_unseen(things: Path) -> None:
    with open_store(things) as store, store._connections.writing() as db:
        write(db, [Entry(0, "open", {}, {"name": "a"}, about="thing:7")], "ann", NOW)
    db = sqlite3.connect(things)
    db.execute("DROP TRIGGER audit_no_update")
    ((row,),) = db.execute("SELECT id FROM audit WHERE about = 'thing:7'").fetchall()
    db.execute("UPDATE audit SET about = 'thing:8' WHERE id = ?", (row,))
    db.commit()
    assert check(things) == [f"audit: row {row} does not fit its hash"]
    db.execute("UPDATE audit SET about = 'thing:7' WHERE id = ?", (row,))
    db.commit()
    db.close()
