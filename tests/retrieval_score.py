"""The evaluation's questions in plain words, asked of a store that `ingest` filled from its logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from socterm.analyst.search import Search
from socterm.event import Chunk
from socterm.parsers.decoder import Decoder
from socterm.store import open_store
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer

HERE = Path(__file__).parent / "analyst_eval"
FIRST = 5


class Score(NamedTuple):
    """One question: the place (from 1) of the first right line among the answers, 0 for none."""

    name: str
    ask: str
    words: str
    place: int
    top: tuple[str, ...]


def store_of(logs: Path, path: Path, now: datetime) -> Path:
    """A store of a folder of logs, each a source by its file's name."""
    micros = int(now.astimezone(UTC).timestamp()) * 1_000_000
    writer, number = Writer.open(path, now=micros), 1
    for log in sorted(logs.iterdir()):
        lines = log.read_bytes().splitlines()
        events = Decoder(log.name).decode(Chunk(log.name, 0, lines, {}, micros, live=False))
        for event in events:
            event.id, number = number, number + 1
        writer.commit(Batch(events=events, sources=[SourceState(log.name, position=len(lines))], now=micros))
    while writer.feed_fts(20_000):
        pass
    writer.close()
    return path


def scores(path: Path, *, first: int = FIRST) -> Iterator[Score]:
    """Ask every question of `retrieval.yml`; the store is made at `path`."""
    told: dict[str, Any] = yaml.safe_load((HERE / "retrieval.yml").read_text(encoding="utf-8"))
    now = datetime.fromisoformat(told["now"])
    with open_store(store_of(HERE / "retrieval_logs", path, now), readonly=True) as store:
        search = Search(store.events, store.templates)
        for question in told["questions"]:
            hits = search.hybrid(question["ask"], limit=first).hits
            lines = tuple(f"{hit.event.source}:{hit.event.position + 1}" for hit in hits)
            right = [place for place, line in enumerate(lines, 1) if line in set(question["answers"])]
            yield Score(question["id"], question["ask"], question["words"], right[0] if right else 0, lines)


def table(found: list[Score]) -> str:
    """What was asked, and the place of the first right line."""
    rows = [f"{one.place or '–'!s:>3}  {one.words:5}  {one.name:28}  {one.ask}" for one in found]
    right = sum(1 for one in found if one.place)
    return "\n".join([*rows, f"{right} of {len(found)} in the first {FIRST}"])
