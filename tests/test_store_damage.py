"""A store whose file is damaged, or is none: one line that names it and says what to do, at every door."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from socterm.cli import cli
from socterm.errors import SoctermError, StoreDamagedError, StoreError
from socterm.store import check, open_store
from socterm.store.ingest.writer import Writer

from store_samples import event, searchable

NOW = 1_795_000_000_000_000
PAGE = 8_192


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    searchable(path, [event(number, message=f"line {number} " + "x" * 400) for number in range(1, 400)])
    return path


def overwrite(path: Path, pages: range) -> None:
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * PAGE)
            file.write(b"\x5a" * PAGE)


def lost_rows(path: Path) -> None:
    """The schema can be read, rows cannot."""
    overwrite(path, range(4, path.stat().st_size // PAGE))


def lost_half(path: Path) -> None:
    """As a copy that was cut off leaves it."""
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


@pytest.mark.parametrize("harm", [lost_rows, lost_half])
def test_a_check_of_a_damaged_file_finds_damage_and_says_what_to_do(store: Path, harm: object) -> None:
    harm(store)  # type: ignore[operator]
    found = check(store)
    assert found
    assert all(line.startswith("file: ") and "\n" not in line and "***" not in line for line in found)
    done = CliRunner().invoke(cli, ["db", "check", "--db", str(store)], catch_exceptions=False)
    assert done.exit_code == 1
    assert "socterm db restore" in done.stderr


@pytest.mark.parametrize("harm", [lost_rows, lost_half])
def test_ingest_into_a_damaged_file_is_refused_in_words(store: Path, harm: object) -> None:
    harm(store)  # type: ignore[operator]
    with pytest.raises(StoreDamagedError, match="damaged: `socterm db check"):
        Writer.open(store, now=NOW)


def test_a_damaged_file_is_named_where_it_is_opened(store: Path) -> None:
    lost_half(store)
    with pytest.raises(StoreDamagedError, match=str(store)):
        open_store(store, readonly=True)


@pytest.mark.parametrize("readonly", [True, False])
def test_a_folder_is_no_store_and_no_error_of_the_disk(tmp_path: Path, readonly: bool) -> None:
    with pytest.raises(StoreError, match="it is a folder"):
        open_store(tmp_path, readonly=readonly)


def test_a_pipe_is_no_store_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    held = os.open(
        tmp_path / "pipe", os.O_RDWR
    )  # so that this test fails, and does not wait, without the look
    try:
        with pytest.raises(StoreError, match="no regular file"):
            open_store(tmp_path / "pipe", readonly=True)
    finally:
        os.close(held)


def test_what_a_newer_version_wrote_is_named(store: Path) -> None:
    import sqlite3

    with sqlite3.connect(store) as db:
        db.execute("INSERT INTO migrations SELECT max(number) + 1, 'm999_later', 0 FROM migrations")
    db.close()
    with pytest.raises(SoctermError, match=rf"{store} was written by a newer socterm \(schema m999_later\)"):
        open_store(store, readonly=True)
