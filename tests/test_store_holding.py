"""A process that is busy before its first commit keeps the store it ingests into."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from socterm.cli import learn, wiring
from socterm.config import load_config
from socterm.errors import LeaseHeldError
from socterm.pipeline.teach import Teacher
from socterm.store import lease
from socterm.store.connection import connect
from socterm.store.ingest.writer import Writer

from store_samples import NOW

LATER = NOW + 1_000_000


@pytest.fixture(name="path")
def _path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lease, "STALE", 50_000)
    return tmp_path / "store.db"


class Clock:
    """Gives a later time at each call, beyond where the lease as taken lasts; `beaten` once the thread that
    holds it asked a third time."""

    def __init__(self) -> None:
        self.beaten = threading.Event()
        self._times = itertools.count(LATER)
        self._beats = 0

    def __call__(self) -> int:
        if threading.current_thread().name == "socterm-lease":
            self._beats += 1
            if self._beats == 3:
                self.beaten.set()
        return next(self._times)


def heartbeat(path: Path) -> int:
    with closing(connect(path)) as db:
        found: int = db.execute("SELECT heartbeat FROM lease").fetchone()[0]
    return found


def test_the_lease_beats_while_its_holder_is_busy_and_not_after(path: Path) -> None:
    clock = Clock()
    writer = Writer.open(path, now=NOW)
    with writer.held(clock):
        assert clock.beaten.wait(60)
        with pytest.raises(LeaseHeldError):
            Writer.open(path, now=LATER)
    last = heartbeat(path)
    assert last > LATER
    assert "socterm-lease" not in {thread.name for thread in threading.enumerate()}
    writer.close()


def test_a_lease_that_was_lost_is_not_taken_back(path: Path) -> None:
    clock = Clock()
    writer = Writer.open(path, now=NOW)
    other = Writer.open(path, now=NOW + 500_000)
    with writer.held(clock):
        assert clock.beaten.wait(60)
    assert heartbeat(path) == NOW + 500_000
    other.close()


def _rules(monkeypatch: pytest.MonkeyPatch, wait: Callable[[], object]) -> None:
    real = wiring.watch_rules
    monkeypatch.setattr(wiring, "watch_rules", lambda *given: (wait(), real(*given))[1])


def _logs(monkeypatch: pytest.MonkeyPatch, wait: Callable[[], object]) -> None:
    monkeypatch.setattr(Teacher, "learn", lambda *_: wait())


@pytest.mark.parametrize("busy", [_rules, _logs], ids=["loading rules", "learning from old logs"])
def test_an_ingest_that_begins_slowly_keeps_its_store(
    path: Path, monkeypatch: pytest.MonkeyPatch, busy: Callable[..., None]
) -> None:
    clock = Clock()
    seen: list[bool] = []
    busy(monkeypatch, lambda: seen.append(clock.beaten.wait(60)))
    for module in (wiring, learn):
        monkeypatch.setattr(module, "clock", clock)
    config = load_config(flags={"db": path, "tail": [str(path.parent / "a.log")]})
    writer = Writer.open(path, now=NOW)
    if busy is _rules:
        wiring.make_pipeline(writer, config, specs=config.tail, options={})
    else:
        learn.learn_first(writer, config, ["old.log"], quiet=True)
    writer.close()
    assert seen == [True]
