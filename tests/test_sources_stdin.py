"""Piped lines: all of them, in order, and the writer waits when we cannot keep up."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from socterm.sources.stdin import StdinSource

NOW = 1_790_000_000_000_000


class Pipe:
    def __init__(self, resume: tuple[int, dict[str, object]] | None = None) -> None:
        self.out, self.into = os.pipe()
        self.woken = threading.Semaphore(0)
        self.source = StdinSource(clock=lambda: NOW, fd=self.out, resume=resume)
        self.source.start(self.woken.release)

    def lines(self, count: int | None = None) -> list[bytes]:
        """Read until `count` lines came, or to the end."""
        found: list[bytes] = []
        while (count is None or len(found) < count) and not self.source.done:
            chunk = self.source.read(100)
            if chunk is not None:
                found += chunk.lines
            elif not self.source.done:
                assert self.woken.acquire(timeout=60)
        return found

    def end(self) -> None:
        os.close(self.into)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.source.close()
    os.close(made.out)


def test_lines_and_the_end(pipe: Pipe) -> None:
    os.write(pipe.into, b"one\ntwo\nhal")
    assert pipe.lines(2) == [b"one", b"two"]
    assert not pipe.source.done
    os.write(pipe.into, b"f\nrest")
    pipe.end()
    assert pipe.lines() == [b"half", b"rest"]
    assert pipe.source.done
    assert pipe.source.read(1) is None


def test_positions_go_on_from_the_stored_one() -> None:
    pipe = Pipe(resume=(41, {}))
    os.write(pipe.into, b"one\ntwo\n")
    pipe.end()
    assert pipe.woken.acquire(timeout=60)
    chunk = pipe.source.read(10)
    assert chunk is not None
    assert (chunk.first, chunk.source, chunk.bookmark, chunk.now, chunk.live) == (41, "stdin", {}, NOW, True)
    pipe.source.close()
    os.close(pipe.out)


def test_the_writer_waits_and_nothing_is_lost(pipe: Pipe) -> None:
    lines = [b"%d %s" % (number, b"x" * 1000) for number in range(30_000)]

    def write() -> None:
        with os.fdopen(pipe.into, "wb") as into:
            into.writelines(line + b"\n" for line in lines)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(timeout=1)
    assert writer.is_alive()
    assert pipe.source.stats().backlog < 16 << 20
    assert pipe.lines() == lines
    writer.join()


def test_an_endless_line_is_cut_and_counted(pipe: Pipe) -> None:
    def write() -> None:
        with os.fdopen(pipe.into, "wb") as into:
            into.write(b"x" * 5_000_000 + b"\nafter\n")

    writer = threading.Thread(target=write)
    writer.start()
    assert [len(line) for line in pipe.lines()] == [1 << 20, 5]
    assert pipe.source.stats().drops == {"oversized": 1}
    writer.join()


def test_closing_does_not_wait_for_the_writer(pipe: Pipe) -> None:
    pipe.source.close()
    assert pipe.source.done
    assert pipe.source.read(1) is None
    pipe.end()
