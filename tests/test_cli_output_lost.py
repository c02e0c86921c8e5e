"""Standard output that takes nothing, full or closed: one line, exit code 3, buffered or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from store_samples import event, searchable

MANY = 400
"""Lines that are more than a buffer holds."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return searchable(tmp_path_factory.mktemp("lost") / "store.db", [event(n) for n in range(1, MANY + 1)])


def lost(store: Path, how: str, unbuffered: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {how}', "sh", sys.executable, "-m", "socterm", *words, "--db", str(store)],
        env=os.environ | {"HOME": str(store.parent), "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("how", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
@pytest.mark.parametrize(
    "words", [("search", "-n", "1", "--json"), ("search", "-n", str(MANY)), ("db", "export")]
)
def test_what_cannot_be_written_is_told_as_such(
    store: Path, words: tuple[str, ...], how: str, why: str, unbuffered: str
) -> None:
    done = lost(store, how, unbuffered, *words)
    assert done.returncode == 3
    assert done.stderr == f"socterm: standard output: {why}: what is written there is not complete\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_enough_is_no_mistake(store: Path, unbuffered: str) -> None:
    done = lost(store, "| head -1", unbuffered, "search", "-n", str(MANY))
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")
