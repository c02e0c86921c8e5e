"""From a store to the material of a case: bounded reads only, each quick on a big store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, tzinfo
from typing import Final, Protocol

from socterm.alerts.bonds import KINDS
from socterm.alerts.levels import rank_of
from socterm.alerts.states import STATES
from socterm.analyst.roles.evidence import Material, SourceFacts, Thing
from socterm.analyst.roles.pack import key_of
from socterm.errors import QueryError, UsageError
from socterm.query import parse, quote
from socterm.store.protocols import Analyses, Entities, Events, Incidents, Triage
from socterm.store.rows import AlertRow, EventRow

_EVIDENCE: Final = 200
"""Events of an alert that are looked at, from each end of it."""

_SHARED: Final = 400
"""Events of an incident from each end of its alerts, shared among them."""

_MEMBERS: Final = 20
_LOOKED_UP: Final = 5
_PAST: Final = 12
_TOLD_APART: Final = 6


class Doors(Protocol):
    """What of a store is read, and where the result is kept."""

    @property
    def events(self) -> Events:
        """The log."""

    @property
    def triage(self) -> Triage:
        """Alerts and what was decided of them."""

    @property
    def incidents(self) -> Incidents:
        """Alerts that belong together."""

    @property
    def entities(self) -> Entities:
        """What is known of users, addresses and hosts."""

    @property
    def analyses(self) -> Analyses:
        """What the roles said before."""


def named(about: str) -> tuple[str, int]:
    """The kind and number of a case: "alert:3" or "incident:2". Raises UsageError for anything else."""
    kind, _, number = about.partition(":")
    if kind not in ("alert", "incident") or not number.isdecimal():
        raise UsageError(f"{about[:40]!r} is no case: alert:3 or incident:2")
    return kind, int(number)


def gather(store: Doors, about: str, *, tz: tzinfo = UTC) -> Material:
    """What there is to know of a case. Raises UsageError where there is none."""
    kind, number = named(about)
    found = _alert(store, number, tz) if kind == "alert" else _incident(store, number, tz)
    _around(store, found)
    return found


def _alert(store: Doors, number: int, tz: tzinfo) -> Material:
    row = store.triage.alert(number)
    if row is None:
        raise UsageError(f"there is no alert {number}; socterm alerts list shows those there are")
    parts = store.triage.parts(number)[:_MEMBERS] if row.parts else []
    events, partial = _events(store, [row, *parts], _EVIDENCE)
    rule = next((one for one in store.triage.rules() if one.id == row.rule), None)
    return Material(
        about=f"alert:{number}", title=row.title, level=row.level, state=row.state, alerts=[row, *parts],
        events=events, verdict=row.verdict, owner=row.owner, why=row.description, partial=partial, tz=tz,
        falsepositives=rule.falsepositives if rule else (), check=rule.check if rule else (),
        incident=store.incidents.of_alert(number),
    )  # fmt: skip


def _incident(store: Doors, number: int, tz: tzinfo) -> Material:
    page = store.incidents.page(number)
    if page is None:
        raise UsageError(f"there is no incident {number}; socterm incidents list shows those there are")
    gravest = sorted(page.alerts, key=lambda one: (one.part_of != 0, -rank_of(one.level), one.first))
    read = (store.triage.alert(one.id) for one in gravest[:_MEMBERS])
    rows = [row for row in read if row is not None]
    events, partial = _events(store, rows, max(4, _SHARED // max(len(rows), 1)))
    rules = {one.id: one for one in store.triage.rules()}
    told = [rules[key] for key in dict.fromkeys(row.rule for row in rows) if key in rules]
    own = page.row
    return Material(
        about=f"incident:{number}", title=own.title, level=own.level, state=own.state, alerts=rows,
        events=events, verdict=own.verdict, owner=own.owner, why=f"opened by: {own.why}", tz=tz,
        partial=partial or len(page.alerts) > len(rows),
        falsepositives=_each(text for rule in told for text in rule.falsepositives),
        check=_each(step for rule in told[:2] for step in rule.check),
    )  # fmt: skip


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _events(store: Doors, alerts: Sequence[AlertRow], each: int) -> tuple[list[EventRow], bool]:
    """The first and last events of alerts, each once; whether there are more."""
    found: dict[int, EventRow] = {}
    partial = False
    for alert in alerts:
        newest = store.triage.alert_events(alert.id, limit=each)
        if len(newest) == each:
            partial = True
            oldest = store.triage.alert_events(alert.id, limit=each, newest_first=False)
            found.update((row.id, row) for row in oldest)
        found.update((row.id, row) for row in newest)
    return list(found.values()), partial


def _around(store: Doors, found: Material) -> None:
    """What the store knows of the things of a case, other alerts of them, and what was decided before."""
    own = {row.id for row in found.alerts}
    pairs = _each_pair(found)
    found.known = [thing for field, value in pairs if (thing := _thing(store, field, value)) is not None]
    others = {
        row.id: row
        for field, value in pairs
        for row in _asked(store, f"{field}:{quote(value)}")
        if row.id not in own and row.state != "merged"
    }
    ranked = sorted(others.values(), key=lambda row: (-rank_of(row.level), -row.last, row.id))
    found.related = [row for row in ranked if row.state != "closed" and not row.part_of]
    closed = {row.id: row for row in ranked if row.state == "closed" and row.verdict}
    for rule in _each(row.rule for row in found.alerts)[:_LOOKED_UP]:
        for row in _asked(store, f"rule:{quote(rule)} state:closed"):
            if row.id not in own and row.verdict:
                closed[row.id] = row
    rules = {row.rule for row in found.alerts}
    told = sorted(closed.values(), key=lambda row: (row.rule not in rules, -row.updated, row.id))
    found.closed = told[:_PAST]
    found.histories = {
        row.id: store.triage.history(row.id) for row in (*found.closed, *list(found.alerts)[:_LOOKED_UP])
    }
    found.stored = dict(_stored(store, found.events))
    found.sources = _sources(store, found.events)


def _asked(store: Doors, query: str) -> list[AlertRow]:
    try:
        return store.triage.alerts(states=STATES, query=parse(query), limit=_PAST, parts=True)
    except (QueryError, UsageError):  # a field of an entity that no query can name
        return []


def _each_pair(found: Material) -> list[tuple[str, str]]:
    """The fields and values that alerts are about, users and addresses before hosts."""
    pairs = dict.fromkeys(pair for row in found.alerts for pair in row.entity.items() if pair[0] in KINDS)
    return sorted(pairs, key=lambda pair: KINDS[pair[0]] == "host")[:_LOOKED_UP]


def _thing(store: Doors, field: str, value: str) -> Thing | None:
    try:
        page = store.entities.page(field, value)
    except UsageError:
        return None
    return Thing(
        field, value, baseline=page.baseline, lines=page.lines, risk=page.risk, alerts=len(page.alerts),
        known=dict(list(page.known.items())[:6]),
    )  # fmt: skip


def _stored(store: Doors, rows: Iterable[EventRow]) -> Iterator[tuple[tuple[str, str], int]]:
    """How many events of a kind there are among the latest: enough to know the rare ones."""
    after = max(0, store.events.newest_id() - _LATEST)
    for key in list(dict.fromkeys(map(key_of, rows)))[:_TOLD_APART]:
        action, outcome = key
        text = f"event.action:{quote(action)}" + (f" event.outcome:{outcome}" if outcome else "")
        if action and outcome in ("", "success", "failure"):
            yield key, len(store.events.ids(parse(text), after=after, limit=_COUNTED))


_COUNTED: Final = 500
"""Events of a kind that are counted; more than that is common."""

_LATEST: Final = 200_000
"""Latest events of the store among which a kind is counted: no index has kinds."""


def _sources(store: Doors, rows: Iterable[EventRow]) -> list[SourceFacts]:
    """The sources of events, those of most first."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.source] = counts.get(row.source, 0) + 1
    told = {one.name: one for one in store.triage.sources() if one.name in counts}
    facts = []
    for name, events in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        one = told.get(name)
        if one is None:
            facts.append(SourceFacts(name, events))
            continue
        dropped = sum(one.drops.values())
        facts.append(
            SourceFacts(name, events, one.lines, one.decoded, one.late, dropped, one.newest, one.error)
        )
    return facts
