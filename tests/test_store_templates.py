"""Every stored line is of a template, counted once with it, and found by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.errors import StoreFullError, UsageError
from socterm.event import Event
from socterm.query import parse
from socterm.store import Store, check, open_store
from socterm.store.doors.templates import Totals
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import Terms

from store_samples import NOW, batch, event, login

MESSAGES = (
    "worker {n} took job x{n} from queue mail",
    "cache miss for key {n}",
    "user bob{n} logged off",
    "nothing to do",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def said(number: int, message: str, **fields: Any) -> Event:
    """A line that no parser understood."""
    return event(number, process__name="app", message=message, **fields)


def many(count: int) -> list[Event]:
    return [said(n, MESSAGES[(n * n + n // 3) % len(MESSAGES)].format(n=n)) for n in range(1, count + 1)]


def write(path: Path, *parts: Sequence[Event], fed: int = 1_000_000) -> None:
    writer = Writer.open(path, now=NOW)
    for part in parts:
        writer.commit(batch(part))
    writer.feed_fts(fed)
    writer.close()


def of(path: Path) -> list[tuple[Any, ...]]:
    """Templates whole, and which event has which."""
    db = sqlite3.connect(path)
    try:
        rows = db.execute("SELECT * FROM templates ORDER BY id").fetchall()
        return (
            rows
            + db.execute(
                "SELECT e.id, k.template FROM events e JOIN kinds k ON k.id = e.kind ORDER BY e.id"
            ).fetchall()
        )
    finally:
        db.close()


def test_lines_are_counted_with_their_template(path: Path) -> None:
    lines = [
        login(1),
        login(2),
        login(3, outcome="success"),
        said(4, "free memory 12"),
        said(5, "free memory 9"),
    ]
    write(path, lines[:2], lines[2:])
    assert check(path) == []
    with open_store(path) as store:
        rows = store.templates.all(order="common")
        assert [(row.how, row.action, row.outcome, row.text, row.lines) for row in rows] == [
            ("told", "ssh_login", "failure", "Failed password for root from <ip> port <num> ssh<n>", 2),
            ("mined", "", "", "free memory <num>", 2),
            ("told", "ssh_login", "success", "Failed password for root from <ip> port <num> ssh<n>", 1),
        ]
        assert (rows[0].first, rows[0].last) == (NOW + 1_000_000, NOW + 2_000_000)
        assert (rows[1].example, rows[1].newest) == (4, 5)
        assert store.templates.totals() == Totals(3, 5, 0)
        assert next(row.id for row in store.templates.all(order="rare")) == rows[2].id
        assert [row.id for row in store.templates.all(order="new", since=NOW + 4_000_000)] == [rows[1].id]
        with pytest.raises(UsageError, match="sorted by one of rare"):
            store.templates.all(order="x; DROP")


@pytest.mark.parametrize("fed", [0, 3, 1_000])
def test_from_an_event_to_its_template_and_back(path: Path, fed: int) -> None:
    write(path, many(40), fed=fed)
    with open_store(path) as store:
        for ident in (1, 17, 40):
            row = store.templates.of_event(ident)
            assert row is not None
            same = store.templates.events(row.id, limit=100)
            assert ident in same
            assert same == sorted(same, reverse=True)
            assert len(same) == row.lines
            query = parse(f"socterm.template:{row.id}")
            assert store.events.ids(query) == same
            assert store.events.count(query).value == row.lines
        assert (
            store.events.count_by("socterm.template", limit=1)[0][1]
            == store.templates.all(order="common")[0].lines
        )
        assert store.templates.of_event(99) is None
        assert store.templates.events(99) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cuts=st.lists(st.integers(1, 59), max_size=6), restarts=st.sets(st.integers(0, 6)))
def test_batches_and_restarts_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], restarts: set[int]
) -> None:
    folder, lines = tmp_path_factory.mktemp("cut"), many(60)
    write(folder / "whole.db", lines)
    ends = [0, *sorted(set(cuts)), 60]
    writer = Writer.open(folder / "cut.db", now=NOW)
    for number, (start, end) in enumerate(pairwise(ends)):
        if number in restarts:
            writer.close()
            writer = Writer.open(folder / "cut.db", now=NOW)
        writer.commit(batch(lines[start:end]))
    writer.close()
    assert of(folder / "cut.db") == of(folder / "whole.db")
    assert check(folder / "cut.db") == []


def test_a_batch_that_did_not_commit_taught_nothing(path: Path, tmp_path: Path) -> None:
    lines = many(200)
    write(tmp_path / "other.db", lines[:20], lines[20:])
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(lines[:20]))
    before = of(path)
    pages = writer._db.execute("PRAGMA page_count").fetchone()[0]
    writer._db.execute(f"PRAGMA max_page_count={pages + 1}")
    with pytest.raises(StoreFullError):
        writer.commit(batch(lines[20:]))
    assert of(path) == before
    writer._db.execute("PRAGMA max_page_count=100000")
    writer.commit(batch(lines[20:]))
    writer.feed_fts(1_000)
    writer.close()
    assert of(path) == of(tmp_path / "other.db")


def test_deleted_lines_are_still_counted_and_their_words_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socterm.store.keeping.retention.LEAST_KEPT", 0)
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(many(30)))
    writer.feed_fts(1_000)
    keeping = writer.retention(Terms(older=1))
    while keeping.step(NOW + 10**12):
        pass
    writer.commit(batch([said(31, "nothing to do")]))
    writer.feed_fts(1_000)
    writer._db.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)")
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert store.events.count().value == 1
        assert store.templates.totals().lines == 31
        row = store.templates.of_event(31)
        assert row is not None
        assert row.lines > 1
        assert store.templates.events(row.id) == [31]


def test_hostile_names_and_numbers_have_a_template_too(path: Path) -> None:
    odd = [
        event(1, message="half a letter \ud800 in \x00 it", process__name="p\ud800"),
        event(2, event__action=("a", "b"), event__code=10**30),
        event(3, event__action="x" * 10_000, event__outcome="\udfff"),
        Event(NOW, "other", 0, "{}", {"a\ud800b": 1, "c d": [[1], [2]]}, id=4),
        Event(NOW, "other", 1, "", {}, kind="pipeline_error", id=5),
    ]
    write(path, odd[:3], odd[3:])
    assert check(path) == []
    with open_store(path) as store:
        assert all(store.templates.of_event(ident) is not None for ident in range(1, 6))
        assert max(len(row.action) for row in store.templates.all()) == 64


def test_kinds_of_logons_are_told_apart(path: Path) -> None:
    told = {"event__action": "logged-in", "event__code": 4624, "event__dataset": "windows.security"}
    write(
        path, [event(1, LogonType=10, **told), event(2, LogonType=3, **told), event(3, LogonType=10, **told)]
    )
    with open_store(path) as store:
        assert [(row.code, row.lines) for row in store.templates.all(order="common")] == [
            ("4624/10", 2),
            ("4624/3", 1),
        ]


def test_what_an_earlier_version_stored_has_none(path: Path) -> None:
    write(path, [login(1)])
    db = sqlite3.connect(path)
    db.execute("UPDATE kinds SET template = NULL")
    db.execute("DELETE FROM templates")
    db.execute("UPDATE meta SET value = 0 WHERE key = 'fts_done'")
    db.execute("INSERT INTO events_fts (events_fts) VALUES ('delete-all')")
    db.commit()
    db.close()
    write(path, [login(2)])
    assert check(path) == []
    with open_store(path) as store:
        assert store.templates.of_event(1) is None
        assert store.templates.of_event(2) is not None
        assert store.events.get([1])[0].fields == store.events.get([2])[0].fields | {
            "process.pid": 1, "message": store.events.get([1])[0].message,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        (
            "UPDATE templates SET lines = lines + 1 WHERE id = 1",
            "template 1: counts 2 lines, but 1 are stored",
        ),
        ("UPDATE templates SET lines = 0 WHERE id = 1", "template 1: counts 0 lines, but 1 are stored"),
        ("DELETE FROM templates", "kinds: 1 name a template that does not exist"),
    ],
)
def test_check_counts_them_anew(path: Path, sql: str, problem: str) -> None:
    write(path, [login(1)])
    db = sqlite3.connect(path)
    db.execute(sql)
    db.commit()
    db.close()
    assert check(path) == [problem]


def test_sql_may_ask_for_them(path: Path) -> None:
    write(path, [login(1), login(2)])
    with open_store(path) as store:
        sql = (
            "SELECT t.action, t.lines, e.id FROM templates t JOIN events e ON e.template = t.id ORDER BY e.id"
        )
        assert store.sql.ask(sql).rows == [("ssh_login", 2, 1), ("ssh_login", 2, 2)]


def vectors_of(store: Store) -> dict[int, bytes]:
    return store.templates.vectors("m")


def test_a_vector_is_of_the_text_as_it_is(path: Path) -> None:
    write(path, [said(1, "user ann opened door 1"), login(2)])
    with open_store(path) as store:
        text = store.templates.get([1])[0].text
        store.templates.keep_vectors("m", {1: (text, b"abcd"), 2: ("another text", b"efgh")})
        assert vectors_of(store) == {1: b"abcd"}
        write(path, [said(3, "user bob opened door 2")])
        assert store.templates.get([1])[0].text == "user <*> opened door <num>"
        assert vectors_of(store) == {}
    with open_store(path, readonly=True) as store:
        store.templates.keep_vectors("m", {1: ("user <*> opened door <num>", b"abcd")})
        assert vectors_of(store) == {}
