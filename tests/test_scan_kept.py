"""`socterm scan --db`: the store is what live operation would have made of the same lines."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.road import SOCTERM, alerts, canonical, environment, same, socterm, until
from tests.scanning import BRUTE, failures


def kept(db: Path, *paths: object, home: Path) -> list[dict[str, Any]]:
    text = socterm("scan", *paths, "--json", "-q", "--db", db, home=home)
    return [json.loads(line) for line in text.splitlines()]


def told(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((r["title"], json.dumps(r["entity"]), r["count"], r["first"], r["last"]) for r in found)


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    """Two logs whose lines alternate, with a quiet hour between two attacks."""
    lines = (failures(0, 30) + failures(30, 59).replace("T10:", "T12:")).splitlines(keepends=True)
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_text("".join(lines[::2]))
    two.write_text("".join(lines[1::2]))
    return [one, two]


def test_the_store_is_that_of_a_run(logs: list[Path], tmp_path: Path) -> None:
    found = kept(tmp_path / "scan.db", *logs, home=tmp_path)
    tails = [part for log in logs for part in ("--tail", log)]
    run = tmp_path / "run.db"
    socterm("run", *tails, "--from-start", "--once", "-q", "--db", run, home=tmp_path)
    same(canonical(tmp_path / "scan.db", tmp_path), canonical(run, tmp_path))
    assert told(found) == told(alerts(run, tmp_path))
    assert socterm("search", "failed", "--count", "--db", tmp_path / "scan.db", home=tmp_path).strip() == "59"


def test_what_was_kept_is_not_read_again_and_what_is_new_is(tmp_path: Path) -> None:
    log, db = tmp_path / "auth.log", tmp_path / "s.db"
    log.write_text(failures(0, 8))
    first = kept(db, log, home=tmp_path)
    assert [row["count"] for row in first if row["title"] == BRUTE] == [8]
    assert kept(db, log, home=tmp_path) == []
    with log.open("a") as out:
        out.write(failures(8, 14, minute=40))
    (again,) = [row for row in kept(db, log, home=tmp_path) if row["title"] == BRUTE]
    assert again["count"] == 6
    assert again["events"][0] == {"file": str(log), "line": 9}
    assert socterm("search", "--count", "--db", db, home=tmp_path).strip() == "14"


def test_a_log_rotated_between_two_scans_goes_on(tmp_path: Path) -> None:
    log, db = tmp_path / "auth.log", tmp_path / "s.db"
    log.write_text(failures(0, 6))
    kept(db, log, home=tmp_path)
    text = log.read_text() + failures(6, 8)
    (tmp_path / "auth.log.1").write_text(text)
    log.write_text(failures(8, 10))
    socterm("scan", f"{tmp_path}/auth.log*", "-q", "--db", db, home=tmp_path)
    assert socterm("search", "--count", "--db", db, home=tmp_path).strip() == "10"
    # It settled when the first scan was over: what came later is judged anew.
    assert [row["lines"] for row in sources(db, tmp_path)] == [10]


def test_a_packed_log_is_not_read_again(tmp_path: Path) -> None:
    log, db = tmp_path / "auth.gz", tmp_path / "s.db"
    log.write_bytes(gzip.compress(failures(0, 8).encode()))
    assert kept(db, log, home=tmp_path)
    assert kept(db, log, home=tmp_path) == []
    assert [row["lines"] for row in sources(db, tmp_path)] == [8]


def sources(db: Path, home: Path) -> list[dict[str, Any]]:
    rows = socterm("sources", "list", "--json", "--db", db, home=home).splitlines()
    return [json.loads(row) for row in rows]


def test_a_scan_killed_in_the_middle_is_finished_by_the_next(tmp_path: Path) -> None:
    log, db, whole = tmp_path / "auth.log", tmp_path / "s.db", tmp_path / "whole.db"
    with log.open("w") as out:
        for hour in range(10, 16):
            for minute in range(60):
                out.write(failures(0, 60, minute=minute).replace("T10:", f"T{hour}:"))
    command = [*SOCTERM, "scan", str(log), "--json", "-q", "--db", str(db)]
    process = subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL)
    until(lambda: db.exists() and (db.parent / "s.db-wal").exists() and _stored(db, tmp_path) > 0, "events")
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept(db, log, home=tmp_path)
    kept(whole, log, home=tmp_path)
    assert _stored(db, tmp_path) == 6 * 3600
    same(canonical(db, tmp_path), canonical(whole, tmp_path))


def _stored(db: Path, home: Path) -> int:
    text = socterm("search", "--count", "--db", db, home=home, check=False).strip()
    return int(text) if text.isdecimal() else 0


def test_a_store_that_another_process_fills_is_one_line(tmp_path: Path) -> None:
    log, db = tmp_path / "auth.log", tmp_path / "s.db"
    log.write_text(failures(0, 8))
    command = [*SOCTERM, "run", "--tail", str(log), "--db", str(db)]
    process = subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.DEVNULL)
    try:
        until(lambda: db.exists() and bool(sources_or_none(db, tmp_path)), "the run to begin")
        with pytest.raises(AssertionError, match="exit 3") as failed:
            kept(db, log, home=tmp_path)
        assert len(str(failed.value).splitlines()) == 2
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def sources_or_none(db: Path, home: Path) -> str:
    return socterm("sources", "list", "--json", "--db", db, home=home, check=False)
