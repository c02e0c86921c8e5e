"""Killed by SIGKILL between mining a batch and its commit: afterwards the same templates and counts."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from socterm.store import check
from tests.e2e.road import environment

LINES = 600
KILLED = """
import os, signal, sys
from socterm.cli.group import cli
from socterm.store.templates import Templates

step, batches = sys.argv[1], int(sys.argv[2])
whole = getattr(Templates, step)

def killed(self, *arguments):
    global batches
    found = whole(self, *arguments)
    batches -= bool(self.batch)
    if not batches:
        os.kill(os.getpid(), signal.SIGKILL)
    return found

setattr(Templates, step, killed)
cli(sys.argv[3:])
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application's lines, told and untold ones mixed; kinds begin, get gaps and come again all along."""
    rng, path = random.Random(4), tmp_path_factory.mktemp("killed") / "app.log"
    verbs, things = ("opened", "shut", "lost", "found", "painted"), ("door", "gate", "key", "car", "box")
    with path.open("w") as file:
        for n in range(LINES):
            stamp = f"2026-11-20T10:{n // 60:02}:{n % 60:02}+00:00 web01"
            said = f"user u{n} {rng.choice(verbs)} {rng.choice(things)} {'very ' * (n // 40)}{n}"
            if n % 7 == 0:
                outcome = rng.choice(("Failed", "Accepted"))
                file.write(f"{stamp} sshd[9]: {outcome} password for root from 192.0.2.7 port {n} ssh2\n")
            else:
                file.write(f"{stamp} app{n // 100}[7]: {said}\n")
    return path


def road(log: Path, db: Path) -> list[str]:
    return [
        "run", "--quiet", "--tail", str(log), "--from-start", "--once", "--batch", "50", "--db", str(db)
    ]  # fmt: skip


def stored(db: Path) -> list[tuple[Any, ...]]:
    """The templates whole, which line is of which, and the words the full-text index has of them."""
    with closing(sqlite3.connect(db)) as store:
        asked = (
            "SELECT * FROM templates ORDER BY id",
            "SELECT e.id, e.position, k.template FROM events e JOIN kinds k ON k.id = e.kind ORDER BY e.id",
        )
        return [row for sql in asked for row in store.execute(sql)]


@pytest.fixture(scope="module")
def whole(log: Path) -> list[tuple[Any, ...]]:
    db = log.with_name("whole.db")
    subprocess.run([sys.executable, "-m", "socterm", *road(log, db)], env=environment(log.parent), check=True)
    return stored(db)


@pytest.mark.parametrize(("step", "batches"), [("write", 1), ("write", 2), ("write", 9), ("committed", 3)])
def test_killed(log: Path, whole: list[tuple[Any, ...]], step: str, batches: int, tmp_path: Path) -> None:
    db = tmp_path / "killed.db"
    command = [sys.executable, "-c", KILLED, step, str(batches), *road(log, db)]
    killed = subprocess.run(command, env=environment(tmp_path), check=False)
    assert killed.returncode == -signal.SIGKILL
    before = {row[0] for row in stored(db)}
    assert len(before) < len({row[0] for row in whole})
    subprocess.run([sys.executable, "-m", "socterm", *road(log, db)], env=environment(tmp_path), check=True)
    assert stored(db) == whole
    assert check(db) == []
