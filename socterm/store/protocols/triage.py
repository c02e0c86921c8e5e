"""The doors to what people decide: alerts, incidents, exceptions, and what was done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from socterm.alerts.metrics import Metrics
from socterm.query import Query
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow
from socterm.store.rows import (
    AlertRow,
    AuditRow,
    EventRow,
    ExceptionRow,
    Place,
    RuleRow,
    SourceRow,
)


class Triage(Protocol):
    """Read alerts and write decisions. Each decision is one transaction and one audit row an alert."""

    def alerts(
        self,
        *,
        states: Sequence[str] | None = None,
        min_level: str = "informational",
        query: Query | None = None,
        limit: int = 1000,
        parts: bool = False,
        beyond: Place | None = None,
    ) -> list[AlertRow]:
        """Alerts, gravest level first, then newest; open ones unless states are named.

        What is part of another alert that is asked for too is left out, unless `parts`. `beyond` goes on
        behind the alert that stands there in this order.
        """

    def parts(self, alert_id: int) -> list[AlertRow]:
        """The alerts that are part of one, gravest level first, then newest."""

    def alert(self, alert_id: int) -> AlertRow | None:
        """One alert, or None."""

    def alert_events(
        self, alert_id: int, *, limit: int = 200, newest_first: bool = True, room: int | None = None
    ) -> list[EventRow]:
        """Its base events, up to the one that fills `room` characters."""

    def alerts_of_event(self, event_id: int) -> list[AlertRow]:
        """The alerts an event is evidence of."""

    def counts(self) -> dict[str, int]:
        """Open alerts per level; parts of open alerts are not counted."""

    def decide(
        self,
        alert_ids: Sequence[int],
        verb: str,
        *,
        actor: str,
        now: int,
        seen: int | None = None,
        **details: Any,
    ) -> list[AuditRow]:
        """Apply a verb of `socterm.alerts.states` (acknowledge, close with verdict=…, snooze with until=…).

        What acknowledges, starts, escalates, puts off or closes an alert does so to its parts.
        All or nothing. Raises `TransitionError` where a state does not allow the verb, `StaleError` where
        something was decided on one of them after the audit row `seen`.
        """

    def undo(self, *, actor: str, now: int) -> list[AuditRow]:
        """Take back the actor's last decision by writing its opposite; [] where there is none."""

    def redo(self, *, actor: str, now: int) -> list[AuditRow]:
        """Do again what the actor undid last, if nothing was decided since; [] otherwise."""

    def decided(self, alert_id: int) -> int:
        """The newest audit row about an alert, 0 for none: what `decide` takes as `seen`."""

    def history(self, alert_id: int) -> list[AuditRow]:
        """The audit rows of one alert, oldest first."""

    def changes(self, since: int) -> tuple[int, list[int]]:
        """(newest change number, alert ids created or changed after `since`)."""

    def newest_change(self) -> int:
        """The newest change number; 0 where there are no alerts. Costs microseconds."""

    def sources(self) -> list[SourceRow]:
        """Every source this store has read, with its counters."""

    def rules(self) -> list[RuleRow]:
        """Every rule's fate as last loaded."""

    def steps(self, rule: str) -> tuple[str, ...]:
        """How to check an alert of this rule (its key), as the rule says; () where it says nothing."""

    def load_ui(self, name: str) -> str | None:
        """A saved view's JSON."""

    def save_ui(self, name: str, value: str) -> None:
        """Save a view's JSON."""


class Incidents(Protocol):
    """Alerts that tell one story. Decisions are audit rows; `Triage.undo` takes them back like all others."""

    def all(
        self, states: Sequence[str] = ..., limit: int = 1000, beyond: Place | None = None
    ) -> list[IncidentRow]:
        """Incidents in these states (open ones), gravest first, then newest; `beyond` goes on behind that."""

    def get(self, ident: int) -> IncidentRow | None:
        """One incident, or None."""

    def of_alert(self, alert: int) -> int:
        """The incident an alert belongs to; 0 for none."""

    def page(self, ident: int) -> IncidentPage | None:
        """All of one incident, or None: alerts in order of time, links with reasons, entities, history."""

    def changes(self, since: int) -> tuple[int, list[int]]:
        """(newest change number, ids of incidents changed after `since`)."""

    def decide(
        self, ident: int, verb: str, *, actor: str, now: int, verdict: str = "", text: str = ""
    ) -> list[AuditRow]:
        """start, close, verdict, reopen or note; closing closes its open alerts. Raises `TransitionError`."""

    def escalate(
        self,
        alert_ids: Sequence[int],
        *,
        actor: str,
        now: int,
        into: int = 0,
        closing: bool = False,
        verdict: str = "",
        keep: bool = False,
        seen: int | None = None,
    ) -> list[AuditRow]:
        """Put alerts into an incident, a new one unless `into` names one, and say so of the alerts.

        With `keep` those that belong to one stay there. `seen` as of `Triage.decide`.
        """

    def split(self, ident: int, alert_ids: Sequence[int], *, actor: str, now: int) -> list[AuditRow]:
        """Take alerts out of an incident into a new one."""

    def merge(self, ident: int, others: Sequence[int], *, actor: str, now: int) -> list[AuditRow]:
        """Put all alerts of other incidents into one."""


class Groups(Protocol):
    """Alerts that are decided together."""

    def members(self, alert_id: int, verb: str, *, whole_rule: bool = False) -> list[int]:
        """The alerts of an alert's rule and entity (or rule) that a verb can be said of; open ones first.

        Raises TransitionError where there is no such alert.
        """


class Snoozes(Protocol):
    """Alerts that wake by themselves."""

    def wake(self, now: int) -> int:
        """Wake alerts whose time (µs) has passed and say how many; one read where there is none."""

    def next(self) -> int:
        """When (µs) the next alert wakes; 0 where none is snoozed."""


class Exceptions(Protocol):
    """What is kept from alerting, by whom, why and until when."""

    def all(self) -> list[ExceptionRow]:
        """Every exception that was not undone, newest first: those that ended, too."""

    def get(self, ident: int) -> ExceptionRow | None:
        """One of them, or None."""

    def add(
        self,
        made: Mapping[str, Any],
        *,
        actor: str,
        now: int,
        expires: int,
        alert: int = 0,
        closing: Sequence[int] = (),
        verdict: str = "false_positive",
    ) -> list[AuditRow]:
        """Put one in force and, in the same decision, close alerts; the last row is about the exception."""

    def end(self, ident: int, *, actor: str, now: int, expires: int | None = None) -> list[AuditRow]:
        """End one now, or have it end at another time."""

    def history(self, ident: int) -> list[AuditRow]:
        """The audit rows of one exception, oldest first."""


class Chronicle(Protocol):
    """What was decided when."""

    def decided(self, since: int, until: int) -> list[AuditRow]:
        """The audit rows of [since, until) µs of wall time, oldest first."""

    def newest(self) -> int:
        """The number of the newest audit row; 0 for none."""

    def since(self, row: int, limit: int) -> list[AuditRow]:
        """The audit rows after this one, oldest first."""


class Figures(Protocol):
    """How well triage goes, in numbers."""

    def figures(self, since: int, until: int, now: int) -> Metrics:
        """The figures of the alerts raised in [since, until) µs, and of what is open at `now` (µs).

        Reads them all, so call it from a thread.
        """
