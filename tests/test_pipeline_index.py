"""The full-text index catches up when there is nothing else to do."""

from __future__ import annotations

import threading
from pathlib import Path

from socterm.pipeline.ingest import Pipeline
from socterm.sigma.load import load_rules
from socterm.sources.opening import Opener
from socterm.store.ingest.writer import Writer

from store_samples import NOW, batch, login


class AfterOneTurn(threading.Event):
    """Set from the second time on that somebody asks."""

    def is_set(self) -> bool:
        was = super().is_set()
        self.set()
        return was


def test_what_was_not_indexed_when_ingest_ended_is_indexed_when_it_rests(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    before = Writer.open(tmp_path / "store.db", now=NOW)
    before.commit(batch([login(number) for number in range(1, 40)]))
    before.feed_fts(7)
    before.close()
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    assert writer.unfed() == 32
    opener = Opener([], bookmark=dict[str, tuple[int, dict[str, object]]]().get, clock=lambda: NOW)
    rules = load_rules([tmp_path / "rules"])
    pipeline = Pipeline(writer, writer.load_state(), rules, opener, clock=lambda: NOW)
    pipeline.run(AfterOneTurn())
    assert writer.unfed() == 0
    writer.close()
