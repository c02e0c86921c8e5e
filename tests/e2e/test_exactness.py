"""Nothing lost, nothing doubled, replay equals live: stores compared after everything that can go wrong."""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from benchmarks.data import write_log
from tests.e2e.road import (
    canonical,
    lines_listed,
    lines_stored,
    running,
    same,
    socterm,
    start,
    stop,
    until,
)

pytestmark = pytest.mark.e2e

LINES = 200_000
FEW = 6_000
KILLS = 50


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all: the source's name is in the dump, so every run must read the same path."""
    return tmp_path_factory.mktemp("exact")


@pytest.fixture(scope="module")
def big(place: Path) -> bytes:
    """A long log: an outside corpus, multiplied, where there is one; else our own story."""
    corpora = os.environ.get("SOCTERM_CORPORA")
    if corpora:
        folder = Path(corpora)
        command = ["python3", folder / "multiply.py", folder / "logs/auth_aws_bruteforce.log", str(LINES)]
        made = subprocess.run([*map(str, command), "--style", "iso"], capture_output=True, check=True)
        return made.stdout
    return write_log(place / "made.log", LINES, 1).read_bytes()


@pytest.fixture(scope="module")
def small(big: bytes) -> bytes:
    return b"".join(big.splitlines(keepends=True)[:FEW])


@pytest.fixture(scope="module")
def small_dump(place: Path, small: bytes) -> list[str]:
    """What an undisturbed replay of the small log leaves behind."""
    return replayed(place, small, "small.db")


def replayed(place: Path, data: bytes, db: str, *options: object) -> list[str]:
    log = fresh(place, data)
    store = place / db
    clear(store)
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", store, *options, home=place)
    return canonical(store, place)


def ended(db: Path, place: Path) -> list[str]:
    """What the store holds once nothing more is to come: rules over alerts decide when time has passed."""
    socterm("run", "--tail", place / "auth.log", "--from-start", "--once", "-q", "--db", db, home=place)
    return canonical(db, place)


def fresh(place: Path, data: bytes) -> Path:
    for old in place.glob("auth.log*"):
        old.unlink()
    log = place / "auth.log"
    log.write_bytes(data)
    return log


def clear(db: Path) -> None:
    for path in db.parent.glob(db.name + "*"):
        path.unlink()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_kill_9_while_the_log_lies_there(place: Path, big: bytes) -> None:
    """Fifty kills at random instants, and the store equals that of an undisturbed run."""
    expected = replayed(place, big, "whole.db")
    log = fresh(place, big)
    db = place / "killed.db"
    clear(db)
    rng = random.Random(50)
    kills = 0
    while kills < KILLS:
        process = start("--tail", log, "--from-start", "--batch", "500", "--db", db, home=place)
        if kills % 5 == 0:  # also in the middle of starting
            time.sleep(rng.uniform(0.0, 0.6))
        else:
            before = written(db)
            until(lambda p=process, b=before: written(db) > b or p.poll() is not None, "progress")
            time.sleep(rng.uniform(0.0, 0.4))
        kill(process)
        kills += 1
    with running("--tail", log, "--from-start", "--db", db, home=place):
        until(lambda: lines_stored(db, place) == len(big.splitlines()), "the rest", 300)
    same(ended(db, place), expected)
    assert "ok" in socterm("db", "check", "--db", db, home=place)


def lines_in(db: Path) -> int:
    """Size of the store's files: grows while the first lines are stored, and asking disturbs nobody."""
    return sum(path.stat().st_size for path in db.parent.glob(db.name + "*") if path.exists())


def written(db: Path) -> int:
    """When the store's files were last written (ns); the lease is written first, then commits."""
    return max(
        (path.stat().st_mtime_ns for path in db.parent.glob(db.name + "*") if path.exists()), default=0
    )


def test_kill_9_while_the_log_grows(place: Path, small: bytes, small_dump: list[str]) -> None:
    log = fresh(place, b"")
    db = place / "growing.db"
    clear(db)
    rng = random.Random(9)
    lines = small.splitlines(keepends=True)
    done = 0
    process = start("--tail", log, "--from-start", "--db", db, home=place)
    with log.open("ab", buffering=0) as out:
        while done < len(lines):
            step = rng.randrange(50, 700)
            for line in lines[done : done + step]:
                cut = rng.randrange(len(line))  # the tail sees half lines too
                out.write(line[:cut])
                out.write(line[cut:])
            done += step
            time.sleep(rng.uniform(0.0, 0.7))
            if rng.random() < 0.6:
                kill(process)
                process = start("--tail", log, "--from-start", "--db", db, home=place)
    until(lambda: lines_stored(db, place) == len(lines), "all lines")
    stop(process)
    same(ended(db, place), small_dump)


def test_live_equals_replay(place: Path, small: bytes, small_dump: list[str]) -> None:
    log = fresh(place, b"")
    db = place / "live.db"
    clear(db)
    lines = small.splitlines(keepends=True)
    with running("--tail", log, "--from-start", "--db", db, home=place):
        with log.open("ab", buffering=0) as out:
            for n in range(0, len(lines), 40):
                out.write(b"".join(lines[n : n + 40]))
                time.sleep(0.005)
        until(lambda: lines_stored(db, place) == len(lines), "all lines")
        assert lines_listed(db, place) == len(lines)
    same(ended(db, place), small_dump)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_batch_size_does_not_matter(place: Path, small: bytes, small_dump: list[str], size: int) -> None:
    same(replayed(place, small, f"chunk{size}.db", "--batch", size), small_dump)


def test_rename_rotation(place: Path, small: bytes, small_dump: list[str]) -> None:
    """Five rotations under a running tail, lines still being written to the old file after each."""
    log = fresh(place, b"")
    db = place / "rotated.db"
    clear(db)
    lines = small.splitlines(keepends=True)
    size = len(lines) // 6 + 1
    with running("--tail", log, "--from-start", "--db", db, home=place):
        for part in range(6):
            mine = lines[part * size : (part + 1) * size]
            with log.open("ab", buffering=0) as out:
                out.write(b"".join(mine[:-20]))
                if part == 0:
                    until(lambda: lines_stored(db, place) > 0, "the first line")
                if part < 5:
                    for n in range(part, 0, -1):
                        (place / f"auth.log.{n}").rename(place / f"auth.log.{n + 1}")
                    log.rename(place / "auth.log.1")
                out.write(b"".join(mine[-20:]))
            if part < 5:
                log.touch()
        until(lambda: lines_stored(db, place) == len(lines), "all lines")
    same(ended(db, place), small_dump)


def test_rename_rotation_while_down(place: Path, small: bytes, small_dump: list[str]) -> None:
    log = fresh(place, b"")
    db = place / "rotated-down.db"
    clear(db)
    lines = small.splitlines(keepends=True)
    size = len(lines) // 4 + 1
    for part in range(4):
        with log.open("ab") as out:
            out.write(b"".join(lines[part * size : (part + 1) * size]))
        if part == 1:
            with running("--tail", log, "--from-start", "--db", db, home=place):
                until(lambda: lines_stored(db, place) >= 2 * size - 1 - size, "a part")
        if part < 3:
            for n in (2, 1):
                old = place / f"auth.log.{n}"
                if old.exists() and part:
                    old.rename(place / f"auth.log.{n + 1}")
            if part:
                log.rename(place / "auth.log.1")
                log.touch()
    with running("--tail", log, "--from-start", "--db", db, home=place):
        until(lambda: lines_stored(db, place) == len(lines), "all lines")
    same(ended(db, place), small_dump)


def test_copytruncate(place: Path, small: bytes, small_dump: list[str]) -> None:
    log = fresh(place, b"")
    db = place / "truncated.db"
    clear(db)
    lines = small.splitlines(keepends=True)
    size = len(lines) // 4 + 1
    with running("--tail", log, "--from-start", "--db", db, home=place):
        for part in range(4):
            with log.open("ab", buffering=0) as out:
                out.write(b"".join(lines[part * size : (part + 1) * size]))
            seen = min(len(lines), (part + 1) * size)
            until(lambda n=seen: lines_stored(db, place) == n, "the part before truncation")
            if part < 3:
                shutil.copy(log, place / "auth.log.1")
                os.truncate(log, 0)
    same(ended(db, place), small_dump)


def fill(ballast: Path) -> None:
    """Take all the space there is, to the last block."""
    with ballast.open("wb", buffering=0) as out:
        for size in (1 << 20, 4096, 512):
            while fits(out, size):
                pass


def fits(out: io.FileIO, size: int) -> bool:
    try:
        return bool(out.write(bytes(size)))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False


def test_a_full_disk_that_is_freed_later(place: Path, small: bytes, small_dump: list[str]) -> None:
    """The store's disk fills up; ingest waits and says so; space comes back; nothing is missing."""
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], check=True)
    try:
        ballast = disk / "ballast"
        log = fresh(place, small)
        db = disk / "full.db"
        process = start("--tail", log, "--from-start", "--batch", "100", "--db", db, home=place)
        until(lambda: db.exists() and lines_in(db) > 600_000, "the first commits")
        fill(ballast)
        full = subprocess.run(["df", "--output=avail", str(disk)], capture_output=True, check=True)
        assert int(full.stdout.split()[1]) < 8
        time.sleep(3)
        assert process.poll() is None, "a full disk must not end it"
        stored = lines_stored(db, place)
        assert stored < len(small.splitlines()), "the disk was too big for this test"
        ballast.unlink()
        until(lambda: lines_stored(db, place) == len(small.splitlines()), "the rest")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
        assert b"disk is full" in said
        same(ended(db, place), small_dump)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
