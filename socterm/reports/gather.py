"""From a store to the facts of a report: reads only, and nothing but what the report says."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final, Protocol

from socterm.alerts.states import STATES
from socterm.analyst.roles.told import kept_narrative
from socterm.errors import UsageError
from socterm.reports.incident import IncidentFacts
from socterm.reports.shift import ShiftFacts
from socterm.store.doors.incident_rows import IncidentRow
from socterm.store.protocols import (
    Analyses,
    Chronicle,
    Events,
    Exceptions,
    Figures,
    Incidents,
    Snoozes,
    Triage,
)
from socterm.store.rows import AlertRow, AuditRow, EventRow

MOST: Final = 100_000
"""Alerts looked at."""

SHOWN: Final = 20
"""Open alerts, gravest first, whose lines a hand-over shows."""

SOON: Final = 7 * 86_400_000_000
"""µs before its end that an exception is told of."""


class Doors(Protocol):
    """What of a store is read."""

    @property
    def events(self) -> Events:
        """The log."""

    @property
    def triage(self) -> Triage:
        """Alerts and decisions on them."""

    @property
    def snoozes(self) -> Snoozes:
        """Alerts that wake by themselves."""

    @property
    def chronicle(self) -> Chronicle:
        """What was decided when."""

    @property
    def incidents(self) -> Incidents:
        """Alerts that belong together."""

    @property
    def exceptions(self) -> Exceptions:
        """What is kept from alerting."""

    @property
    def analyses(self) -> Analyses:
        """What the analyst's roles said."""

    @property
    def metrics(self) -> Figures:
        """How well triage goes."""


def shift_facts(store: Doors, *, since: int, until: int, author: str, lines: int = 3) -> ShiftFacts:
    """What there is to hand over of [since, until) µs of wall time; of each alert so many lines of logs."""
    store.snoozes.wake(until)
    triage = store.triage
    decisions = store.chronicle.decided(since, until + 1)  # what woke just now belongs to it
    opened = triage.alerts(limit=MOST)
    raised = (row for row in triage.alerts(states=STATES, limit=MOST, parts=True) if row.state != "merged")
    return ShiftFacts(
        since=since,
        until=until,
        author=author,
        newest=store.events.newest_id(),
        open=opened,
        snoozed=triage.alerts(states=("snoozed",), limit=MOST),
        arrived=sorted((row for row in raised if since <= row.created < until), key=lambda row: row.id),
        decisions=decisions,
        alerts=_decided(store, decisions),
        incidents=_incidents(store, since),
        sources=triage.sources(),
        ending=[row for row in store.exceptions.all() if until < row.expires <= until + SOON],
        metrics=store.metrics.figures(since, until, until),
        evidence={row.id: _lines(store, row, lines) for row in opened[:SHOWN]} if lines else {},
    )


def incident_facts(
    store: Doors, ident: int, *, now: int, author: str, lines: int = 10, narrative: str = ""
) -> IncidentFacts:
    """What there is to tell of an incident at `now` (µs); of each alert so many lines of logs.

    The narrative is what the analyst's roles last said of it, unless another is given. Raises `UsageError`
    where there is none.
    """
    page = store.incidents.page(ident)
    if page is None:
        raise UsageError(f"there is no incident {ident}; socterm incidents list shows those there are")
    found = (store.triage.alert(member.id) for member in page.alerts)
    alerts = [row for row in found if row is not None]
    told = {row.id: row for row in page.history}
    for alert in alerts:
        told.update((row.id, row) for row in store.triage.history(alert.id))
    return IncidentFacts(
        row=page.row,
        author=author,
        now=now,
        newest=store.events.newest_id(),
        alerts=alerts,
        fired={member.id: member.fired or member.last for member in page.alerts},
        links=page.links,
        roles=page.roles,
        decisions=[told[number] for number in sorted(told)],
        narrative=narrative or kept_narrative(store, ident),
        evidence={row.id: _lines(store, row, lines) for row in alerts} if lines else {},
    )


def _incidents(store: Doors, since: int) -> list[IncidentRow]:
    """Those that are open, then those that were closed since a moment."""
    others = (row for row in store.incidents.all(("closed",)) if row.updated >= since)
    return [*store.incidents.all(), *others]


def _decided(store: Doors, decisions: Iterable[AuditRow]) -> dict[int, AlertRow]:
    """The alerts that somebody decided about, as far as a decision names one alone."""
    bulks: dict[int, list[int]] = {}
    for row in decisions:
        if row.alert:
            bulks.setdefault(row.bulk or row.id, []).append(row.alert)
    alone = dict.fromkeys(ids[0] for ids in bulks.values() if len(ids) == 1)
    found = (store.triage.alert(ident) for ident in alone)
    return {row.id: row for row in found if row is not None}


def _lines(store: Doors, row: AlertRow, most: int) -> list[EventRow]:
    """The first lines of an alert's evidence and the last ones, oldest first."""
    first = store.triage.alert_events(row.id, limit=(most + 1) // 2, newest_first=False)
    last = store.triage.alert_events(row.id, limit=most // 2) if most > 1 else []
    known = {event.id: event for event in (*first, *last)}
    return list(islice(sorted(known.values(), key=lambda event: (event.ts, event.id)), most))
