"""The journal's child: resumed by cursor, restarted when it dies, never twice the same record."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk
from socterm.sources.journal import JournalSource

NOW = 1_790_000_000_123_456
SINCE = "--no-tail --since @1790000000.123456"


class Journal:
    """A JournalSource over a program that logs its arguments and runs a script."""

    def __init__(self, folder: Path, script: str, **options: Any) -> None:
        self.calls = folder / "calls"
        program = folder / "journalctl"
        program.write_text(f'#!/bin/sh\necho "$*" >> {self.calls}\ncd {folder}\n{script}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.woken = threading.Semaphore(0)
        self.source = JournalSource(clock=lambda: NOW, journalctl=str(program), **options)
        self.source.start(self.woken.release)

    def read(self, count: int) -> list[Chunk]:
        found: list[Chunk] = []
        while sum(len(chunk.lines) for chunk in found) < count:
            if chunk := self.source.read(100):
                found.append(chunk)
            else:
                assert self.woken.acquire(timeout=60)
        return found

    def started(self) -> list[str]:
        return self.calls.read_text().splitlines()


def records(*numbers: int) -> str:
    return "".join(f'echo \'{{"__CURSOR":"c{number}","MESSAGE":"m{number}"}}\'\n' for number in numbers)


def lines(chunks: list[Chunk]) -> list[bytes]:
    return [line for chunk in chunks for line in chunk.lines]


def expected(*numbers: int) -> list[bytes]:
    return [b'{"__CURSOR":"c%d","MESSAGE":"m%d"}' % (number, number) for number in numbers]


FOREVER = "exec sleep 1000"


def test_starts_at_the_end_and_bookmarks_the_cursor(tmp_path: Path) -> None:
    journal = Journal(tmp_path, records(1, 2) + FOREVER)
    chunks = journal.read(2)
    assert lines(chunks) == expected(1, 2)
    assert (chunks[-1].bookmark, chunks[0].first, chunks[0].now) == ({"cursor": "c2"}, 0, NOW)
    assert journal.started() == [f"-f -o json --all {SINCE}"]
    journal.source.close()


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"from_start": True}, "-o json --all --no-tail"),
        ({"lines": 5}, "-f -o json --all -n 5"),
        ({"arguments": ("--file", "x")}, f"-f -o json --all --file x {SINCE}"),
    ],
)
def test_where_to_start(tmp_path: Path, options: dict[str, Any], arguments: str) -> None:
    journal = Journal(tmp_path, records(1) + FOREVER, **options)
    journal.read(1)
    assert journal.started() == [arguments]
    journal.source.close()


def test_resumes_behind_the_cursor_and_drops_what_it_has(tmp_path: Path) -> None:
    journal = Journal(tmp_path, records(4, 5) + FOREVER, resume=(7, {"cursor": "c4"}))
    (chunk,) = journal.read(1)
    assert (chunk.first, chunk.lines) == (7, expected(5))
    assert journal.started() == ["-o json --all --no-tail --after-cursor c4"]
    journal.source.close()


BOOTS = f"""
case "$*" in
  -f*) {records(6, 7)} {FOREVER};;
  *c3*) {records(4, 5)};;
  *) {records(*range(1, 6))};;
esac
"""
"""As the real one: what follows says nothing of the boots before this one, which begins with record 6."""


@pytest.mark.parametrize(
    ("options", "first"),
    [({"resume": (3, {"cursor": "c3"}), "matches": ("A=1",)}, 4), ({"from_start": True}, 1)],
)
def test_what_was_written_before_the_machine_started_anew_is_read(
    tmp_path: Path, options: dict[str, Any], first: int
) -> None:
    journal = Journal(tmp_path, BOOTS, **options)
    assert lines(journal.read(8 - first)) == expected(*range(first, 8))
    assert journal.started()[1].startswith("-f -o json --all --no-tail --after-cursor c5")
    assert journal.source.stats().note == ""
    journal.source.close()


def test_reading_what_is_behind_that_fails_is_tried_again(tmp_path: Path) -> None:
    script = f"""
case "$*" in -f*) {records(3)} {FOREVER};; esac
if [ -e second ]; then {records(2)} exit 0; fi
touch second
{records(1)}
exit 1
"""
    journal = Journal(tmp_path, script, resume=(0, {"cursor": "c0"}))
    assert lines(journal.read(3)) == expected(1, 2, 3)
    assert [call.partition("--after-cursor ") for call in journal.started()] == [
        ("-o json --all --no-tail ", "--after-cursor ", "c0"),
        ("-o json --all --no-tail ", "--after-cursor ", "c1"),
        ("-f -o json --all --no-tail ", "--after-cursor ", "c2"),
    ]
    journal.source.close()


def test_a_child_that_dies_is_started_again_behind_the_last_record(tmp_path: Path) -> None:
    script = f"""
if [ -e second ]; then
  {records(2, 3)}
  {FOREVER}
fi
touch second
{records(1, 2)}
printf '{{"__CURSOR":"c3","MESS'
echo broken pipe >&2
exit 3
"""
    journal = Journal(tmp_path, script)
    assert lines(journal.read(3)) == expected(1, 2, 3)
    assert journal.started()[1] == "-f -o json --all --no-tail --after-cursor c2"
    assert "started again 1 times" in journal.source.stats().note
    journal.source.close()


def test_a_restart_before_the_first_record_does_not_begin_later(tmp_path: Path) -> None:
    script = f"""
if [ -e second ]; then
  {records(1)}
  {FOREVER}
fi
touch second
exit 1
"""
    journal = Journal(tmp_path, script)
    assert lines(journal.read(1)) == expected(1)
    assert journal.started() == [f"-f -o json --all {SINCE}"] * 2
    journal.source.close()


def test_a_restart_of_ours_before_the_first_record_does_not_begin_later(tmp_path: Path) -> None:
    """Nothing came before socterm ended: what comes until it is back is not lost."""
    first = Journal(tmp_path, FOREVER)
    bookmark = first.source.bookmark()
    first.source.close()
    assert bookmark == {"since": NOW}
    again = Journal(
        tmp_path, f'case "$*" in -f*) {records(2)} {FOREVER};; esac\n{records(1)}', resume=(0, bookmark)
    )
    assert lines(again.read(2)) == expected(1, 2)
    assert again.started()[-2:] == [f"-o json --all {SINCE}", "-f -o json --all --no-tail --after-cursor c1"]
    assert again.source.bookmark() is None
    again.source.close()


@pytest.mark.parametrize("options", [{"from_start": True}, {"once": True}, {"lines": 3}])
def test_who_asks_for_what_is_there_gets_it_again(tmp_path: Path, options: dict[str, Any]) -> None:
    journal = Journal(tmp_path, records(1) + FOREVER, resume=(0, {"since": NOW}), **options)
    journal.read(1)
    assert "--since" not in journal.started()[0]
    journal.source.close()


def test_a_cut_record_without_its_cursor_is_skipped_over_at_the_next_start(tmp_path: Path) -> None:
    long = """printf '{"MESSAGE":"'; head -c 2000000 /dev/zero | tr '\\\\0' x; echo '","__CURSOR":"c2"}'\n"""
    journal = Journal(tmp_path, records(1) + long + FOREVER)
    chunks = journal.read(2)
    assert chunks[-1].bookmark == {"cursor": "c1", "skip": 1}
    assert journal.source.stats().drops == {"oversized": 1}
    journal.source.close()
    again = Journal(tmp_path, long + records(3) + FOREVER, resume=(2, chunks[-1].bookmark))
    (chunk,) = again.read(1)
    assert (chunk.lines, chunk.bookmark) == (expected(3), {"cursor": "c3"})
    again.source.close()


def test_a_message_cannot_pass_for_a_cursor(tmp_path: Path) -> None:
    hostile = r"""echo '{"MESSAGE":"\"__CURSOR\":\"evil\"","__CURSOR":"c1"}'""" + "\n"
    journal = Journal(tmp_path, hostile + FOREVER)
    assert journal.read(1)[0].bookmark == {"cursor": "c1"}
    journal.source.close()


def test_missing_rights_name_the_group(tmp_path: Path) -> None:
    journal = Journal(
        tmp_path,
        "echo 'No journal files were opened due to insufficient permissions.' >&2\n" + records(1) + FOREVER,
    )
    journal.read(1)
    assert "join group systemd-journal" in journal.source.stats().note
    journal.source.close()


def test_what_is_no_record_is_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "echo '-- No entries --'\n" + records(1) + FOREVER)
    assert lines(journal.read(1)) == expected(1)
    assert journal.source.stats().drops == {"not a record": 1}
    journal.source.close()


def test_no_journalctl_is_done_with_a_note(tmp_path: Path) -> None:
    source = JournalSource(clock=lambda: NOW, journalctl=str(tmp_path / "none"))
    source.start(lambda: None)
    assert source.read(1) is None
    assert source.done
    assert "may have no journal" in source.stats().note
    source.close()


def test_closing_kills_the_child(tmp_path: Path) -> None:
    journal = Journal(tmp_path, records(1) + "echo $$ > pid\n" + records(2) + FOREVER)
    journal.read(2)
    pid = int((tmp_path / "pid").read_text())
    journal.source.close()
    assert journal.source.done
    assert journal.source.read(1) is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
