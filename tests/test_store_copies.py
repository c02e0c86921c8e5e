"""Backups of a store that is being written, and putting one back; vacuum, retention and facts on demand."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from socterm.errors import StoreBusyError, StoreError, UsageError
from socterm.store import check, open_store
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import DAY, Terms
from socterm.store.keeping.space import can_give_back
from socterm.store.upkeep import care
from socterm.store.upkeep.backup import backup, restore
from socterm.store.upkeep.canonical import canonical
from socterm.store.upkeep.describe import describe

from store_samples import NOW, alerted, batch, episode, login
from test_store_migrations import first_version


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm"))}


# -- backup -------------------------------------------------------------------------------


def test_a_backup_is_the_store_of_one_moment_while_ingest_goes_on(path: Path, tmp_path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(number) for number in range(1, 3001)]))
    before = list(canonical(path))
    heard: list[tuple[int, int]] = []

    def told(done: int, whole: int) -> None:
        heard.append((done, whole))
        if len(heard) == 1:
            writer.commit(batch([login(number) for number in range(3001, 3101)]))

    copy = tmp_path / "copy.db"
    size = backup(path, copy, now=NOW, told=told)
    copied = [pair for pair in heard if pair[1]]
    assert copied[-1][0] == copied[-1][1]
    assert size == copy.stat().st_size
    assert list(canonical(copy)) == before
    assert names(tmp_path) == {"store.db", "copy.db"}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    writer.close()
    assert describe(path, now=NOW).events == 3100


def test_nobody_holds_the_lease_of_a_copy(path: Path, tmp_path: Path) -> None:
    writer = alerted(path, 1)
    backup(path, tmp_path / "copy.db", now=NOW)
    Writer.open(tmp_path / "copy.db", now=NOW).close()
    writer.close()


def test_a_newer_backup_takes_the_place_of_an_older_one(path: Path, tmp_path: Path) -> None:
    writer = alerted(path, 1)
    copy = tmp_path / "copy.db"
    backup(path, copy, now=NOW)
    writer.commit(batch([login(4)]))
    writer.close()
    backup(path, copy, now=NOW)
    assert describe(copy, now=NOW).events == 4


def test_a_file_that_is_no_store_is_not_replaced(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    (tmp_path / "letter.txt").write_text("Dear all,")
    (tmp_path / "folder").mkdir()
    for name, why in (
        ("letter.txt", "no store"),
        ("folder", "is a folder"),
        ("store.db", "the store itself"),
    ):
        with pytest.raises(UsageError, match=why):
            backup(path, tmp_path / name, now=NOW)
    with pytest.raises(UsageError, match="no such folder"):
        backup(path, tmp_path / "nowhere" / "copy.db", now=NOW)
    assert (tmp_path / "letter.txt").read_text() == "Dear all,"


def test_what_is_not_sound_gets_no_name(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE alerts SET count = 99")
    with pytest.raises(StoreError, match=r"not sound.*counts 99"):
        backup(path, tmp_path / "copy.db", now=NOW)
    assert names(tmp_path) == {"store.db"}
    backup(path, tmp_path / "copy.db", now=NOW, thorough=False)
    assert names(tmp_path) == {"store.db", "copy.db"}


def test_the_log_of_a_former_copy_is_not_taken_for_that_of_the_new_one(path: Path, tmp_path: Path) -> None:
    writer = alerted(path, 1)
    copy = tmp_path / "copy.db"
    backup(path, copy, now=NOW)
    open_store(copy).close()  # which makes it one that has a log
    with open_store(copy) as store:
        store.triage.decide([1], "acknowledge", actor="ann", now=NOW)
        log = (tmp_path / "copy.db-wal").read_bytes()
    (tmp_path / "copy.db-wal").write_bytes(log)
    backup(path, copy, now=NOW)
    assert list(canonical(copy)) == list(canonical(path))
    writer.close()


def test_a_log_that_is_left_of_a_store_that_is_gone_is_told(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    (tmp_path / "copy.db-shm").write_bytes(b"x" * 100)  # of one that was only read: means nothing
    (tmp_path / "copy.db-wal").write_bytes(b"x" * 100)
    with pytest.raises(UsageError, match=r"copy\.db-wal is left of a store"):
        backup(path, tmp_path / "copy.db", now=NOW)
    (tmp_path / "copy.db-wal").write_bytes(b"")
    backup(path, tmp_path / "copy.db", now=NOW)
    assert list(canonical(tmp_path / "copy.db")) == list(canonical(path))


def test_a_copy_that_somebody_looks_at_and_another_store_are_not_replaced(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    copy, other = tmp_path / "copy.db", tmp_path / "other.db"
    backup(path, copy, now=NOW)
    with open_store(copy) as store:
        store.events.page()
        with pytest.raises(StoreBusyError, match="open in another process"):
            backup(path, copy, now=NOW)
    Writer.open(other, now=NOW + DAY).close()
    before = list(canonical(other))
    with pytest.raises(UsageError, match="is another store"):
        backup(path, other, now=NOW)
    assert list(canonical(other)) == before
    (tmp_path / "empty.db").touch()
    backup(path, tmp_path / "empty.db", now=NOW)
    assert list(canonical(tmp_path / "empty.db")) == list(canonical(path))


def test_a_link_to_a_copy_stays_one(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    (tmp_path / "disk").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "disk" / "copy.db")
    for _ in range(2):
        backup(path, tmp_path / "link.db", now=NOW)
        assert names(tmp_path) == {"store.db", "link.db", "disk"}
        assert names(tmp_path / "disk") == {"copy.db"}


# -- restore ------------------------------------------------------------------------------


def test_a_copy_comes_back_and_the_former_store_is_kept(path: Path, tmp_path: Path) -> None:
    writer = alerted(path, 1)
    copy = tmp_path / "copy.db"
    backup(path, copy, now=NOW)
    kept = list(canonical(path))
    writer.commit(batch([login(4), login(5)]))
    writer.close()
    former = list(canonical(path))
    aside = restore(copy, path, now=NOW)
    assert aside is not None
    assert list(canonical(path)) == kept
    assert list(canonical(aside)) == former
    assert check(path) == []
    writer = Writer.open(path, now=NOW)
    assert writer.next_event_id == 4
    writer.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_store_in_use_is_not_replaced(path: Path, tmp_path: Path) -> None:
    writer = alerted(path, 1)
    copy = tmp_path / "copy.db"
    backup(path, copy, now=NOW)
    with pytest.raises(StoreBusyError, match="ingests into"):
        restore(copy, path, now=NOW)
    writer.close()
    with open_store(path, readonly=True) as store:
        store.events.page()
        with pytest.raises(StoreBusyError, match="open in another process"):
            restore(copy, path, now=NOW)
    assert names(tmp_path) == {"store.db", "copy.db"}
    restore(copy, path, now=NOW)
    assert check(path) == []


def test_a_copy_is_restored_where_there_was_no_store(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    new = tmp_path / "there" / "store.db"
    assert restore(path, new, now=NOW) is None
    assert list(canonical(new)) == list(canonical(path))


def test_a_damaged_store_is_replaced_and_kept(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    copy = tmp_path / "copy.db"
    backup(path, copy, now=NOW)
    path.write_bytes(b"not a database" * 1000)
    aside = restore(copy, path, now=NOW)
    assert aside is not None
    assert aside.read_bytes().startswith(b"not a database")
    assert check(path) == []


def test_a_log_left_of_a_store_that_is_gone_is_not_taken_for_that_of_the_copy(
    path: Path, tmp_path: Path
) -> None:
    writer = alerted(path, 1)
    copy = tmp_path / "copy.db"
    backup(path, copy, now=NOW)
    writer.commit(batch([login(4), login(5)]))
    log = (tmp_path / "store.db-wal").read_bytes()
    writer.close()
    path.unlink()
    (tmp_path / "store.db-wal").write_bytes(log)
    assert restore(copy, path, now=NOW) is None
    assert list(canonical(path)) == list(canonical(copy))
    assert [file.read_bytes() for file in tmp_path.glob("store.db.before-*-wal")] == [log]


def test_a_link_to_a_store_stays_one(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    copy, link = tmp_path / "copy.db", tmp_path / "link.db"
    backup(path, copy, now=NOW)
    link.symlink_to(path)
    aside = restore(copy, link, now=NOW)
    assert aside is not None
    assert aside.name.startswith("store.db.before-")
    assert link.resolve() == path
    assert names(tmp_path) == {"store.db", "copy.db", "link.db", aside.name}
    assert check(link) == []


def test_a_copy_of_an_earlier_version_stays_as_it_is(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    first_version(copy)
    before = copy.read_bytes()
    restore(copy, path, now=NOW, thorough=False)
    assert copy.read_bytes() == before
    with open_store(path, readonly=True) as store:
        assert [row.raw for row in store.events.page().rows] == ["a line"]


def test_a_copy_that_is_not_sound_is_refused(path: Path, tmp_path: Path) -> None:
    alerted(path, 1).close()
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE alerts SET count = 99")
    with pytest.raises(StoreError, match="not sound"):
        restore(copy, path, now=NOW)
    with pytest.raises(UsageError, match="the store itself"):
        restore(path, path, now=NOW)
    (tmp_path / "text").write_text("x" * 5000)
    with pytest.raises(StoreError, match="not a socterm store"):
        restore(tmp_path / "text", path, now=NOW)
    assert check(path) == []


# -- on demand ----------------------------------------------------------------------------


def test_retention_on_demand_runs_beside_an_ingest(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    events = [login(number) for number in range(1, 101)]
    writer.commit(batch(events, [episode(1, events[:3], alert=1, settled=True)]))
    terms = Terms(older=30 * DAY)
    assert care.plan(path, terms, now=NOW + 40 * DAY).too_old == 97
    done = care.retain(path, terms, now=NOW + 40 * DAY)
    assert done.gone == 97
    assert describe(path, now=NOW).retention == {}  # asked for once, and no term of the store
    writer.commit(batch([login(101)]))
    writer.close()
    assert check(path) == []
    assert describe(path, now=NOW).events == 4


def test_what_a_size_would_cost_is_estimated(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(number) for number in range(1, 5001)]))
    writer.close()
    size = describe(path, now=NOW).bytes
    found = care.plan(path, Terms(max_size=size // 2), now=NOW)
    assert 2000 < found.for_size < 3500
    assert care.plan(path, Terms(max_size=size * 2), now=NOW).for_size == 0


def test_an_old_store_gives_pages_back_after_a_vacuum(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(number) for number in range(1, 8001)]))
    writer.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA auto_vacuum=NONE")
    db.execute("VACUUM")
    assert not can_give_back(db)
    db.close()
    care.retain(path, Terms(older=30 * DAY), now=NOW + 40 * DAY)
    assert describe(path, now=NOW).free_pages > 50
    done = care.vacuum(path, now=NOW)
    assert done.after < done.before // 2
    facts = describe(path, now=NOW)
    assert (facts.shrinks, facts.free_pages, facts.bytes) == (True, 0, done.after)
    assert check(path) == []


def test_rewriting_a_store_that_is_ingested_into_is_refused(path: Path) -> None:
    writer = alerted(path, 1)
    with pytest.raises(StoreBusyError, match="stop it, then run socterm db vacuum"):
        care.vacuum(path, now=NOW, full=True)
    care.vacuum(path, now=NOW)
    writer.close()
    care.vacuum(path, now=NOW, full=True)
    assert check(path) == []


def test_the_facts_of_a_store(path: Path) -> None:
    writer = alerted(path, 1, 2)
    writer.retention(Terms(older=30 * DAY)).step(NOW)
    facts = describe(path, now=NOW)
    assert (facts.events, facts.evidence, facts.unindexed, facts.let_go) == (6, 6, 6, 0)
    assert (facts.alerts, facts.open_alerts, facts.released) == ({"new": 2}, 2, 0)
    assert facts.oldest == NOW + 1_000_000
    assert facts.sources == 1
    assert facts.retention["older"] == 30 * DAY
    assert facts.ingest.startswith("process ")
    writer.retention(Terms()).step(NOW)
    assert describe(path, now=NOW).retention == {}  # another ingest, without terms
    writer.close()
    assert describe(path, now=NOW).ingest == ""
