"""An incident as a document: what happened in order, to whom, why it is one, and the lines that show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from socterm.alerts.incidents import Link
from socterm.reports import pieces
from socterm.reports.document import (
    Block,
    Desk,
    Document,
    Ref,
    Run,
    Section,
    Statement,
    level,
    quoted,
    said,
    strong,
)
from socterm.reports.words import brief, by_level, count, lasting, moment, spoken
from socterm.store.doors.incident_rows import IncidentRow, Role
from socterm.store.rows import AlertRow, AuditRow, EventRow
from socterm.taxonomy.attack import tactic_of

_WHY: Final = {"high": "an alert of level high or above", "by hand": "a person"}
"""What opened an incident, where the store has a word of its own for it."""


class IncidentFacts(msgspec.Struct):
    """What is known of an incident at `now` (µs).

    `newest` is the newest event's id. `alerts` are its own, `fired` when (µs) their rules were satisfied,
    `links` why they belong together, `roles` whom it is about. `decisions` are the audit rows about it and
    its alerts, `evidence` events to show, by alert; `narrative` is what the analyst tells of it.
    """

    row: IncidentRow
    author: str
    now: int
    newest: int
    alerts: Sequence[AlertRow] = ()
    fired: Mapping[int, int] = {}
    links: Sequence[Link] = ()
    roles: Sequence[Role] = ()
    decisions: Sequence[AuditRow] = ()
    narrative: str = ""
    evidence: Mapping[int, Sequence[EventRow]] = {}


def incident_report(facts: IncidentFacts) -> Document:
    """The report; the same facts give the same report."""
    desk = Desk(Ref("incident", facts.row.id))
    alerts = sorted(facts.alerts, key=lambda row: (row.first, row.id))
    return Document(
        said(f"Incident {facts.row.id}: {facts.row.title}"),
        Block("list", tuple(_lead(desk, facts, alerts))),
        (
            *([Section("What happened", (_narrative(desk, facts),))] if facts.narrative else []),
            Section("Tactics, in order", (_tactics(desk, facts, alerts),)),
            Section("Timeline", (_timeline(desk, alerts),)),
            Section("Who and what", (_parties(desk, facts, alerts),)),
            Section("Why this is one incident", (_links(desk, facts),)),
            Section("Decisions and notes", (_decisions(desk, facts, alerts),)),
            Section("Evidence", (pieces.evidence(desk, facts.evidence),)),
        ),
    )


def _lead(desk: Desk, facts: IncidentFacts, alerts: Sequence[AlertRow]) -> Iterable[Statement]:
    row = facts.row
    owner = (", in the hands of ", quoted(row.owner)) if row.owner else ()
    verdict = f", {spoken(row.verdict)}" if row.verdict else ""
    merged = f", its alerts belong to incident {row.merged_into}" if row.merged_into else ""
    state = said(
        "It is ", strong(spoken(row.state)), verdict, *owner, f"{merged}, as of {moment(facts.now)}."
    )
    yield desk.state(state, of=Ref("incident", row.id), cites=[Ref("event", facts.newest)])
    why = _WHY.get(row.why) or quoted(row.why)
    yield desk.state(said("Its level is ", level(row.level), "; what opened it: ", why, "."))
    yield desk.state(said("Written for ", quoted(facts.author), ". All times are UTC."))
    if not alerts:
        return
    first, last = min(row.first for row in alerts), max(row.last for row in alerts)
    cites = _refs(alerts)
    yield desk.state(said(f"From {moment(first)} to {moment(last)}, {lasting(last - first)}."), cites=cites)
    told = by_level(row.level for row in alerts)
    events = sum(row.count for row in alerts)
    yield desk.state(
        said(strong(count(len(alerts), "alert")), f" ({told}) over {count(events, 'event')}."), cites=cites
    )


def _narrative(desk: Desk, facts: IncidentFacts) -> Block:
    lines = [line for line in facts.narrative.splitlines() if line.strip()]
    return Block("list", tuple(desk.state(said(quoted(line))) for line in lines))


def _tactics(desk: Desk, facts: IncidentFacts, alerts: Sequence[AlertRow]) -> Block:
    if not facts.row.tactics:
        return Block("list", (desk.state(said("Its rules name no tactic.")),))
    told = []
    for name in facts.row.tactics:
        rows = [row for row in alerts if name in map(tactic_of, row.tags)]
        since = min((facts.fired.get(row.id, row.last) for row in rows), default=0)
        when = f"{moment(since)}: " if since else ""
        told.append(desk.state(said(when, strong(pieces.tactics((name,)))), cites=_refs(rows)))
    return Block("list", tuple(told))


def _timeline(desk: Desk, alerts: Sequence[AlertRow]) -> Block:
    if not alerts:
        return Block("list", (desk.state(said("No alert is in it.")),))
    header = ("From", "To", "Level", "Alert", "About", "Events", "State")
    return Block("table", tuple(_alert(desk, row) for row in alerts), header)


def _alert(desk: Desk, row: AlertRow) -> Statement:
    return desk.state(
        said(brief(row.first)),
        said(brief(row.last)),
        pieces.graveness(row),
        pieces.titled(row),
        pieces.about(row.entity),
        said(f"{row.count:,}"),
        pieces.standing(row),
        of=Ref("alert", row.id),
    )


def _parties(desk: Desk, facts: IncidentFacts, alerts: Sequence[AlertRow]) -> Block:
    if not facts.roles:
        return Block("list", (desk.state(said("Its alerts name nobody.")),))
    told = (_party(desk, role, alerts) for role in facts.roles)
    return Block("table", tuple(told), ("What", "Value", "Part in it"))


def _party(desk: Desk, role: Role, alerts: Sequence[AlertRow]) -> Statement:
    about = [row for row in alerts if row.entity.get(role.field) == role.value]
    part = f"in {count(role.alerts, 'alert')}" + (f", {len(about):,} of them about it" if about else "")
    return desk.state(said(role.field), said(quoted(role.value)), said(part), cites=_refs(about))


def _links(desk: Desk, facts: IncidentFacts) -> Block:
    if not facts.links:
        return Block("list", (desk.state(said("It is a single alert, or was put together by hand.")),))
    joined: dict[int, list[Link]] = {}
    for link in facts.links:
        joined.setdefault(link.alert, []).append(link)
    return Block("list", tuple(_joined(desk, links) for links in joined.values()))


def _joined(desk: Desk, links: Sequence[Link]) -> Statement:
    """All that joins one alert to others."""
    parts: list[str | Run] = [f"Alert {links[0].alert}"]
    for number, link in enumerate(links):
        parts.append(", and " if number else " ")
        if link.field:
            parts += [f"has {link.field} ", quoted(link.value), f" in common with alert {link.other}"]
        else:
            parts.append(f"is part of alert {link.other}")
    cites = [Ref("alert", number) for link in links for number in (link.alert, link.other)]
    return desk.state(said(*parts, "."), cites=cites)


def _decisions(desk: Desk, facts: IncidentFacts, alerts: Sequence[AlertRow]) -> Block:
    bulks: dict[int, list[AuditRow]] = {}
    for row in facts.decisions:
        bulks.setdefault(row.bulk or row.id, []).append(row)
    if not bulks:
        return Block("list", (desk.state(said("Nobody decided anything.")),))
    known = {row.id: row for row in alerts}
    return Block("list", tuple(pieces.decision(desk, rows, known) for rows in bulks.values()))


def _refs(rows: Iterable[AlertRow]) -> list[Ref]:
    return [Ref("alert", row.id) for row in rows]
