"""Lines of a hundred thousand characters: what holds them for a while holds few of them at a time."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from socterm.event import Chunk, Event
from socterm.pipeline import ingest
from socterm.pipeline.hunt import hunt
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.brief import LONG, brief, brief_value
from socterm.sigma.model import RuleSet
from socterm.sources import piped
from socterm.sources.base import BLOCK
from socterm.sources.opening import Opener
from socterm.sources.piped import PipedLog
from socterm.store import open_store
from socterm.store.doors import history
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from tests.test_pipeline_lag import Brook
from tests.test_sigma_correlate import BRUTE, FAIL, SPRAY, T0, Run, S, make

from store_samples import NOW, batch, login

LINE = 50_000


class LongBrook(Brook):
    """Its lines are long, and it hands over as many as may be."""

    def read(self, limit: int) -> Chunk | None:
        chunk = super().read(min(limit, 7))
        return chunk and Chunk(chunk.source, chunk.first, [b"x" * LINE] * len(chunk.lines), {}, NOW)


def test_a_batch_of_long_lines_is_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed: list[list[Event]] = []
    commit = Writer.commit

    def seen(self: Writer, batch: Batch) -> None:
        committed.append(list(batch.events))
        commit(self, batch)

    monkeypatch.setattr(Writer, "commit", seen)
    writer = Writer.open(tmp_path / "s.db", now=NOW)
    opener = Opener([], bookmark=lambda _name: None, clock=lambda: NOW)
    pipeline = Pipeline(writer, writer.load_state(), RuleSet({}, []), opener, clock=lambda: NOW)
    brook = LongBrook()
    pipeline._add(brook, NOW)
    brook.chunks = 40
    while brook.chunks:
        pipeline._gather(NOW)
        pipeline._commit(threading.Event())
    writer.close()
    most = ingest.BATCH * ingest.HEAVY + 7 * LINE
    assert sum(map(len, committed)) == 7 * 40
    assert all(sum(len(event.raw) for event in events) <= most for events in committed)
    assert max(map(len, committed)) > ingest.BATCH * ingest.HEAVY // LINE - 7


def test_who_is_named_at_length_is_told_apart_and_kept_in_short() -> None:
    run = Run(RuleSet({rule.key: rule for rule in (FAIL, BRUTE, SPRAY)}, []))
    hosts, users = ["h" * LINE, "h" * LINE + "1"], ["a" * LINE, "a" * LINE + "b", "c" * LINE]
    for at in range(16):
        event = make(at, T0 + at * S, "fail", hosts[at % 2], users[at // 2 % (2 + at % 2)])
        event.raw = json.dumps(event.fields)
        run.feed(event)
    short = [((("source.ip", brief_value(host)),)) for host in hosts]
    for rule in (BRUTE, SPRAY):
        consumer = run.correlator.consumer(rule.key)
        assert consumer is not None
        groups = list(consumer.groups.values())
        assert [group.entity for group in groups] == short
        hits = [hit for group in groups for window in group.windows for hit in window.buf]
        assert len(hits) == 16
        assert all(len(hit.value) < 200 for hit in hits)
    fired = {(rule, entity): signals for rule, entity, *_, signals, _ in run.end()}
    assert fired == {(BRUTE.key, short[0]): 3, (BRUTE.key, short[1]): 3, (SPRAY.key, short[1]): 6}


def test_only_long_values_are_cut_and_no_two_become_one() -> None:
    event = make(1, T0, "fail", "x" * LONG, "y" * (LONG + 1))
    event.fields["related.user"] = ("root", "y" * LINE, 7)
    found = brief(event).fields
    assert found["source.ip"] == "x" * LONG
    assert found["user.name"] == brief_value("y" * (LONG + 1)) != brief_value("y" * (LONG + 2))
    assert found["related.user"] == ("root", brief_value("y" * LINE), 7)
    assert event.fields["user.name"] == "y" * (LONG + 1)
    assert brief(short := make(1, T0, "fail")) is short
    assert len(brief_value("y" * LINE)) < 200


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_portion_of_long_lines_is_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, newest_first: bool
) -> None:
    monkeypatch.setattr(history, "HEAVY", 20_000)
    path = tmp_path / "s.db"
    writer = Writer.open(path, now=NOW)
    sizes = [10, 3_000, 30_000]
    writer.commit(batch([login(number, message="x" * sizes[number % 3]) for number in range(1, 301)]))
    writer.close()
    with open_store(path, readonly=True) as store:
        stretch = store.history.stretch()
        found = list(store.history.portions(stretch, newest_first=newest_first))
        places = hunt(store.history, None, stretch, by="message")
    assert sorted(row.id for part in found for row in part.rows) == list(range(1, 301))
    for part in found:
        lines = [len(row.raw) for row in part.rows]
        assert sum(lines) <= 20_000 or len(lines) == 1
    assert (places.count, places.complete) == (300, True)
    assert places.groups == {"x" * 10: 100, brief_value("x" * 3_000): 100, brief_value("x" * 30_000): 100}


def test_a_chunk_of_long_lines_piped_in_is_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(piped, "_BLOCKS", 2)
    lines = [bytes([97 + number % 26]) * (BLOCK - 1_000 * number) for number in range(20)]
    out, into = os.pipe()

    def write() -> None:
        with os.fdopen(into, "wb") as end:
            end.writelines(line + b"\n" for line in lines)

    writer = threading.Thread(target=write)
    writer.start()
    log = PipedLog("-", out, clock=lambda: NOW, stop=lambda: False)
    chunks = []
    while (chunk := log.read(2_000)) is not None:
        chunks.append(chunk.lines)
    writer.join()
    os.close(out)
    assert [line for chunk in chunks for line in chunk] == lines
    assert max(sum(map(len, chunk)) for chunk in chunks) <= 3 * BLOCK
