"""A store as evidence: on a mount nobody can write to it can still be read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.e2e.road import canonical, socterm

pytestmark = pytest.mark.e2e


def test_a_store_on_a_read_only_mount_can_be_searched(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(
        "2026-03-17T10:00:00+00:00 web01 sshd[7]: Failed password for root from 203.0.113.9 port 4 ssh2\n"
    )
    disk = tmp_path / "evidence"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], check=True)
    try:
        db = disk / "case.db"
        socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
        before = canonical(db, tmp_path)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert socterm("search", "root", "--count", "--db", db, home=tmp_path).strip() == "1"
        assert canonical(db, tmp_path) == before
        assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
