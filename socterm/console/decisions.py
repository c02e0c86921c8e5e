"""Decisions on their way to the store: one after the other, in the order the keys were pressed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.widget import Widget

from socterm.analyst.roles.applying import apply
from socterm.console.messages import Decided
from socterm.console.readers import Store
from socterm.errors import SoctermError
from socterm.store.rows import AlertRow, AuditRow


@dataclass(frozen=True)
class Decision:
    """A verb on alerts, `except` and `expire` on exceptions, `incident …` on incidents, `apply` on a
    proposal; `ids` are those of what it is about.

    With `group` on every open alert of that one's rule and entity instead. `noun` is what is counted when it
    is told, where that is not what the screen mostly decides on.
    """

    verb: str
    done: str
    ids: tuple[int, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    group: AlertRow | None = None
    noun: str = ""


class Decisions:
    """A queue drained by one thread at a time; each outcome comes back as `Decided`."""

    def __init__(self, host: Widget, store: Store, *, actor: str, clock: Callable[[], int]) -> None:
        self._host = host
        self._store = store
        self._actor = actor
        self._clock = clock
        self._waiting: deque[Decision] = deque()
        self._writing = threading.Lock()
        self._into = ""

    def submit(self, decision: Decision) -> None:
        """Write a decision as soon as those before it are written."""
        self._waiting.append(decision)
        self._host.run_worker(self._drain, thread=True, group="decide", exit_on_error=False)

    def undo(self) -> None:
        """Take back the last decision."""
        self.submit(Decision("undo", "as before"))

    def redo(self) -> None:
        """Do again what was taken back."""
        self.submit(Decision("redo", "decided again"))

    def _drain(self) -> None:
        with self._writing:
            while self._waiting:
                decision, self._into = self._waiting.popleft(), ""
                try:
                    count, error = self._write(decision), ""
                except SoctermError as refused:
                    count, error = 0, str(refused)
                self._host.post_message(
                    Decided(decision.verb, decision.done + self._into, count, error, decision.noun)
                )

    def _write(self, decision: Decision) -> int:
        triage, now = self._store.triage, self._clock()
        if decision.verb == "undo":
            return _decided(triage.undo(actor=self._actor, now=now))
        if decision.verb == "redo":
            return _decided(triage.redo(actor=self._actor, now=now))
        if decision.verb == "apply":
            rows = apply(self._store, decision.ids[0], actor=self._actor, now=now)
            return 1 if rows else 0
        if decision.verb == "except":
            rows = self._store.exceptions.add(**decision.details, actor=self._actor, now=now)
            return _decided(rows)
        if decision.verb == "expire":
            ended = [self._store.exceptions.end(i, actor=self._actor, now=now) for i in decision.ids]
            return len(ended)
        if decision.verb.startswith("incident "):
            return self._write_incident(decision)
        ids = decision.ids
        if decision.group is not None:
            ids = tuple(self._store.groups.members(decision.group.id, decision.verb))
        if not ids:
            return 0
        if decision.verb in ("escalate", "hand_over"):
            closing, incidents = decision.verb == "hand_over", self._store.incidents
            rows = incidents.escalate(
                ids, actor=self._actor, now=now, closing=closing, keep=True, **decision.details
            )
            self._into = f" · incident {incidents.of_alert(ids[0])}"
            return _decided(rows)
        return len(triage.decide(ids, decision.verb, actor=self._actor, now=now, **decision.details))

    def _write_incident(self, decision: Decision) -> int:
        """A verb on incidents; merge and split name the one that stays first."""
        desk = self._store.incidents
        who: dict[str, Any] = {"actor": self._actor, "now": self._clock()}
        what, (first, *others) = decision.verb.removeprefix("incident "), decision.ids
        if what == "merge":
            return len(desk.merge(first, others, **who))
        if what == "split":
            return len(desk.split(first, others, **who))
        return sum(len(desk.decide(ident, what, **who, **decision.details)) > 0 for ident in decision.ids)


def _decided(rows: Sequence[AuditRow]) -> int:
    """How many alerts a decision was about, or where it was about none, how many things."""
    return sum(not row.about for row in rows) or len(rows)
