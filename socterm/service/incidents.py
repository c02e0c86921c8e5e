"""Incidents over HTTP: listed and shown."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import Field

from socterm.alerts.incidents import OPEN_STATES, STATES
from socterm.alerts.levels import rank_of
from socterm.service.alerts import Audit, audit_json
from socterm.service.answers import Moment, Told, moment
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.pages import Next, Paged, next_of, numbers
from socterm.service.problems import RequestError
from socterm.store.doors.incident_rows import IncidentRow, MemberRow

State = Literal["open", "in_progress", "closed", "merged", "withdrawn"]


class Incident(Told):
    """Alerts that tell one story; title and entity are those of its gravest alert."""

    id: int
    state: str
    verdict: str
    owner: str
    notes: int
    why: str
    level: str
    first: Moment
    last: Moment
    alerts: int
    merged_into: int
    created: Moment
    updated: Moment
    title: str
    tactics: list[str]
    entity: dict[str, str]


class Member(Told):
    """An alert of an incident."""

    id: int
    title: str
    level: str
    state: str
    entity: dict[str, str]
    tags: list[str]
    first: Moment
    last: Moment
    fired: Moment
    count: int
    part_of: int
    pinned: bool


class Link(Told):
    """Why an alert belongs to another one: the field and value both have; "" where it is part of it."""

    alert: int
    field: str
    value: str
    other: int


class Role(Told):
    """A user, address or host: in how many alerts, and whether one is about it."""

    field: str
    value: str
    alerts: int
    named: bool


class IncidentPage(Told):
    """Incidents, gravest first, then newest."""

    incidents: list[Incident]
    next: Next


class IncidentDetail(Incident):
    """All of an incident: alerts in order of time, why they belong to it, whom it is about, what was done."""

    members: list[Member]
    links: list[Link]
    entities: list[Role]
    history: list[Audit]


class IncidentQuery(Paged):
    """Which incidents: open ones unless states are named."""

    state: Annotated[list[State], Field(max_length=len(STATES))] | None = None


def incident_json(row: IncidentRow) -> dict[str, Any]:
    """An incident as `Incident` says."""
    told = msgspec.structs.asdict(row)
    return told | {name: moment(told[name]) for name in ("first", "last", "created", "updated")}


def _member(row: MemberRow) -> dict[str, Any]:
    told = msgspec.structs.asdict(row)
    return told | {name: moment(told[name]) for name in ("first", "last", "fired")}


def _list(call: Call[IncidentQuery, Nothing]) -> dict[str, Any]:
    asked = call.query
    place = numbers(asked.cursor, 3)
    rows = call.service.store.incidents.all(
        asked.state or OPEN_STATES, asked.limit + 1, (place[0], place[1], place[2]) if place else None
    )
    shown = rows[: asked.limit]
    key = (rank_of(shown[-1].level), shown[-1].last, shown[-1].id) if shown else ()
    return {
        "incidents": [incident_json(row) for row in shown],
        "next": next_of(key, more=len(rows) > asked.limit),
    }


def _show(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    page = call.service.store.incidents.page(call.number)
    if page is None:
        raise RequestError(404, "not_found", f"there is no incident {call.number}")
    return {
        **incident_json(page.row),
        "members": [_member(one) for one in page.alerts],
        "links": page.links,
        "entities": page.roles,
        "history": [audit_json(one) for one in page.history],
    }


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/v1/incidents", "List incidents, gravest first, then newest", _list, "read",
        answer=IncidentPage, query=IncidentQuery,
    ),
    Endpoint(
        "GET", "/api/v1/incidents/{id}", "Show an incident: its alerts, their links, what was done",
        _show, "read", answer=IncidentDetail,
    ),
)  # fmt: skip
