"""A store of an earlier version goes on under this one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from socterm.event import Event
from socterm.query import parse
from socterm.store import open_store
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer
from socterm.store.migrations import MIGRATIONS
from socterm.store.migrations.m001_initial import m001_initial
from socterm.store.schema import applied
from socterm.store.upkeep.canonical import canonical

NOW = 1_795_168_800_000_000


def first_version(path: Path) -> None:
    """A file as the first version left it."""
    db = sqlite3.connect(path)
    db.execute(
        "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, applied INTEGER)"
    )
    m001_initial(db)
    db.execute("ALTER TABLE kinds DROP COLUMN dataset")
    db.execute("INSERT INTO migrations VALUES (1, 'm001_initial', 0)")
    db.execute("INSERT INTO sources (name, position, lines, decoded) VALUES ('a.log', 5, 5, 4)")
    db.execute("INSERT INTO kinds (id, process, action) VALUES (1, 'sshd', 'ssh_login')")
    db.execute(
        "INSERT INTO events (id, ts, source, position, repeat, flags, kind, raw) "
        "VALUES (1, 7, 1, 0, 1, 0, 1, 'a line')"
    )
    db.execute("UPDATE events SET source_ip = '192.0.2.7', user = 'Ann' WHERE id = 1")
    db.execute("INSERT INTO events_fts (rowid, raw) SELECT id, raw FROM events")
    db.execute("INSERT INTO meta VALUES ('fts_done', 1)")
    db.commit()
    db.close()


def test_the_first_versions_store_is_read_and_written_on(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    first_version(path)
    writer = Writer.open(path, now=NOW)
    state = writer.load_state().sources[0]
    assert (state.name, state.position, state.formats, state.samples) == ("a.log", 5, {}, [])
    event = Event(8, "a.log", 5, "b line", {"event.dataset": "sshd"}, id=writer.next_event_id)
    writer.commit(
        Batch([event], sources=[SourceState("a.log", 6, formats={"sshd": 1}, samples=[1])], now=NOW)
    )
    writer.close()
    store = open_store(path)
    found = store.events.page().rows
    assert [(row.raw, row.fields.get("event.dataset")) for row in found] == [
        ("b line", "sshd"),
        ("a line", None),
    ]
    assert found[1].fields["process.name"] == "sshd"
    source = store.triage.sources()[0]
    assert (source.formats, source.samples) == ({"sshd": 1}, (1,))
    store.close()
    assert len(list(canonical(path))) == 3


def test_every_migration_is_on_record(tmp_path: Path) -> None:
    Writer.open(tmp_path / "new.db", now=NOW).close()
    db = sqlite3.connect(tmp_path / "new.db")
    assert applied(db) == [step.__name__ for step in MIGRATIONS]
    db.close()


def test_reading_the_first_versions_store_brings_it_up_first(tmp_path: Path) -> None:
    first_version(tmp_path / "old.db")
    store = open_store(tmp_path / "old.db", readonly=True)
    assert [row.name for row in store.triage.sources()] == ["a.log"]
    store.close()


def test_what_the_first_version_had_indexed_is_found_before_and_after_it_is_indexed_anew(
    tmp_path: Path,
) -> None:
    first_version(tmp_path / "old.db")
    writer = Writer.open(tmp_path / "old.db", now=NOW)
    assert writer.unfed() == 1
    store = open_store(tmp_path / "old.db")
    for fed in (0, 1):
        assert writer.feed_fts(fed) == fed
        for text in ("source.ip:192.0.2.7", "user.name:ann", "line"):
            assert store.events.ids(parse(text, now=NOW)) == [1]
    assert writer.unfed() == 0
    store.close()
    writer.close()
