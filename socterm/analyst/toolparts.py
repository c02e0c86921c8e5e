"""What every tool of the analyst is made of: checked arguments, a bounded result, the doors it may use."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict

from socterm.analyst.backend import Backend
from socterm.analyst.search import Search
from socterm.store import Store
from socterm.store.protocols import Entities, Incidents, SqlQuestions
from socterm.store.rows import AlertRow, EventRow

MAX_ROWS = 50


class Arguments(BaseModel):
    """A tool's arguments; the docstring of each kind is what a model is told the tool is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Desks(NamedTuple):
    """Doors of the store beyond events and alerts; a tool whose door is None is not there.

    `sql` is one that a person switched on (`llm.sql`).
    """

    entities: Entities | None = None
    incidents: Incidents | None = None
    sql: SqlQuestions | None = None
    search: Search | None = None

    @classmethod
    def of(cls, store: Store, *, sql: bool = False, backend: Backend | None = None) -> Desks:
        """The doors of a store; `sql` also lets SQL be asked, `backend` makes vectors for `search`."""
        search = Search(store.events, store.templates, backend)
        return cls(store.entities, store.incidents, store.sql if sql else None, search)


class Result(msgspec.Struct, frozen=True):
    """What a tool found: `text` for a prompt (cleaned, bounded, not yet fenced), the rows for templates.

    `total` is how many there are in all. `error` is one line; only `text` is set beside it.
    """

    tool: str
    text: str
    events: tuple[EventRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    total: int = 0
    error: str = ""

    @property
    def event_ids(self) -> tuple[int, ...]:
        """The events that may be cited because of this result."""
        return tuple(event.id for event in self.events)


def failed(name: str, why: str) -> Result:
    """The result of a tool that could not be used as asked; `why` is one line."""
    return Result(name, f"error: {why}", error=why)
