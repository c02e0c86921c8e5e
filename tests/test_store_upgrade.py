"""A store of an earlier version is kept as it was before it is upgraded."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from socterm.errors import StoreBusyError, StoreError, StoreFullError
from socterm.store import lease, open_store
from socterm.store.ingest.writer import Writer
from socterm.store.migrations import MIGRATIONS
from socterm.store.schema import applied, migrate
from socterm.store.upgrade import SPARE, copy_of, keeping
from socterm.store.upkeep.backup import restore
from tests.e2e.road import SOCTERM, environment

from store_samples import NOW
from test_store_migrations import first_version

FIRST, NEWEST = "m001_initial", MIGRATIONS[-1].__name__


@pytest.fixture
def path(tmp_path: Path) -> Path:
    first_version(tmp_path / "old.db")
    return tmp_path / "old.db"


def schema_of(path: Path) -> list[str]:
    db = sqlite3.connect(path)
    try:
        return applied(db)
    finally:
        db.close()


def rows(path: Path) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT id, ts, raw, user FROM events").fetchall()
    finally:
        db.close()


def kept(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(("backup", ".part")))


@pytest.mark.parametrize("how", ["ingest", "reading", "deciding"])
def test_the_former_store_stays_beside_the_new_one(path: Path, how: str) -> None:
    said: list[str] = []
    if how == "ingest":
        Writer.open(path, now=NOW, say=said.append).close()
    else:
        open_store(path, readonly=how == "reading", say=said.append).close()
    copy = copy_of(path, FIRST)
    assert schema_of(path)[-1] == NEWEST
    assert schema_of(copy) == [FIRST]
    assert rows(copy) == [(1, 7, "a line", "Ann")]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert len(said) == 1
    assert f"from schema {FIRST} to {NEWEST}" in said[0]
    assert str(copy) in said[0]


def test_a_new_store_and_one_of_now_are_not_copied(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        Writer.open(tmp_path / "new.db", now=NOW, say=said.append).close()
        open_store(tmp_path / "new.db", say=said.append).close()
    assert said == []
    assert kept(tmp_path) == []


def test_one_copy_for_each_schema(path: Path, tmp_path: Path) -> None:
    copy = copy_of(path, FIRST)
    Writer.open(path, now=NOW).close()
    shutil.copy(copy, path)  # back to the former one, which goes on, and is upgraded again
    for beside in ("-wal", "-shm"):
        path.with_name(path.name + beside).unlink(missing_ok=True)
    db = sqlite3.connect(path)
    db.execute("UPDATE events SET raw = 'written since'")
    db.commit()
    db.close()
    Writer.open(path, now=NOW).close()
    assert rows(copy)[0][2] == "written since"
    assert kept(tmp_path) == [copy.name]


def test_what_ingest_has_not_checkpointed_is_in_the_copy(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("UPDATE events SET raw = 'in the log'")
    db.commit()
    open_store(path).close()
    db.close()
    assert rows(copy_of(path, FIRST))[0][2] == "in the log"


def test_nobody_writes_between_the_copy_and_the_upgrade(path: Path) -> None:
    """What another process would store meanwhile would be in the new store alone."""
    db = sqlite3.connect(path, isolation_level=None)
    other = sqlite3.connect(path, timeout=0)
    refused: list[str] = []

    def before(schema: str, wanted: str) -> None:
        assert (schema, wanted) == (FIRST, NEWEST)
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute("UPDATE events SET raw = 'lost'")
        refused.append(str(busy.value))

    migrate(db, NOW, before)
    assert refused == ["database is locked"]
    other.close()
    db.close()


def ingested(path: Path, holder: lease.Holder, heartbeat: int) -> None:
    """Have a process of the former version ingest into a store."""
    db = sqlite3.connect(path)
    row = ("its token", holder.boot, holder.pid, holder.start, holder.host, heartbeat, heartbeat)
    db.execute("INSERT INTO lease VALUES (1, ?, ?, ?, ?, ?, ?, ?)", row)
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "opened",
    [lambda path, now: Writer.open(path, now=now), lambda path, _: open_store(path, readonly=True),
     lambda path, _: open_store(path)],
    ids=["ingest", "reading", "deciding"],
)  # fmt: skip
def test_a_store_that_a_former_version_ingests_into_is_not_upgraded_under_its_feet(
    path: Path, opened: Callable[[Path, int], object]
) -> None:
    """It would go on in a store that it does not know, and the copy would lack what it writes."""
    now = time.time_ns() // 1000
    ingested(path, lease.this_process(), now)
    with pytest.raises(StoreBusyError, match=f"process {os.getpid()} on .* stop it first") as busy:
        opened(path, now)
    assert busy.value.exit_code == 3
    assert schema_of(path) == [FIRST]
    assert kept(path.parent) == []


def test_a_former_version_that_died_holds_nobody_up(path: Path) -> None:
    ingested(path, msgspec.structs.replace(lease.this_process(), start="before"), time.time_ns() // 1000)
    open_store(path).close()
    assert schema_of(path)[-1] == NEWEST


def test_something_else_under_the_copys_name_stays(path: Path) -> None:
    copy = copy_of(path, FIRST)
    copy.write_text("a letter")
    with pytest.raises(StoreError, match="move it away"):
        open_store(path)
    assert copy.read_text() == "a letter"
    assert schema_of(path) == [FIRST]


def test_the_copy_of_another_store_stays(path: Path, tmp_path: Path) -> None:
    copy = copy_of(path, FIRST)
    Writer.open(copy, now=NOW).close()
    with pytest.raises(StoreError, match="move it away"):
        open_store(path)
    assert schema_of(copy)[-1] == NEWEST


def test_without_room_nothing_is_changed(path: Path) -> None:
    """A file as big as all that is free: it has holes, so that it takes no room itself."""
    os.truncate(path, shutil.disk_usage(path.parent).free - SPARE + (64 << 20))
    before = path.stat().st_mtime_ns
    with pytest.raises(StoreFullError, match=r"no room in .* nothing was changed") as full:
        keeping(path)(FIRST, NEWEST)
    assert full.value.exit_code == 3
    assert kept(path.parent) == []
    assert path.stat().st_mtime_ns == before


def test_what_a_killed_try_left_takes_no_room(path: Path) -> None:
    """A copy that was killed on its way must not keep the next one from being made."""
    left = path.parent / f".{copy_of(path, FIRST).name}.x7.part"
    left.mkdir()
    (left / "half").write_bytes(b"x")
    os.truncate(path, shutil.disk_usage(path.parent).free - SPARE + (64 << 20))
    with pytest.raises(StoreFullError):
        keeping(path)(FIRST, NEWEST)
    assert kept(path.parent) == []


def test_restoring_a_copy_of_an_earlier_version_makes_no_second_one(path: Path, tmp_path: Path) -> None:
    Writer.open(path, now=NOW).close()
    copy = copy_of(path, FIRST)
    restore(copy, tmp_path / "again.db", now=NOW, thorough=False)
    assert schema_of(copy) == [FIRST]
    assert kept(tmp_path) == [copy.name]


def test_the_command_line_says_it_in_one_line(path: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*SOCTERM, "sources", "list", "--db", str(path)],
        env=environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "a.log" in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"socterm: {path} is upgraded from schema {FIRST} to {NEWEST}; as it was it is kept"
    )


@pytest.mark.parametrize(
    "arguments", [["run", "--tail", "nothing.log"], ["alerts", "list"], ["db", "info"], ["db", "check"]]
)
def test_a_store_of_a_newer_socterm_is_refused(arguments: list[str], tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    Writer.open(path, now=NOW).close()
    db = sqlite3.connect(path)
    db.execute("INSERT INTO migrations VALUES (9999, 'm9999_later', 0)")
    db.commit()
    db.close()
    done = subprocess.run(
        [*SOCTERM, *arguments, "--db", str(path)],
        env=environment(tmp_path), capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3
    assert "newer socterm (schema m9999_later)" in done.stderr
    assert kept(tmp_path) == []
