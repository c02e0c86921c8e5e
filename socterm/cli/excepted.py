"""What other commands say of exceptions: which rules have some, and which events they keep from which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from socterm.alerts.exceptions import status_of
from socterm.cli.output import clean, stamp
from socterm.cli.reading import opened
from socterm.cli.settings import clock
from socterm.store.rows import ExceptionRow

if TYPE_CHECKING:
    from socterm.alerts.model import Entity
    from socterm.event import Event
    from socterm.sigma.model import RuleSet


def in_force(db: Path | None, config: Path | None) -> list[ExceptionRow]:
    """The exceptions of a store that hold now; none where no store is named."""
    if db is None:
        return []
    now = clock()
    with opened(db, config) as (store, _):
        rows = store.exceptions.all()
    return [row for row in rows if status_of(row.expires, row.problem, now) == "in force"]


def briefly(row: ExceptionRow) -> str:
    """One exception in a line, beside something else."""
    until = f"until {stamp(row.expires)}" if row.expires else "until somebody ends it"
    return clean(f"exception {row.id} of {row.author}, {until}, {row.hits} hits: {row.reason}")


class Excepted:
    """What exceptions keep from which rule, without counting it."""

    def __init__(self, rows: Iterable[ExceptionRow], rules: RuleSet, tz: tzinfo = UTC) -> None:
        from socterm.sigma.exceptions import InForce, Tally

        self._rows = {row.id: row for row in rows}
        entries = [(row.id, row.document) for row in self._rows.values()]
        self._ready = InForce(entries, rules, tally=Tally(), tz=tz)

    def event(self, event: Event, rule: str) -> Iterator[str]:
        """What keeps an event from an event rule, one line each."""
        for ident in self._ready.hiding(event, rule):
            yield f"kept from it by {briefly(self._rows[ident])}"

    def alert(self, rule: str, entity: Entity) -> Iterator[str]:
        """What keeps a correlation from raising an alert on an entity."""
        for ident in self._ready.silences(rule, entity):
            yield f"no alert is raised, for {briefly(self._rows[ident])}"
