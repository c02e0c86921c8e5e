"""Retention and copies with real processes: killed at any moment, on a full disk, beside an ingest."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from benchmarks.data import quiet_lines, write_lines
from socterm.store.ingest.writer import Writer
from tests.e2e.road import (
    SOCTERM,
    canonical,
    lines_listed,
    lines_stored,
    running,
    socterm,
    start,
    stop,
    until,
)

pytestmark = pytest.mark.e2e

LINES = 150_000
LIMIT = 16 << 20
KILLS = 15


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all: the source's name is in the dump, so every run must read the same path."""
    return tmp_path_factory.mktemp("retention")


@pytest.fixture(scope="module")
def log(place: Path) -> Path:
    return write_lines(place / "auth.log", LINES, quiet_lines(1))


@pytest.fixture(scope="module")
def whole(place: Path, log: Path) -> list[str]:
    """What an undisturbed ingest without limits leaves behind."""
    db = place / "whole.db"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=place)
    return canonical(db, place)


def limited(place: Path, **terms: str) -> Path:
    """A configuration with these terms."""
    path = place / f"{'-'.join(terms)}.toml"
    lines = [f'{name} = "{value}"' for name, value in terms.items()]
    path.write_text("\n".join(["[retention]", *lines]) + "\n")
    return path


def parted(dump: list[str]) -> tuple[list[str], dict[tuple[str, int], str], list[str]]:
    """(sources, events by source and position, alerts) of a canonical dump."""
    sources = [line for line in dump if '"source":' in line and '"event":' not in line]
    events = {}
    alerts = []
    for line in dump:
        record = json.loads(line)
        if "event" in record:
            events[record["event"][0], record["event"][1]] = line
        elif "alert" in record:
            alerts.append(line)
    return sources, events, alerts


def written(db: Path) -> int:
    return max((p.stat().st_mtime_ns for p in db.parent.glob(db.name + "*") if p.exists()), default=0)


def test_killed_at_any_moment_what_is_kept_is_exact(place: Path, log: Path, whole: list[str]) -> None:
    """Fifteen kills while lines come in and others go: alerts as ever, no cited line lost, all counted."""
    config, db = limited(place, max_size="16M"), place / "killed.db"
    rng = random.Random(15)
    for number in range(KILLS):
        process = start(
            "--tail", log, "--from-start", "--batch", "300", "--db", db, "--config", config, home=place
        )
        before = written(db)
        until(lambda p=process, b=before: written(db) > b or p.poll() is not None, "progress")
        time.sleep(rng.uniform(0.0, 0.8 if number % 3 else 2.0))
        process.kill()
        process.communicate()
        assert "ok" in socterm("db", "check", "--db", db, home=place)
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, "--config", config, home=place)
    assert "ok" in socterm("db", "check", "--db", db, home=place)
    found, expected = parted(canonical(db, place)), parted(whole)
    assert found[2] == expected[2]
    assert found[0] == expected[0]
    assert found[1].items() <= expected[1].items()
    cited = {tuple(key) for line in expected[2] for key in json.loads(line)["evidence"]}
    assert cited <= found[1].keys()
    facts = json.loads(socterm("db", "info", "--json", "--db", db, home=place))
    assert facts["let_go"] > 0
    assert facts["events"] + facts["let_go"] == LINES
    assert facts["bytes"] <= LIMIT * 1.1


def test_by_age_the_same_is_kept_however_often_it_was_killed(place: Path, log: Path) -> None:
    undisturbed, killed = place / "one.db", place / "two.db"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", undisturbed, home=place)
    socterm("db", "backup", "--quick", killed, "--db", undisturbed, home=place)
    age = f"{_age_in_the_middle(undisturbed, place)}m"
    rng = random.Random(7)
    for _ in range(8):
        process = subprocess.Popen(
            [*SOCTERM, "db", "retain", "--older", age, "--db", str(killed)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(rng.uniform(0.3, 0.9))
        process.kill()
        process.communicate()
        assert "ok" in socterm("db", "check", "--db", killed, home=place)
    for db in (killed, undisturbed):
        socterm("db", "retain", "--older", age, "--db", db, home=place)
    kept = parted(canonical(killed, place))
    assert 0 < len(kept[1]) < LINES
    assert kept == parted(canonical(undisturbed, place))


def _age_in_the_middle(db: Path, place: Path) -> int:
    """Minutes from now to a moment half-way through a store, and some to spare for the runs."""
    facts = json.loads(socterm("db", "info", "--json", "--db", db, home=place))
    middle = (facts["oldest"] + facts["newest"]) // 2
    return (time.time_ns() // 1000 - middle) // 60_000_000


def test_a_backup_while_another_process_ingests(place: Path, log: Path, whole: list[str]) -> None:
    db, copy = place / "busy.db", place / "copy.db"
    with running("--tail", log, "--from-start", "--batch", "500", "--db", db, home=place):
        until(lambda: lines_stored(db, place) > LINES // 20, "some lines")
        socterm("db", "backup", copy, "--db", db, home=place)
        assert socterm("db", "restore", copy, "--db", db, home=place, check=False) == ""
    assert "ok" in socterm("db", "check", "--db", copy, home=place)
    events = parted(canonical(copy, place))[1]
    assert 0 < len(events) < LINES
    assert events.items() <= parted(whole)[1].items()
    socterm("db", "restore", copy, "--db", db, home=place)
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=place)
    assert canonical(db, place) == whole  # it goes on where the copy was taken


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_nothing_is_left_of_it(place: Path, log: Path, whole: list[str]) -> None:
    db = place / "whole.db"
    with small_disk(place / "disk", "4m") as disk:
        done = subprocess.run(
            [*SOCTERM, "db", "backup", str(disk / "copy.db"), "--db", str(db)],
            capture_output=True,
            check=False,
        )
        said = done.stderr.decode().splitlines()
        assert done.returncode == 3
        assert len(said) == 1
        assert f"no room in {disk}" in said[0]
        assert list(disk.iterdir()) == []
        done = subprocess.run(
            [*SOCTERM, "db", "export", "-o", str(disk / "all.ndjson"), "--db", str(db)], capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 3
        assert done.stderr.decode().splitlines()[0].endswith("cannot be written: No space left on device")
        assert list(disk.iterdir()) == []
    assert canonical(db, place) == whole


def test_on_a_disk_that_is_full_to_the_last_byte_a_store_can_be_read(place: Path) -> None:
    """SQLite wants room for memory it shares with others; there is nobody to share it with."""
    with small_disk(place / "full", "4m") as disk:
        db = disk / "s.db"
        Writer.open(db, now=0).close()
        with (disk / "fill").open("wb", buffering=0) as fill, suppress(OSError):
            while fill.write(b"x" * 4096):
                pass

        def asked(*words: str) -> tuple[int, str]:
            done = subprocess.run([*SOCTERM, *words, "--db", str(db)], capture_output=True, check=False)
            return done.returncode, done.stderr.decode().strip()

        assert asked("alerts", "list") == (0, "")
        assert asked("db", "check") == (0, "")
        assert asked("report", "shift") == (0, "")
        full = f"socterm: cannot open the store {db}: the disk is full: free some space"
        assert asked("alerts", "undo") == (3, full)
        (disk / "fill").unlink()
        assert asked("alerts", "undo") == (0, "")


def test_two_limits_hold_while_the_log_grows(place: Path, log: Path) -> None:
    """A log that grows, a limit that it passes several times, and a second process that looks on."""
    growing, db = place / "growing.log", place / "growing.db"
    lines = log.read_bytes().splitlines(keepends=True)
    config = limited(place, max_size="16M", older="5200w")
    growing.write_bytes(b"")
    process = start("--tail", growing, "--from-start", "--db", db, "--config", config, home=place)
    try:
        with growing.open("ab") as out:
            for at in range(0, 120_000, 4_000):
                out.write(b"".join(lines[at : at + 4_000]))
                out.flush()
                until(lambda n=at: lines_listed(db, place) >= n + 4_000, "the lines")
                assert db.stat().st_size <= LIMIT * 1.1
    finally:
        stop(process)
    assert "ok" in socterm("db", "check", "--db", db, home=place)
