"""Closing a store while others read it: their calls fail, and the process lives on."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from itertools import count
from pathlib import Path

import pytest
from socterm.errors import QueryCancelledError, StoreError
from socterm.query import parse
from socterm.store import Store, open_store
from socterm.store.connections import Connections
from socterm.store.ingest.writer import Writer

from store_samples import NOW, batch, login

READERS = 4
SLOW = parse("message:/(a|aa)+(b|bb)+c/", now=NOW)
"""Nothing in the index helps with it: every event is read."""


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(number, message="aaaabbbb" * 20) for number in range(1, 2_001)]))
    writer.close()
    return path


def opened() -> list[str]:
    """The files that this process has open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(entry.readlink()))
    return found


def reading(store: Store, begun: threading.Barrier, ended: list[Exception]) -> None:
    begun.wait()
    try:
        while True:
            store.events.ids(SLOW)
    except Exception as error:  # noqa: BLE001 - which it is, the test looks at
        ended.append(error)


def test_who_reads_meanwhile_is_told_so(path: Path) -> None:
    for _ in range(10):
        store, ended = open_store(path), list[Exception]()
        begun = threading.Barrier(READERS + 1)
        threads = [threading.Thread(target=reading, args=(store, begun, ended)) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        begun.wait()
        store.events.ids(None)
        store.close()
        for thread in threads:
            thread.join(60)
        assert {type(error) for error in ended} <= {StoreError, QueryCancelledError}, ended
        assert len(ended) == READERS


def test_a_thread_that_waits_finds_it_closed(path: Path) -> None:
    store, ended = open_store(path), list[Exception]()
    may, has = threading.Event(), threading.Event()

    def wait() -> None:
        store.events.ids(None)
        has.set()
        may.wait()
        try:
            store.events.ids(None)
        except StoreError as error:
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    has.wait()
    store.close()
    may.set()
    thread.join(60)
    assert [str(error) for error in ended] == ["the store is closed"]
    assert not [name for name in opened() if name.startswith(str(path))]


def asked_and_interrupted(path: Path, times: int) -> str:
    """What a first look at a full-text table ends with, interrupted when SQLite asks whether it may."""
    connections, left = Connections(path, readonly=True), count(times, -1)

    def may(*_: object) -> int:
        if not next(left):
            connections.interrupt()
        return sqlite3.SQLITE_OK

    try:
        with connections.snapshot() as db:
            db.set_authorizer(may)
            db.execute("SELECT rowid FROM events_fts WHERE events_fts MATCH 'aaaabbbb'").fetchall()
    except (QueryCancelledError, sqlite3.Error) as error:
        return str(error)
    else:
        return ""
    finally:
        with connections.snapshot() as db:
            db.set_authorizer(None)
            assert db.execute("SELECT count(*) FROM events_fts").fetchone() == (2_000,)
        connections.close()


def test_interrupted_is_cancelled_whatever_sqlite_was_about(path: Path) -> None:
    """It reads the settings of the table first: interrupted in that, it "cannot be constructed"."""
    ends = [asked_and_interrupted(path, times) for times in range(40)]
    assert set(ends) == {"", "the query was cancelled"}
