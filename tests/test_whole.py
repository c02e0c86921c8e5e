"""Files that are there whole or not at all: what a kill leaves, what stays, and what is never replaced."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from socterm.errors import SoctermError, UsageError
from socterm.whole import folder_beside, written

MAKES = """
import sys
from pathlib import Path
from socterm.whole import folder_beside
with folder_beside(Path(sys.argv[1])) as folder:
    (folder / "new").write_text("half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def making(target: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that is at making a file, and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKES, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_goes_and_what_a_living_one_is_at_stays(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    (tmp_path / ".copy.db.part").mkdir()  # somebody else's: that is no name of ours
    killed, left = making(target)
    living, busy = making(target)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert left.exists()
    with folder_beside(target) as own:
        assert sorted(tmp_path.iterdir()) == sorted([busy, own, tmp_path / ".copy.db.part"])
    living.communicate("")
    assert [entry.name for entry in tmp_path.iterdir()] == [".copy.db.part"]


def test_a_new_file_is_its_owners_and_one_that_is_replaced_keeps_its_rights(tmp_path: Path) -> None:
    target, link = tmp_path / "a.csv", tmp_path / "b.csv"
    link.symlink_to(target)
    with written(target) as out:
        out.write("one")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.chmod(0o644)
    with written(link) as out:
        out.write("two\r\n\ud800")
        assert target.read_text() == "one"
    assert target.read_bytes() == b"two\r\n\\ud800"
    assert (stat.S_IMODE(target.stat().st_mode), link.is_symlink()) == (0o644, True)
    with pytest.raises(UsageError, match="is there already"), written(target, replacing=False):
        pass


def test_what_goes_wrong_meanwhile_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("before")
    with pytest.raises(ZeroDivisionError), written(target) as out:
        out.write(str(1 / 0))
    assert target.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_a_store_is_never_replaced_nor_what_lies_beside_it(tmp_path: Path, end: str) -> None:
    store = tmp_path / "socterm.db"
    with sqlite3.connect(store) as db:
        db.execute("CREATE TABLE t (a)")
    before = store.read_bytes()
    with (
        pytest.raises(UsageError, match="is a store, or belongs to one"),
        written(Path(f"{store}{end}")) as out,
    ):
        out.write("x")
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "said"), [("", "is no file: it is a folder"), ("none/x", "cannot be written: No such file")]
)
def test_where_nothing_can_be_written_is_one_line(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(SoctermError, match=said), written(tmp_path / name) as out:
        out.write("x")


def test_a_pipe_is_written_as_it_comes_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    with written(pipe) as out:
        out.write("row")
    assert reader.communicate()[0] == b"row"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
