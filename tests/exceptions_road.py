"""A road whose exceptions change under way: real files, a real store, a wall clock the test sets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from socterm.alerts.exceptions import Term, Wording
from socterm.pipeline.exceptions import made
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.rulewatch import RuleWatch
from socterm.sigma.engine import Matcher
from socterm.sources.opening import Opener
from socterm.store import open_store
from socterm.store.ingest.writer import Writer
from socterm.store.rows import AlertRow, ExceptionRow

from reload_road import NOW, Lines, book

DAY = 86_400_000_000


class Road:
    """Runs lines through a pipeline on a store, in portions of a size, under the rules of a folder.

    `now` is the wall clock; what `acts` do, between two portions, is done as another process would.
    """

    def __init__(self, folder: Path, db: Path, lines: Sequence[bytes], size: int = 7) -> None:
        self.folder, self.db, self.lines, self.size = folder, db, lines, size
        self.now = NOW

    def run(
        self, acts: Mapping[int, Callable[[], object]] | None = None, restarts: Collection[int] = ()
    ) -> list[AlertRow]:
        """Ingest to the end, at `restarts` ending without settling and beginning anew; all alerts then."""
        todo, left = dict(acts or {}), sorted(restarts)
        while not self._ingest(todo, left):
            left.pop(0)
        return self.alerts()

    def _ingest(self, todo: dict[int, Callable[[], object]], left: Sequence[int]) -> bool:
        writer = Writer.open(self.db, now=NOW)
        stored = writer.load_state()
        first = next((state.position for state in stored.sources), 0)
        stop = threading.Event()
        watch = RuleWatch(book(self.folder, writer.rule_files()), Matcher)

        def before(at: int) -> None:
            for place in [place for place in todo if place < at]:
                todo.pop(place)()
            pipeline._hear_decisions()
            pipeline.exceptions.look(self.now)
            if left and left[0] <= at:
                stop.set()

        opener = Opener([], bookmark=lambda _name: None, clock=lambda: self.now)
        pipeline = Pipeline(
            writer,
            stored,
            watch.rules,
            opener,
            clock=lambda: self.now,
            once=True,
            batch=self.size,
            watch=watch,
        )
        pipeline._add(Lines(self.lines, self.size, first, before), NOW)
        pipeline.run(stop)
        writer.close()
        return not stop.is_set()

    # -- what people do ------------------------------------------------------------------

    def except_(
        self,
        rules: Sequence[str],
        *terms: Term,
        expires: int = 0,
        closing: Sequence[int] = (),
        document: str | None = None,
    ) -> int:
        """Put an exception in force, or one with just this document."""
        wording = Wording(tuple(rules), terms or (Term("source.ip", "192.0.2.1"),), "seen before")
        said: dict[str, Any] = made(wording, author="ann", now=self.now)
        if document is not None:
            said["document"] = document
        with open_store(self.db) as store:
            rows = store.exceptions.add(said, actor="ann", now=self.now, expires=expires, closing=closing)
        return int(rows[-1].about.partition(":")[2])

    def alerts(self) -> list[AlertRow]:
        """All alerts but those that were joined to others."""
        with open_store(self.db, readonly=True) as store:
            states = ("new", "acknowledged", "in_progress", "closed", "reopened")
            return sorted(store.triage.alerts(states=states, parts=True), key=lambda row: row.id)

    def exception(self, ident: int) -> ExceptionRow:
        """One exception as stored."""
        with open_store(self.db, readonly=True) as store:
            found = store.exceptions.get(ident)
        assert found is not None
        return found


def told(rows: Sequence[AlertRow], *rules: str) -> list[tuple[Any, ...]]:
    """What alerts say, without what depends on the order of their making."""
    return sorted(
        (row.rule, tuple(row.entity.items()), row.first, row.last, row.count, row.signals)
        for row in rows
        if not rules or row.rule in rules
    )
