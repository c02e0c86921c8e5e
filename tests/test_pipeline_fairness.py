"""No source keeps the others waiting, however much it brings and whatever times it claims."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.model import RuleSet
from socterm.sources.base import SourceStats
from socterm.sources.opening import Opener
from socterm.store import open_store
from socterm.store.ingest.writer import Writer

NOW = 1_795_168_800_000_000
TURNS = 100


class Bringing:
    """A source that brings `count` lines of one time, at most `portion` at once."""

    done = False

    def __init__(self, name: str, line: bytes, count: int, portion: int = 10, *, live: bool = True) -> None:
        self.name = name
        self.live = live
        self.count = count
        self._line = line
        self._portion = portion
        self._position = 0

    def start(self, wake: Callable[[], None]) -> None: ...

    def read(self, limit: int) -> Chunk | None:
        lines = [self._line] * min(limit, self._portion, self.count - self._position)
        first, self._position = self._position, self._position + len(lines)
        return Chunk(self.name, first, lines, {}, NOW) if lines else None

    def bookmark(self) -> dict[str, Any] | None:
        return None

    def stats(self) -> SourceStats:
        return SourceStats()

    def close(self) -> None: ...


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer.open(tmp_path / "s.db", now=NOW)
    yield made
    made.close()


def stored(writer: Writer, *sources: Bringing) -> dict[str, int]:
    """Run until all of the last source is in the store, or a hundred batches are; how many lines of each."""
    moments = itertools.count(NOW, 50_000)
    opener = Opener([], bookmark=lambda _name: None, clock=lambda: NOW)
    pipeline = Pipeline(
        writer, writer.load_state(), RuleSet({}, []), opener, clock=lambda: next(moments), batch=10
    )
    for source in sources:
        pipeline._add(source, NOW)
    stop, commits = threading.Event(), itertools.count(1)

    def lines() -> dict[str, int]:
        with open_store(writer.path) as store:
            return {row.name: row.lines for row in store.triage.sources()}

    def look() -> None:
        if lines().get(sources[-1].name) == sources[-1].count or next(commits) >= TURNS:
            stop.set()

    pipeline.on_commit(look)
    pipeline.run(stop)
    return lines()


OLD = b"<38>Nov  1 10:00:00 web9 app[1]: much of it"
NEW = b"<38>Nov 20 10:00:00 web1 sshd[7]: Connection closed by 203.0.113.9 port 4711"


def test_a_flood_of_old_lines_does_not_keep_new_ones_waiting(writer: Writer) -> None:
    """The slowest clock goes first, so that times come in order; a flood could go first for ever."""
    found = stored(writer, Bringing("flood", OLD, 10_000), Bringing("quiet", NEW, 3, portion=1))
    assert found["quiet"] == 3
    assert found["flood"] > 100  # each of them waited a second at most, and no less


def test_what_is_replayed_comes_in_the_order_of_its_times(writer: Writer) -> None:
    """There nobody waits, and the order is what matters."""
    old, new = Bringing("old", OLD, 10_000, live=False), Bringing("new", NEW, 3, portion=1, live=False)
    assert stored(writer, old, new)["new"] == 1
