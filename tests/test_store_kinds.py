"""What lines have in common is stored once, and nobody can tell from reading."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from socterm.errors import StoreFullError
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.query import parse
from socterm.store import check, codec, open_store
from socterm.store.connection import connect
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.canonical import canonical
from socterm.taxonomy.logsources import logsources_of

from store_samples import NOW, batch, event, login


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def kinds(path: Path) -> int:
    return int(connect(path, readonly=True).execute("SELECT count(*) FROM kinds").fetchone()[0])


def test_fields_that_come_often_are_stored_once_and_read_and_asked_like_others(path: Path) -> None:
    events = [login(number, ssh__method="password", ssh__root=True) for number in range(1, 41)]
    events += [login(number, ssh__method=f"key {number}") for number in range(41, 51)]
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events))
    writer.close()
    assert check(path) == []
    assert kinds(path) == 2
    with open_store(path) as store:
        found = store.events.page(parse("ssh.method:password process:SSHD action:ssh_login"), limit=50).rows
        assert [row.id for row in found] == list(range(40, 0, -1))
        assert all(row.fields == events[row.id - 1].fields for row in store.events.page(limit=50).rows)
        assert store.events.count(parse("NOT ssh.method:password")).value == 10
        assert store.events.count_by("ssh.method")[0] == ("password", 40)
        assert store.events.count_by("process.name") == [("sshd", 50)]
        assert store.events.count_by("event.category") == [("authentication", 50)]


def said(number: int, raw: str, message: str) -> Event:
    """A line of a program that is only known by its words."""
    fields = {"event.dataset": "json", "logger": "auth", "message": message}
    return Event(NOW, "log", number - 1, raw, fields, logsources_of("json"), id=number)


def test_a_message_inside_its_line_is_never_that_of_another_line(path: Path) -> None:
    events = [said(n, '{"logger": "auth", "msg": "request 1 done"}', "request 1 done") for n in range(1, 31)]
    events += [said(n, f"auth: request {n} done", f"request {n} done") for n in range(31, 61)]
    events += [said(n, f'{{"msg": "request {n} done"}}', f"request {n} done") for n in range(61, 91)]
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events[:20]))
    writer.commit(batch(events[20:]))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        rows = store.events.page(limit=90).rows
        assert [row.fields for row in reversed(rows)] == [event.fields for event in events]
        assert store.events.count(parse('message:"request 1 done"')).value == 30
        assert store.events.count(parse('message:"request 45 done"')).value == 1
        assert store.events.count(parse('message:"request 75 done"')).value == 1


def test_lines_of_json_take_the_short_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careful(*_: object) -> None:
        raise AssertionError("the careful way costs twice as much as all the others together")

    monkeypatch.setattr(codec, "_careful", careful)
    lines = [
        b'{"time": "2026-11-20T10:00:00Z", "level": "info", "msg": "request %d done", "user": "ann"}' % n
        for n in range(30)
    ]
    events = Decoder("log").decode(Chunk("log", 0, lines, {}, NOW))
    for number, one in enumerate(events, 1):
        one.id = number
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events))
    writer.close()
    with open_store(path) as store:
        rows = store.events.page(limit=30).rows
    assert [row.fields for row in reversed(rows)] == [one.fields for one in events]


def test_values_that_look_alike_stay_apart(path: Path) -> None:
    events = [login(number, ssh__root=(True, 1, 1.0)[number % 3]) for number in range(1, 61)]
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events))
    writer.close()
    with open_store(path) as store:
        for row in store.events.page(limit=60).rows:
            assert type(row.fields["ssh.root"]) is type(events[row.id - 1].fields["ssh.root"])


def test_kinds_are_known_again_after_a_restart(path: Path) -> None:
    for start in (1, 21, 41):
        writer = Writer.open(path, now=NOW)
        writer.commit(batch([login(number, ssh__method="password") for number in range(start, start + 20)]))
        writer.close()
    assert check(path) == []
    assert kinds(path) == 2


def test_what_a_failed_commit_would_have_added_is_added_by_the_next(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([event(1)]))
    before = list(canonical(path))
    pages = writer._db.execute("PRAGMA page_count").fetchone()[0]
    writer._db.execute(f"PRAGMA max_page_count={pages + 2}")
    new = [login(number, process__name="dropbear", note="x" * 900) for number in range(2, 200)]
    with pytest.raises(StoreFullError):
        writer.commit(batch(new))
    assert list(canonical(path)) == before
    writer._db.execute("PRAGMA max_page_count=100000")
    writer.commit(batch([login(2, process__name="sshd-session")]))
    writer.commit(batch(new[1:]))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert store.events.count_by("process.name") == [("dropbear", 197), ("sshd", 1), ("sshd-session", 1)]


def test_a_kind_that_sqlite_cannot_hold_as_it_is_comes_back_exactly(path: Path) -> None:
    events = [login(1, process__name="a\udcffb"), login(2), login(3, event__outcome=10**30)]
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert [row.fields for row in store.events.get([1, 2, 3])] == [one.fields for one in events]


def test_ever_new_kinds_do_not_pile_up_in_memory(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    for start in range(1, 20_001, 2_000):
        names = range(start, start + 2_000)
        writer.commit(batch([event(n, process__name=f"p{n}") for n in names]))
    assert len(writer._kinds.ids) <= 8192
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert store.events.count(parse("process:p19999")).value == 1


LONG = "x" * 100_000
"""Whoever writes a log decides how long its values are."""


@pytest.mark.parametrize(
    "told",
    [
        lambda number: {"ssh__method": f"{number}{LONG}"},
        lambda number: {"process__name": f"{number}{LONG}"},
        lambda number: {f"json__{number}{LONG}": 1},
    ],
    ids=["a value", "a value of a column", "a name"],
)
def test_what_is_remembered_of_long_values_has_a_bound(
    path: Path, told: Callable[[int], dict[str, Any]]
) -> None:
    writer = Writer.open(path, now=NOW)
    tracemalloc.start()
    try:
        for first in range(1, 481, 40):
            writer.commit(batch([login(number, **told(number)) for number in range(first, first + 40)]))
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    writer.close()
    assert held < 28 << 20  # of 46 MiB
    assert check(path) == []
    with open_store(path) as store:
        [row] = store.events.get([480])
        said = {name.replace("__", "."): value for name, value in told(480).items()}
        assert said.items() <= row.fields.items()
