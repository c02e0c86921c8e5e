"""A road whose rules change under way: real files, a real store; the test says where what is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.event import Chunk
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.rulebook import RuleBook
from socterm.pipeline.rulecheck import Checked, Verdicts, check_loaded
from socterm.pipeline.rulewatch import RuleWatch
from socterm.sigma.documents import RuleFile
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_files
from socterm.sources.base import SourceStats
from socterm.sources.opening import Opener
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.canonical import canonical

NOW = 1_795_168_800_000_000
NAME = "file:/var/log/auth.log"
Acts = Mapping[int, Callable[[], object]]
"""What is done, by the line after which it is."""


def book(folder: Path, stored: Sequence[tuple[str, str]] = ()) -> RuleBook:
    """The rules of a folder, tested by their own tests."""
    verdicts = Verdicts()

    def read(files: Sequence[RuleFile]) -> Checked:
        return check_loaded(lambda off: load_files(files, disabled=off), verdicts=verdicts)

    return RuleBook(lambda: [folder], read, stored)


def in_any_portions(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Runs a test on three streams of 240 lines, in portions of any `size` and with any `restarts`."""

    def on(test: Callable[..., None]) -> Callable[..., None]:
        drawn = given(
            seed=st.integers(1, 3),
            size=st.sampled_from((1, 3, 7, 50, 240)),
            restarts=st.sets(st.integers(0, 239), max_size=4),
        )
        odd = [HealthCheck.function_scoped_fixture]
        return settings(max_examples=examples, suppress_health_check=odd)(drawn(test))

    return on


class Lines:
    """A source of given portions of lines; before a portion it does what it is told to."""

    name = NAME
    live = True

    def __init__(self, lines: Sequence[bytes], size: int, first: int, before: Callable[[int], None]) -> None:
        self.lines, self.size, self.at, self.before = lines, size, first, before

    @property
    def done(self) -> bool:
        return self.at >= len(self.lines)

    def start(self, wake: Callable[[], None]) -> None: ...

    def read(self, limit: int) -> Chunk | None:
        if self.done:
            return None
        first = self.at
        self.at = min(len(self.lines), first + self.size)
        chunk = Chunk(self.name, first, list(self.lines[first : self.at]), {"at": self.at}, NOW)
        self.before(self.at)
        return chunk

    def bookmark(self) -> dict[str, Any] | None:
        return None

    def stats(self) -> SourceStats:
        return SourceStats()

    def close(self) -> None: ...


class Road:
    """Runs lines through a pipeline on a store, in portions of a size, under the rules of a folder.

    `now` is the wall clock.
    """

    def __init__(self, folder: Path, db: Path, lines: Sequence[bytes], size: int = 7) -> None:
        self.folder, self.db, self.lines, self.size = folder, db, lines, size
        self.now = NOW
        self.notes: list[str] = []

    def run(
        self, acts: Acts | None = None, *, restarts: Collection[int] = (), down: Acts | None = None
    ) -> list[str]:
        """Ingest to the end; answers the canonical store."""
        self.walk(acts, restarts=restarts, down=down)
        return list(canonical(self.db))

    def walk(
        self, acts: Acts | None = None, *, restarts: Collection[int] = (), down: Acts | None = None
    ) -> None:
        """Ingest to the end.

        `acts` are done once their line was read; those of `down` while nobody ingests: there, and at
        `restarts`, the ingest ends without settling, and another begins.
        """
        left = sorted({*restarts, *(down or {})})
        todo = dict(acts or {})
        while not self._ingest(todo, left):
            act = (down or {}).get(left.pop(0))
            if act is not None:
                act()

    def between(self, at: int, todo: dict[int, Callable[[], object]], pipeline: Pipeline) -> None:
        """What happens before the portion that ends at a line: here rules change."""
        for place in [place for place in todo if place <= at]:
            todo.pop(place)()
            assert pipeline.watch is not None
            pipeline.watch.look()
            self.notes += pipeline.watch.notes

    def _ingest(self, todo: dict[int, Callable[[], object]], left: Sequence[int]) -> bool:
        """One life of an ingest; whether it came to the end."""
        writer = Writer.open(self.db, now=NOW)
        stored = writer.load_state()
        first = next((state.position for state in stored.sources), 0)
        stop = threading.Event()
        watch = RuleWatch(book(self.folder, writer.rule_files()), Matcher)

        def before(at: int) -> None:
            self.between(at, todo, pipeline)
            if left and left[0] <= at:
                stop.set()

        opener = Opener([], bookmark=lambda _name: None, clock=lambda: self.now)
        pipeline = Pipeline(
            writer, stored, watch.rules, opener, clock=lambda: self.now, once=True, batch=self.size,
            watch=watch,
        )  # fmt: skip
        pipeline._add(Lines(self.lines, self.size, first, before), NOW)
        pipeline.run(stop)
        self.notes += pipeline.refresh().hints
        writer.close()
        return not stop.is_set()
