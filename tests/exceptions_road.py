"""A road whose exceptions change under way: real files, a real store, a wall clock the test sets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from socterm.alerts.exceptions import Term, Wording
from socterm.pipeline.exceptions import made
from socterm.pipeline.ingest import Pipeline
from socterm.store import open_store
from socterm.store.rows import AlertRow, ExceptionRow

from reload_road import Acts, Road

DAY = 86_400_000_000


class ExceptedRoad(Road):
    """A road on which exceptions change: what `acts` do is done as another process would."""

    def alerts_of(self, acts: Acts | None = None, restarts: Collection[int] = ()) -> list[AlertRow]:
        """All alerts after an ingest of all lines, with `acts` and `restarts` on the way."""
        self.walk(acts, restarts=restarts)
        return self.alerts()

    def between(self, at: int, todo: dict[int, Callable[[], object]], pipeline: Pipeline) -> None:
        """Exceptions change, and the ingest hears of it."""
        for place in [place for place in todo if place < at]:
            todo.pop(place)()
        pipeline._hear_decisions()
        pipeline.exceptions.look(self.now)

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
