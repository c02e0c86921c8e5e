"""How long lines wait, as the header tells it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from socterm.event import Chunk
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.model import RuleSet
from socterm.sources.base import SourceStats
from socterm.sources.opening import Opener
from socterm.store.ingest.writer import Writer

NOW = 1_795_168_800_000_000
SECOND = 1_000_000


class Brook:
    """A source that has always more to come, and hands over as many chunks as it is told before it pauses."""

    name = "brook"
    live = True
    done = False

    def __init__(self) -> None:
        self.chunks = 0
        self.position = 0

    def start(self, wake: Callable[[], None]) -> None: ...

    def read(self, limit: int) -> Chunk | None:
        if not self.chunks:
            return None
        self.chunks -= 1
        self.position += limit
        return Chunk(self.name, self.position - limit, [b"a line"] * limit, {}, NOW)

    def bookmark(self) -> dict[str, Any] | None:
        return None

    def stats(self) -> SourceStats:
        return SourceStats(backlog=100)

    def close(self) -> None: ...


def test_what_waits_is_counted_from_the_last_time_all_was_read(tmp_path: Path) -> None:
    at = [NOW]
    writer = Writer.open(tmp_path / "s.db", now=NOW)
    opener = Opener([], bookmark=lambda _name: None, clock=lambda: at[0])
    pipeline = Pipeline(writer, writer.load_state(), RuleSet({}, []), opener, clock=lambda: at[0], batch=10)
    brook = Brook()
    pipeline._add(brook, NOW)
    brook.chunks = 100
    pipeline._gather(NOW)
    assert pipeline.refresh().lag == 0
    at[0] += 3 * SECOND
    pipeline._gather(at[0])
    assert pipeline.refresh().lag == 3 * SECOND
    brook.chunks = 0
    at[0] += SECOND
    pipeline._gather(at[0])
    assert pipeline.refresh().lag == 0
    writer.close()
