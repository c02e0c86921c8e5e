"""Followed files whose lines carry several records each: every record once, however the file grows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk
from socterm.sources.base import LINE_LIMIT
from socterm.sources.file import FileSource

NOW = 5


def line(first: int, count: int = 3) -> str:
    return json.dumps({"records": [{"n": n} for n in range(first, first + count)]}) + "\n"


OPEN: list[FileSource] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def follow(path: Path, resume: Any = None, **how: Any) -> FileSource:
    made = FileSource(path, clock=lambda: NOW, resume=resume, **how)
    OPEN.append(made)
    made.start(lambda: None)
    return made


def numbers(source: FileSource, limit: int = 1000) -> list[int]:
    found: list[int] = []
    while (chunk := source.read(limit)) is not None:
        found += [json.loads(one)["n"] for one in chunk.lines]
    return found


def test_a_followed_file_of_documents_goes_on_when_it_grows(tmp_path: Path) -> None:
    log = tmp_path / "hub.json"
    log.write_text(line(0))
    source = follow(log)
    assert numbers(source) == [0, 1, 2]
    with log.open("a") as writing:
        writing.write(line(3) + '{"n":6}\n[{"n":7},{"n":8}]\n' + line(9)[:-5])
        writing.flush()
        assert numbers(source) == [3, 4, 5, 6, 7, 8]
        writing.write(line(9)[-5:])
    assert numbers(source) == [9, 10, 11]
    assert source.live
    assert not source.stats().drops
    source.close()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_stopped_behind_any_chunk_each_record_comes_once_and_keeps_its_position(
    tmp_path: Path, limit: int
) -> None:
    log = tmp_path / "hub.json"
    log.write_text("".join(line(3 * n) for n in range(5)))
    at: Any = None
    seen: list[tuple[int, int]] = []
    for _ in range(6):  # killed after each commit
        source = follow(log, at, from_start=True)
        chunk: Chunk | None = source.read(limit)
        source.close()
        if chunk is None:
            break
        seen += [(chunk.first + index, json.loads(one)["n"]) for index, one in enumerate(chunk.lines)]
        at = (chunk.first + len(chunk.lines), chunk.bookmark)
    assert seen == [(n, n) for n in range(15)]


def test_a_chunk_holds_the_records_of_one_line_and_no_more(tmp_path: Path) -> None:
    log = tmp_path / "hub.json"
    log.write_text(line(0, 5000) + line(5000, 5000))
    source = follow(log)
    sizes = [len(chunk.lines) for chunk in iter(lambda: source.read(1000), None)]
    source.close()
    assert sizes == [5000, 5000]


def test_through_rotation_each_record_comes_once(tmp_path: Path) -> None:
    log = tmp_path / "hub.json"
    log.write_text(line(0) + line(3))
    source = follow(log)
    assert numbers(source) == [0, 1, 2, 3, 4, 5]
    log.rename(tmp_path / "hub.json.1")
    with (tmp_path / "hub.json.1").open("a") as writing:
        writing.write(line(6))
    log.write_text(line(9))
    assert numbers(source) == [6, 7, 8, 9, 10, 11]
    source.close()


def test_replayed_it_is_the_same_records(tmp_path: Path) -> None:
    log = tmp_path / "hub.json"
    log.write_text(line(0) + line(3))
    assert numbers(follow(log, once=True)) == numbers(follow(log)) == list(range(6))


def test_a_document_that_got_its_newline_later_is_not_read_again(tmp_path: Path) -> None:
    log = tmp_path / "trail.json"
    log.write_text(line(0).rstrip())
    source = follow(log)
    chunk = source.read(1000)
    assert chunk is not None
    assert [json.loads(one)["n"] for one in chunk.lines] == [0, 1, 2]
    with log.open("a") as writing:
        writing.write("\n")
    assert source.has_read(log)
    source.close()
    again = follow(log, (3, chunk.bookmark))
    assert numbers(again) == []
    assert not again.stats().drops
    again.close()


def test_a_line_that_carries_too_much_is_cut_as_any_and_the_others_are_whole(tmp_path: Path) -> None:
    log = tmp_path / "hub.json"
    long = json.dumps({"records": [{"pad": "x" * LINE_LIMIT}]})
    log.write_text(line(0) + long + "\n" + line(3))
    source = follow(log)
    chunks = list(iter(lambda: source.read(1000), None))
    assert [(chunk.first, len(chunk.lines)) for chunk in chunks] == [(0, 3), (3, 1), (4, 3)]
    assert [chunk.notes for chunk in chunks] == [{}, {0: {"cut": len(long)}}, {}]
    assert source.stats().drops == {"oversized": 1}
    source.close()


def watched(first: int, count: int = 3) -> str:
    events = [{"id": str(n), "timestamp": 0, "message": "x", "n": n} for n in range(first, first + count)]
    told = {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logGroup": "g",
        "logStream": "s",
        "logEvents": events,
    }
    return json.dumps(told) + "\n"


def test_what_cloudwatch_hands_on_is_read_alike_followed_replayed_and_without_newlines(
    tmp_path: Path,
) -> None:
    log, run_on = tmp_path / "a.json", tmp_path / "b.json"
    log.write_text(watched(0) + watched(3))
    run_on.write_text(watched(0).rstrip() + watched(3).rstrip())
    chunk = follow(log).read(1000)
    assert chunk is not None
    assert {json.loads(one)["logStream"] for one in chunk.lines} == {"s"}
    assert (
        numbers(follow(log))
        == numbers(follow(log, once=True))
        == numbers(follow(run_on, once=True))
        == [*range(6)]
    )


def test_a_file_of_it_that_begins_with_half_a_line_is_followed(tmp_path: Path) -> None:
    log = tmp_path / "a.json"
    log.write_text(watched(0)[:-9])
    source = follow(log)
    assert numbers(source) == []
    with log.open("a") as writing:
        writing.write(watched(0)[-9:] + watched(3))
    assert numbers(source) == [*range(6)]
    source.close()
