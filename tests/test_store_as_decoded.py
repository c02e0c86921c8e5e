"""A rule's verdict on a stored event that was read back is that on the decoded one, over all sample logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.assets import sample_logs_dir
from socterm.enrich import Enricher
from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder
from socterm.parsers.registry import FORMATS
from socterm.pipeline.ruleexplain import stored
from socterm.sigma.engine import Matcher
from socterm.store import open_store
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from tests.pack import PACK

NOW = 1_795_000_000_000_000
LOGS = sorted(path for path in sample_logs_dir().iterdir() if path.suffix not in (".yml", ".md", ".evtx"))


def decoded(name: str, lines: list[bytes], first_id: int) -> list[Event]:
    """Lines as ingest makes events of them."""
    events = Decoder(name).decode(Chunk(name, 0, lines, {}, NOW, live=False))
    Enricher().apply(events)
    for number, event in enumerate(events, first_id):
        event.id = number
    return events


def through(path: Path, events: list[Event]) -> list[Event]:
    """The same events, stored and read back."""
    writer = Writer.open(path, now=NOW)
    writer.commit(Batch(events=events, now=NOW))
    writer.close()
    with open_store(path, readonly=True) as store:
        return [stored(row) for row in store.events.get([event.id for event in events])]


def assert_the_same(events: list[Event], back: list[Event]) -> None:
    assert len(back) == len(events)
    for was, now in zip(events, back, strict=True):
        assert set(now.logsources) == set(was.logsources), was.raw
        assert (now.ts, now.source, now.position, now.repeat, now.kind, now.raw) == (
            was.ts, was.source, was.position, was.repeat, was.kind, was.raw,
        )  # fmt: skip
        assert now.fields == was.fields
        assert now.message == was.message


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.name)
def test_verdicts_on_sample_logs(tmp_path: Path, log: Path) -> None:
    events = decoded(log.name, log.read_bytes().split(b"\n")[:800], 1)
    back = through(tmp_path / "store.db", events)
    assert_the_same(events, back)
    assert Matcher(PACK).match_all(back) == Matcher(PACK).match_all(events)


def test_verdicts_on_the_example_of_every_format(tmp_path: Path) -> None:
    events: list[Event] = []
    for name, made in FORMATS.items():
        events += decoded(name, [line.encode() for line in made.example.split("\n")], len(events) + 1)
    back = through(tmp_path / "store.db", events)
    assert_the_same(events, back)
    assert Matcher(PACK).match_all(back) == Matcher(PACK).match_all(events)


def test_log_sources_that_fields_do_not_tell_are_kept(tmp_path: Path) -> None:
    fields = {"event.dataset": "auditd", "event.action": "execve", "message": "x"}
    sources = (("linux", "", "auditd"), ("linux", "process_creation", ""))
    events = [
        Event(NOW + n, "log", n, "x", dict(fields), sources if n % 2 else sources[:1], id=n + 1)
        for n in range(40)
    ]
    back = through(tmp_path / "store.db", events)
    assert [event.logsources for event in back] == [event.logsources for event in events]
