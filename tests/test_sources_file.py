"""Following a file: what a person sees of `--tail` through growth, rotation, truncation and restart."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest
import zstandard
from socterm.event import Chunk
from socterm.sources.file import FileSource

NOW = 1_790_000_000_000_000


def follow(path: Path, after: Chunk | None = None, **options: object) -> FileSource:
    resume = None if after is None else (after.first + len(after.lines), after.bookmark)
    return FileSource(path, clock=lambda: NOW, resume=resume, **options)  # type: ignore[arg-type]


def drain(source: FileSource, limit: int = 1000) -> list[bytes]:
    return [line for chunk in chunks(source, limit) for line in chunk.lines]


def chunks(source: FileSource, limit: int = 1000) -> list[Chunk]:
    found = []
    while (chunk := source.read(limit)) is not None:
        found.append(chunk)
    return found


def append(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("a") as log:
        log.write("\n".join(lines) + end)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    append(path, "one", "two", "three")
    return path


class TestStart:
    def test_begins_at_the_end_by_default(self, log: Path) -> None:
        source = follow(log)
        assert drain(source) == []
        append(log, "four")
        assert drain(source) == [b"four"]

    def test_from_start_reads_what_is_there(self, log: Path) -> None:
        assert drain(follow(log, from_start=True)) == [b"one", b"two", b"three"]

    @pytest.mark.parametrize(
        ("count", "seen"), [(0, []), (2, [b"two", b"three"]), (9, [b"one", b"two", b"three"])]
    )
    def test_last_lines(self, log: Path, count: int, seen: list[bytes]) -> None:
        assert drain(follow(log, lines=count)) == seen

    def test_last_lines_further_back_than_one_block(self, tmp_path: Path) -> None:
        log = tmp_path / "big.log"
        lines = [f"line {number} {'x' * 90}" for number in range(9000)]
        append(log, *lines)
        assert drain(follow(log, lines=8000)) == [line.encode() for line in lines[-8000:]]

    def test_a_half_written_line_at_the_end_is_not_split(self, log: Path) -> None:
        append(log, "fo", end="")
        source = follow(log)
        assert drain(source) == []
        append(log, "ur")
        assert drain(source) == [b"four"]

    def test_positions_run_on_and_now_is_the_clock(self, log: Path) -> None:
        source = follow(log, from_start=True)
        found = chunks(source, limit=2)
        assert [(chunk.first, len(chunk.lines), chunk.now, chunk.live) for chunk in found] == [
            (0, 2, NOW, True),
            (2, 1, NOW, True),
        ]
        assert found[0].source == f"file:{log}"

    def test_blank_lines_and_carriage_returns_are_kept(self, tmp_path: Path) -> None:
        log = tmp_path / "dos.log"
        log.write_bytes(b"a\r\n\nb\n")
        assert drain(follow(log, from_start=True)) == [b"a\r", b"", b"b"]


class TestPartialLine:
    def test_is_held_until_its_newline(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        for piece in ("Failed ", "password ", "for root"):
            append(log, piece, end="")
            assert source.read(10) is None
        append(log, "", end="\n")
        assert drain(source) == [b"Failed password for root"]

    def test_comes_out_when_its_file_is_rotated_away(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        append(log, "no newline", end="")
        log.rename(log.with_name("auth.log.1"))
        assert source.read(10) is None
        append(log, "new")
        assert drain(source) == [b"no newline", b"new"]


class TestLongLine:
    def test_is_cut_marked_and_counted(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        append(log, "x" * 3_000_000, "after")
        (chunk,) = chunks(source)
        assert [len(line) for line in chunk.lines] == [1 << 20, 5]
        assert chunk.notes == {0: {"cut": 3_000_000}}
        assert source.stats().drops == {"oversized": 1}

    def test_of_the_greatest_length_is_whole(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        append(log, "x" * (1 << 20))
        (chunk,) = chunks(source)
        assert len(chunk.lines[0]) == 1 << 20
        assert not chunk.notes

    def test_a_restart_behind_it_goes_on_behind_it(self, log: Path) -> None:
        append(log, "x" * 3_000_000, "after")
        source = follow(log, from_start=True)
        chunk = source.read(4)
        assert drain(follow(log, chunk)) == [b"after"]

    def test_longer_than_one_read_asks_to_be_read_again(self, log: Path) -> None:
        source = follow(log)
        woken: list[int] = []
        source.start(lambda: woken.append(1))
        append(log, "x" * 50_000_000, "after")
        woken.clear()
        assert source.read(10) is None
        assert woken
        chunk = source.read(10) or source.read(10)
        assert chunk is not None
        assert chunk.notes == {0: {"cut": 50_000_000}}
        source.close()


class TestRenameRotation:
    def test_drains_the_old_file_and_goes_on_to_the_new(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        append(log, "four")
        log.rename(log.with_name("auth.log.1"))
        append(log, "five")
        assert drain(source) == [b"four", b"five"]
        assert source.stats().rotations == 1

    def test_reads_what_the_daemon_still_writes_to_the_old_file(self, log: Path) -> None:
        """Logrotate makes the new file first; rsyslogd goes on with the old one until its HUP."""
        source = follow(log)
        source.read(10)
        old = log.with_name("auth.log.1")
        log.rename(old)
        log.touch()
        append(old, "four")
        assert drain(source) == [b"four"]
        append(old, "five")
        append(log, "six")
        assert drain(source) == [b"five", b"six"]

    def test_a_missing_file_is_named_and_the_new_one_read_whole(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        log.unlink()
        assert drain(source) == []
        assert source.stats().note == "waiting for it to be created"
        append(log, "new")
        assert drain(source) == [b"new"]
        assert source.stats().note == ""

    def test_two_rotations_between_two_reads(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        for number in range(2):
            append(log, f"in {number}")
            log.with_name("auth.log.1").exists() and log.with_name("auth.log.1").rename(
                log.with_name("auth.log.2")
            )
            log.rename(log.with_name("auth.log.1"))
        append(log, "last")
        assert drain(source) == [b"in 0", b"in 1", b"last"]

    def test_a_name_nobody_knows_is_found_by_inode(self, log: Path) -> None:
        (chunk,) = chunks(follow(log, from_start=True))
        append(log, "four")
        log.rename(log.with_name("saved-by-hand"))
        append(log, "five")
        assert drain(follow(log, chunk)) == [b"four", b"five"]

    def test_a_symlink_that_is_switched(self, tmp_path: Path) -> None:
        first, second, link = tmp_path / "a", tmp_path / "b", tmp_path / "current"
        append(first, "one")
        link.symlink_to(first)
        source = follow(link, from_start=True)
        assert drain(source) == [b"one"]
        append(first, "two")
        append(second, "three")
        link.unlink()
        link.symlink_to(second)
        assert drain(source) == [b"two", b"three"]


def pack(path: Path, kind: str) -> Path:
    data = path.read_bytes()
    made = {
        "gz": lambda: gzip.compress(data),
        "xz": lambda: lzma.compress(data),
        "bz2": lambda: bz2.compress(data),
        "zst": lambda: zstandard.compress(data),
    }[kind]()
    packed = path.with_name(f"{path.name}.{kind}")
    packed.write_bytes(made)
    info = path.stat()
    os.utime(packed, ns=(info.st_atime_ns, info.st_mtime_ns))
    path.unlink()
    return packed


KINDS = ["gz", "xz", "bz2", "zst"]


class TestRotationWhileDown:
    @pytest.mark.parametrize("kind", KINDS)
    def test_resumes_inside_a_packed_file(self, log: Path, kind: str) -> None:
        chunk = follow(log, from_start=True).read(2)
        append(log, "four")
        old = log.rename(log.with_name("auth.log.2"))
        pack(old, kind)
        append(log, "five")
        log.rename(log.with_name("auth.log.1"))
        append(log, "six")
        assert drain(follow(log, chunk)) == [b"three", b"four", b"five", b"six"]

    def test_dated_names(self, log: Path) -> None:
        chunk = follow(log, from_start=True).read(2)
        for day in ("20260101", "20260102"):
            log.rename(log.with_name(f"auth.log-{day}"))
            append(log, f"after {day}")
        assert drain(follow(log, chunk)) == [b"three", b"after 20260101", b"after 20260102"]

    def test_from_start_and_lines_give_way_to_the_bookmark(self, log: Path) -> None:
        chunk = follow(log, from_start=True).read(1)
        assert drain(follow(log, chunk, from_start=True)) == [b"two", b"three"]
        assert drain(follow(log, chunk, lines=1)) == [b"two", b"three"]

    def test_packed_while_we_stand_at_its_end(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        old = log.rename(log.with_name("auth.log.1"))
        pack(old, "gz")
        append(log, "four")
        assert drain(source) == [b"four"]

    def test_the_file_of_the_bookmark_is_gone(self, log: Path) -> None:
        chunk = follow(log, from_start=True).read(2)
        log.unlink()
        append(log, "new")
        source = follow(log, chunk)
        assert [(c.first, c.lines) for c in chunks(source)] == [(2, [b"new"])]
        assert "gone" in source.stats().note
        assert source.stats().drops == {"file of the bookmark gone": 1}

    def test_a_new_file_with_the_old_inode_is_not_taken_for_the_old(self, log: Path) -> None:
        """The same inode with other content: what a bookmark sees after the number was given out again."""
        chunk = follow(log, from_start=True).read(2)
        log.write_text("a new file that is longer than the old one was\n")
        assert drain(follow(log, chunk)) == [b"a new file that is longer than the old one was"]

    def test_the_device_number_changed_over_a_reboot(self, log: Path) -> None:
        chunk = follow(log, from_start=True).read(2)
        assert chunk is not None
        chunk.bookmark["dev"] += 1
        assert drain(follow(log, chunk)) == [b"three"]

    def test_a_bookmark_that_is_none_of_ours_starts_anew(self, log: Path) -> None:
        source = FileSource(log, clock=lambda: NOW, resume=(7, {"cursor": "s=1"}))
        assert drain(source) == []
        append(log, "four")
        chunk = source.read(1)
        assert chunk is not None
        assert chunk.first == 7


class TestTruncation:
    def test_smaller_than_before(self, log: Path) -> None:
        source = follow(log, from_start=True)
        assert len(drain(source)) == 3
        os.truncate(log, 0)
        append(log, "x")
        assert drain(source) == [b"x"]

    def test_already_grown_beyond_our_offset(self, log: Path) -> None:
        source = follow(log, from_start=True)
        assert len(drain(source)) == 3
        os.truncate(log, 0)
        append(log, *["a line of the new content"] * 9)
        assert drain(source) == [b"a line of the new content"] * 9

    def test_same_head_as_before(self, tmp_path: Path) -> None:
        """A program that writes the same banner into each new file."""
        log = tmp_path / "app.log"
        banner = "#" * 2000
        append(log, banner, "old entry")
        source = follow(log, from_start=True)
        assert len(drain(source)) == 2
        os.truncate(log, 0)
        append(log, banner, "new entry", "another")
        assert drain(source) == [banner.encode(), b"new entry", b"another"]

    def test_a_held_rest_is_not_lost(self, log: Path) -> None:
        source = follow(log)
        source.read(10)
        append(log, "cut short", end="")
        assert source.read(10) is None
        os.truncate(log, 0)
        append(log, "new")
        assert drain(source) == [b"cut short", b"new"]

    def test_unread_lines_are_read_in_the_copy(self, log: Path) -> None:
        source = follow(log, from_start=True)
        assert source.read(1).lines == [b"one"]  # type: ignore[union-attr]
        append(log, "four")
        log.with_name("auth.log.1").write_bytes(log.read_bytes())
        os.truncate(log, 0)
        append(log, "five")
        source.read(0)
        assert drain(source) == [b"two", b"three", b"four", b"five"]

    @pytest.mark.parametrize("kind", ["", *KINDS])
    def test_the_copy_made_while_down_holds_the_rest(self, log: Path, kind: str) -> None:
        chunk = follow(log, from_start=True).read(1)
        copy = log.with_name("auth.log.1")
        copy.write_bytes(log.read_bytes())
        if kind:
            pack(copy, kind)
        os.truncate(log, 0)
        append(log, "a new line that makes the file longer than it was before")
        assert drain(follow(log, chunk)) == [
            b"two",
            b"three",
            b"a new line that makes the file longer than it was before",
        ]

    def test_a_hole_left_by_a_writer_without_append_is_passed_over(self, log: Path) -> None:
        with log.open("r+b") as writer:
            writer.seek(0, os.SEEK_END)
            writer.write(b"x" * 3_000_000 + b"\n")
            writer.flush()
            source = follow(log)
            assert drain(source) == []
            os.truncate(log, 0)
            assert drain(source) == []
            writer.write(b"after\n")
            writer.flush()
            (line,) = drain(source)
            assert line.lstrip(b"\0") == b"after"
            assert len(line) < 10_000
            assert source.stats().drops == {}
            writer.write(b"more\n")
            writer.flush()
            assert drain(source) == [b"more"]


class TestReplay:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_packed_file_ends(self, log: Path, kind: str) -> None:
        append(log, "rest", end="")
        os.utime(log, (1_700_000_000, 1_700_000_000))
        source = follow(pack(log, kind))
        found = chunks(source)
        assert [line for chunk in found for line in chunk.lines] == [b"one", b"two", b"three", b"rest"]
        assert {(chunk.live, chunk.now) for chunk in found} == {(False, 1_700_000_000_000_000)}
        assert source.done
        assert not source.live

    def test_a_plain_file_once(self, log: Path) -> None:
        os.utime(log, (1_700_000_000, 1_700_000_000))
        source = follow(log, once=True)
        assert not source.done
        (chunk,) = chunks(source)
        assert (len(chunk.lines), chunk.live, chunk.now) == (3, False, 1_700_000_000_000_000)
        assert source.done

    @pytest.mark.parametrize("kind", ["", *KINDS])
    def test_goes_on_at_the_bookmark(self, log: Path, kind: str) -> None:
        path = pack(log, kind) if kind else log
        chunk = follow(path, once=True).read(2)
        again = follow(path, chunk, once=True)
        assert [(c.first, c.lines) for c in chunks(again)] == [(2, [b"three"])]

    def test_a_damaged_file_gives_what_it_holds_and_says_so(self, tmp_path: Path) -> None:
        path = tmp_path / "auth.log.gz"
        whole = gzip.compress(b"".join(b"line %d\n" % number for number in range(100_000)))
        path.write_bytes(whole[: len(whole) // 2])
        source = follow(path)
        lines = drain(source)
        assert lines[:2] == [b"line 0", b"line 1"]
        assert len(lines) > 10_000
        assert source.done
        assert source.stats().drops == {"damaged file": 1}
        assert source.stats().note.startswith("damaged after ")

    def test_a_missing_file_is_done_and_named(self, tmp_path: Path) -> None:
        source = follow(tmp_path / "no.log", once=True)
        assert source.read(1) is None
        assert source.done
        assert source.stats().note


class TestWhatCannotBeRead:
    def test_created_later_is_read_from_its_start(self, tmp_path: Path) -> None:
        log = tmp_path / "auth.log"
        source = follow(log)
        assert source.read(1) is None
        assert source.stats().note == "waiting for it to be created"
        append(log, "first", "second")
        assert drain(source) == [b"first", b"second"]

    def test_a_fifo_is_refused_with_a_remedy(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        source = follow(tmp_path / "pipe")
        assert source.read(1) is None
        assert "not a regular file" in source.stats().note

    def test_backlog_counts_bytes(self, log: Path) -> None:
        source = follow(log, from_start=True)
        source.read(1)
        assert source.stats().backlog == len("two\nthree\n")
