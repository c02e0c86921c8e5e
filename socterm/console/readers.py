"""What the console reads of the store, as plain functions for worker threads."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from socterm.alerts.states import OPEN_STATES, STATES
from socterm.console.messages import HeaderRead
from socterm.console.theme import LEVELS
from socterm.query import Query, parse
from socterm.store.protocols import (
    Analyses,
    Chronicle,
    Entities,
    Events,
    Exceptions,
    Figures,
    Groups,
    History,
    Hunts,
    Incidents,
    Snoozes,
    SqlQuestions,
    Templates,
    Triage,
)
from socterm.store.rows import AlertRow, Bucket

FIRST = 2_000
"""Hits read at once when a filter changes: more than a screen, and quick on ten million events."""

STEP = 10_000
"""Ids read in one go while catching up with ingest."""

MINUTE = 60_000_000

MOST = 200_000
"""Ids taken over in one poll; a console that fell further behind starts again at the newest."""


class Store(Protocol):
    """The store as the console sees it: its two doors, one file behind both by default."""

    @property
    def events(self) -> Events:
        """The log."""

    @property
    def triage(self) -> Triage:
        """Alerts and decisions."""

    @property
    def history(self) -> History:
        """The log from end to end, in short reads."""

    @property
    def hunts(self) -> Hunts:
        """Saved views."""

    @property
    def sql(self) -> SqlQuestions:
        """Read-only SQL over views."""

    @property
    def templates(self) -> Templates:
        """Kinds of lines."""

    @property
    def exceptions(self) -> Exceptions:
        """What is kept from alerting."""

    @property
    def path(self) -> Path:
        """The file behind both."""

    @property
    def snoozes(self) -> Snoozes:
        """Alerts that wake by themselves."""

    @property
    def groups(self) -> Groups:
        """Alerts that are decided together."""

    @property
    def chronicle(self) -> Chronicle:
        """What was decided when."""

    @property
    def entities(self) -> Entities:
        """All that is known of one user, address or host."""

    @property
    def incidents(self) -> Incidents:
        """Alerts that tell one story."""

    @property
    def metrics(self) -> Figures:
        """How well triage goes."""

    @property
    def analyses(self) -> Analyses:
        """What the analyst's roles said, and what they propose."""

    def interrupt(self, thread: threading.Thread | None = None) -> None:
        """Stop the query a thread is running."""


def parse_filter(text: str, now: int) -> Query | None:
    """The query of a filter line, None for an empty one. Raises QueryError with the place of the mistake."""
    return parse(text, now=now) if text.strip() else None


def doubts_of(text: str, now: int) -> list[str]:
    """What may be mistyped in a filter that nothing passes. Raises QueryError as `parse_filter`."""
    from socterm.store.meant import doubts  # the table of all fields

    return doubts(query) if (query := parse_filter(text, now)) else []


def newest_ids(store: Store, query: Query | None) -> tuple[array[int], int]:
    """(the newest matching ids, ascending; the id up to which was looked)."""
    upto = store.events.newest_id()
    ids = store.events.ids(query, before=upto + 1, limit=FIRST)
    return array("q", reversed(ids)), upto


def newer_ids(store: Store, query: Query | None, after: int) -> tuple[array[int], int]:
    """(matching ids beyond `after`, ascending; the id up to which was looked)."""
    upto = store.events.newest_id()
    found: list[int] = []
    before = upto + 1
    while len(found) < MOST:
        ids = store.events.ids(query, after=after, before=before, limit=STEP)
        found += ids
        if len(ids) < STEP:
            break
        before = ids[-1]
    return array("q", reversed(found)), upto


def older_ids(store: Store, query: Query | None, before: int) -> array[int]:
    """Matching ids below `before`, ascending."""
    return array("q", reversed(store.events.ids(query, before=before, limit=FIRST)))


def gravest(alerts: Iterable[AlertRow]) -> str:
    """The gravest level among alerts; "" for none."""
    levels = {alert.level for alert in alerts}
    return next((level for level in LEVELS if level in levels), "")


def levels_of(store: Store, ids: Iterable[int]) -> dict[int, str]:
    """For each event that is evidence: the gravest level of its alerts."""
    found = {event: gravest(store.triage.alerts_of_event(event)) for event in ids}
    return {event: level for event, level in found.items() if level}


def bars(store: Store, now: int, span: int, count: int) -> tuple[list[Bucket], int]:
    """(bars over about the last `span` µs, their end): up to now, or to the newest event where that is old.

    It ends with a whole minute, because minutes are what is counted.
    """
    newest = store.events.get([store.events.newest_id()])
    last = now if not newest or newest[0].ts > now - span else newest[0].ts
    end = (last // MINUTE + 1) * MINUTE
    return store.events.histogram(end - span, end, count), end


def octets_of(path: Path) -> int:
    """How much room a store takes: the file and its write-ahead log."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def vital_signs(store: Store, now: int) -> HeaderRead:
    """What the header shows of sources and file."""
    rows = store.triage.sources()
    buckets, _ = bars(store, now, 8 * MINUTE, 8)
    names = tuple((row.name, row.lines, row.decoded, row.note) for row in rows)
    recent = tuple(bucket.events for bucket in buckets)
    return HeaderRead(names, recent, octets=octets_of(store.path))


MOST_ALERTS = 50_000
"""Alerts in the list at once, gravest first; the title tells where there are more."""

FEW = 200
"""Up to so many changed alerts are read one by one instead of the whole list."""

EVERY = tuple(state for state in STATES if state != "merged")
"""Open and closed alerts; a merged one lives on in another."""


def read_alerts(store: Store, text: str, now: int, *, closed: bool, parts: bool = False) -> list[AlertRow]:
    """The alerts that pass a filter line, at most `MOST_ALERTS`; open ones unless `closed`.

    What is part of another that passes it is left out unless `parts`.
    """
    return store.triage.alerts(
        states=EVERY if closed else None, query=parse_filter(text, now), limit=MOST_ALERTS, parts=parts
    )


def amended(
    store: Store, known: Mapping[int, AlertRow], changed: Iterable[int], *, closed: bool, parts: bool = False
) -> list[AlertRow]:
    """The alerts known, with those that changed read anew: far cheaper than reading them all."""
    wanted = EVERY if closed else OPEN_STATES

    def listed(row: AlertRow) -> bool:
        if row.state not in wanted or parts or not row.part_of:
            return row.state in wanted
        head = store.triage.alert(row.part_of)
        return head is None or head.state not in wanted

    rows = dict(known)
    for number in changed:
        row = store.triage.alert(number)
        if row is not None and listed(row):
            rows[number] = row
        else:
            rows.pop(number, None)
    return list(rows.values())
