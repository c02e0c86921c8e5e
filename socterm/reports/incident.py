"""An incident as a document: what happened in order, to whom, why it is one, and the lines that show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from socterm.reports import pieces
from socterm.reports.document import Block, Desk, Document, Ref, Section, Statement, quoted, said, strong
from socterm.reports.words import by_level, count, lasting, moment, spoken
from socterm.store.rows import AlertRow, AuditRow, EventRow
from socterm.taxonomy.attack import TACTICS, tactic_of

_TITLES: Final = {tactic.name: tactic.title for tactic in TACTICS}


class Link(msgspec.Struct, frozen=True):
    """Why an alert belongs to the incident; `by` are the alerts it was joined with."""

    alert: int
    reason: str
    by: tuple[int, ...] = ()


class Party(msgspec.Struct, frozen=True):
    """Somebody or something the incident is about, and its part in it."""

    field: str
    value: str
    role: str = ""
    alerts: tuple[int, ...] = ()


class IncidentFacts(msgspec.Struct):
    """What is known of an incident at `now` (µs).

    `newest` is the newest event's id. `decisions` are the audit rows about it and its alerts, `evidence`
    events to show, by alert; `narrative` is what a person or the analyst tells of it.
    """

    id: int
    title: str
    state: str
    owner: str
    author: str
    now: int
    newest: int
    alerts: Sequence[AlertRow] = ()
    links: Sequence[Link] = ()
    parties: Sequence[Party] = ()
    decisions: Sequence[AuditRow] = ()
    narrative: str = ""
    evidence: Mapping[int, Sequence[EventRow]] = {}


def incident_report(facts: IncidentFacts) -> Document:
    """The report; the same facts give the same report."""
    desk = Desk(Ref("incident", facts.id))
    alerts = sorted(facts.alerts, key=lambda row: (row.first, row.id))
    return Document(
        said(f"Incident {facts.id}: ", quoted(facts.title)),
        Block("list", tuple(_lead(desk, facts, alerts))),
        (
            *([Section("What happened", (_narrative(desk, facts),))] if facts.narrative else []),
            Section("Tactics, in order", (_tactics(desk, alerts),)),
            Section("Timeline", (_timeline(desk, alerts),)),
            Section("Who and what", (_parties(desk, facts, alerts),)),
            Section("Why this is one incident", (_links(desk, facts),)),
            Section("Decisions and notes", (_decisions(desk, facts, alerts),)),
            Section("Evidence", (pieces.evidence(desk, facts.evidence),)),
        ),
    )


def _lead(desk: Desk, facts: IncidentFacts, alerts: Sequence[AlertRow]) -> Iterable[Statement]:
    owner = (", in the hands of ", quoted(facts.owner)) if facts.owner else ()
    state = said("It is ", strong(spoken(facts.state)), *owner, f", as of {moment(facts.now)}.")
    yield desk.state(state, of=Ref("incident", facts.id), cites=[Ref("event", facts.newest)])
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


def _tactics(desk: Desk, alerts: Sequence[AlertRow]) -> Block:
    reached: dict[str, list[AlertRow]] = {}
    for row in alerts:
        for name in dict.fromkeys(tactic_of(tag) for tag in row.tags):
            if name:
                reached.setdefault(name, []).append(row)
    if not reached:
        return Block("list", (desk.state(said("Its rules name no tactic.")),))
    told = (
        desk.state(said(f"{moment(rows[0].first)}: ", strong(_TITLES.get(name, name))), cites=_refs(rows))
        for name, rows in reached.items()
    )
    return Block("list", tuple(told))


def _timeline(desk: Desk, alerts: Sequence[AlertRow]) -> Block:
    if not alerts:
        return Block("list", (desk.state(said("No alert is in it.")),))
    header = ("From", "To", "Level", "Alert", "About", "Events", "State")
    return Block("table", tuple(_alert(desk, row) for row in alerts), header)


def _alert(desk: Desk, row: AlertRow) -> Statement:
    return desk.state(
        said(moment(row.first)),
        said(moment(row.last)),
        pieces.graveness(row),
        pieces.titled(row),
        pieces.about(row.entity),
        said(f"{row.count:,}"),
        pieces.standing(row),
        of=Ref("alert", row.id),
    )


def _parties(desk: Desk, facts: IncidentFacts, alerts: Sequence[AlertRow]) -> Block:
    told = [
        desk.state(
            said(f"{party.field} "), said(quoted(party.value)), said(party.role),
            cites=[Ref("alert", number) for number in party.alerts],
        )
        for party in facts.parties or _named(alerts)
    ]  # fmt: skip
    if not told:
        return Block("list", (desk.state(said("Its alerts are about nobody that was named.")),))
    return Block("table", tuple(told), ("What", "Value", "Part in it"))


def _named(alerts: Sequence[AlertRow]) -> list[Party]:
    """Whom the alerts are about, in the order they appear."""
    found: dict[tuple[str, str], list[int]] = {}
    for row in alerts:
        for pair in row.entity.items():
            found.setdefault(pair, []).append(row.id)
    return [Party(name, value, "", tuple(ids)) for (name, value), ids in found.items()]


def _links(desk: Desk, facts: IncidentFacts) -> Block:
    if not facts.links:
        return Block("list", (desk.state(said("It is a single alert, or was put together by hand.")),))
    told = (
        desk.state(
            said(f"Alert {link.alert}: ", quoted(link.reason)),
            cites=[Ref("alert", number) for number in (link.alert, *link.by)],
        )
        for link in facts.links
    )
    return Block("list", tuple(told))


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
