"""Incidents as the store answers with them: what their rows and their alerts say together."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from socterm.alerts.incidents import Link
from socterm.alerts.levels import LEVELS
from socterm.store.ingest.stories import links_among
from socterm.store.ingest.things import some
from socterm.store.jsontext import from_json
from socterm.store.rows import AuditRow
from socterm.taxonomy.attack import tactic_of, technique_of


class IncidentRow(msgspec.Struct):
    """An incident as listed. Times are µs of event time; `created` and `updated` are of the clock.

    `why` is what opened it; `title` and `entity` are those of its gravest alert, the earliest of several;
    `tactics` are those its alerts name, in the order in which they were reached.
    """

    id: int
    state: str
    verdict: str
    owner: str
    notes: int
    why: str
    level: str
    first: int
    last: int
    alerts: int
    merged_into: int
    created: int
    updated: int
    title: str = ""
    tactics: tuple[str, ...] = ()
    entity: dict[str, str] = {}


class Role(msgspec.Struct, frozen=True):
    """A user, address or host of an incident: in how many alerts, and whether one is about it."""

    field: str
    value: str
    alerts: int
    named: bool


class MemberRow(msgspec.Struct):
    """An alert of an incident; `fired`: when its rule was satisfied; `pinned`: a person put it there."""

    id: int
    title: str
    level: str
    state: str
    entity: dict[str, str]
    tags: tuple[str, ...]
    first: int
    last: int
    fired: int
    count: int
    part_of: int
    pinned: bool


class IncidentPage(msgspec.Struct):
    """All of an incident: alerts in order of time, why they belong to it, whom it is about, what was done."""

    row: IncidentRow
    alerts: list[MemberRow]
    links: list[Link]
    roles: list[Role]
    history: list[AuditRow]


_ENTITY, _TAGS, _PINNED = map(MemberRow.__struct_fields__.index, ("entity", "tags", "pinned"))
ROW = (
    "i.id, i.state, i.verdict, i.owner, i.notes, i.why, i.rank, i.first, i.last, i.alerts, i.merged_into, "
    "i.created, i.updated"
)
_MEMBER = (
    "a.id, a.title, a.level, a.state, a.entity, a.tags, a.first, a.last, a.fired, a.count, a.part_of, "
    "s.pinned"
)


def read_page(db: sqlite3.Connection, ident: int, history: Sequence[AuditRow]) -> IncidentPage | None:
    """All of one incident, or None."""
    row = db.execute(f"SELECT {ROW} FROM incidents i WHERE i.id = ?", (ident,)).fetchone()
    if row is None:
        return None
    members = members_of(db, ident)
    ids = [member.id for member in members]
    found = sorted(links_among(db, ids))
    return IncidentPage(_summed(row, members), members, found, _roles(db, ids), list(history))


def members_of(db: sqlite3.Connection, ident: int) -> list[MemberRow]:
    """The alerts of an incident, in order of time."""
    rows = db.execute(
        f"SELECT {_MEMBER} FROM alert_stories s JOIN alerts a ON a.id = s.alert WHERE s.incident = ? "
        "AND s.incident != 0 ORDER BY a.first, a.last, a.id",
        (ident,),
    )
    return [_member(row) for row in rows.fetchall()]


def _member(row: tuple[Any, ...]) -> MemberRow:
    values = list(row)
    values[_ENTITY] = from_json(row[_ENTITY])
    values[_TAGS] = _tags(row[_TAGS])
    values[_PINNED] = bool(row[_PINNED])
    return MemberRow(*values)


@lru_cache(maxsize=1024)
def _tags(text: str) -> tuple[str, ...]:
    """Those of a rule stand in each of its alerts."""
    return tuple(from_json(text))


def listed(db: sqlite3.Connection, row: tuple[Any, ...]) -> IncidentRow:
    """An incident's row, with what its alerts say."""
    return _summed(row, members_of(db, row[0]))


def _summed(row: tuple[Any, ...], members: Iterable[MemberRow]) -> IncidentRow:
    values: dict[str, Any] = dict(zip(IncidentRow.__struct_fields__, row, strict=False))
    by_rank = sorted(members, key=lambda one: (-LEVELS.index(one.level), one.part_of != 0, one.first))
    values["level"] = LEVELS[values["level"]]
    if by_rank:
        values |= {"title": by_rank[0].title, "entity": by_rank[0].entity}
    return IncidentRow(**values, tactics=tactics(by_rank))


def tactics(members: Iterable[MemberRow]) -> tuple[str, ...]:
    """The tactics alerts name, in the order in which their rules were satisfied.

    Alerts that name no technique (those about other alerts) only count where there are no others.
    """
    known = list(members)
    telling = [one for one in known if _said(one.tags)[0]] or known
    telling.sort(key=lambda one: (one.fired or one.last, one.first))
    return tuple(dict.fromkeys(name for one in telling for name in _said(one.tags)[1]))


@lru_cache(maxsize=1024)
def _said(tags: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """(whether tags name a technique, the tactics they name)."""
    return any(map(technique_of, tags)), tuple(name for tag in tags if (name := tactic_of(tag)))


def _roles(db: sqlite3.Connection, alerts: Collection[int]) -> list[Role]:
    """The users, addresses and hosts of alerts, those most often met first."""
    counts: dict[tuple[str, str], set[int]] = defaultdict(set)
    named: set[tuple[str, str]] = set()
    sql = "SELECT alert, field, value, own FROM alert_things WHERE alert IN (%s)"
    for alert, field, value, own in some(db, sql, alerts):
        counts[field, value].add(alert)
        if own:
            named.add((field, value))
    ranked = sorted(counts.items(), key=lambda item: (-len(item[1]), item[0]))
    return [Role(*key, len(met), key in named) for key, met in ranked]
