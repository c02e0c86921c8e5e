"""What both reports say in the same way: an alert, a decision, an incident's line, lines of logs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from socterm.alerts.levels import rank_of
from socterm.reports.document import (
    Block,
    Cell,
    Desk,
    Ref,
    Run,
    Statement,
    level,
    muted,
    quoted,
    said,
    strong,
)
from socterm.reports.words import brief, count, moment, spoken
from socterm.store.doors.incident_rows import IncidentRow
from socterm.store.rows import AlertRow, AuditRow, EventRow
from socterm.taxonomy.attack import TACTICS

_DONE: Final = {
    "acknowledge": "acknowledged",
    "start": "began work on",
    "escalate": "escalated",
    "hand_over": "escalated and closed",
    "close": "closed",
    "verdict": "gave a verdict on",
    "snooze": "put off",
    "wake": "woke",
    "reopen": "reopened",
    "note": "noted on",
    "undo": "took back a decision on",
    "redo": "did again a decision on",
    "woke": "woke",
    "recur": "reopened",
    "merge": "joined",
    "open": "opened",
    "split": "split",
    "except": "added",
    "expire": "gave another end to",
}
"""Verb → what was done; others are spoken as they are."""

TITLES: Final = {tactic.name: tactic.title for tactic in TACTICS}


def rank(row: AlertRow) -> int:
    """How grave an alert is, greater is graver."""
    return rank_of(row.level)


def graveness(row: AlertRow) -> Cell:
    """Its level, with a mark."""
    return (level(row.level),)


def titled(row: AlertRow) -> Cell:
    """Its title, and how many alerts are part of it."""
    return said(row.title, muted(f" +{row.parts}") if row.parts else "")


def about(entity: Mapping[str, str]) -> Cell:
    """Whom an alert is about: each value to the letter."""
    found: list[str | Run] = []
    for name, value in entity.items():
        found += [" " if found else "", f"{name} ", quoted(value)]
    return said(*found)


def standing(row: AlertRow) -> Cell:
    """Its state, verdict and owner."""
    verdict = f", {spoken(row.verdict)}" if row.verdict else ""
    return said(f"{spoken(row.state)}{verdict}", *((", ", quoted(row.owner)) if row.owner else ()))


def done(verb: str) -> str:
    """What somebody did, in the past."""
    return _DONE.get(verb, spoken(verb))


def decision(desk: Desk, rows: Sequence[AuditRow], alerts: Mapping[int, AlertRow]) -> Statement:
    """One decision, however many alerts it was about: who, when, what, why."""
    first = rows[0]
    whom = [row.alert for row in rows if row.alert]
    things = [row.about.replace(":", " ") for row in rows if row.about]
    named = alerts.get(whom[0]) if len(whom) == 1 else None
    parts: list[str | Run] = [f"{moment(first.at)}: ", quoted(first.actor), f" {done(first.verb)} "]
    parts.append(", ".join([*([_whom(whom)] if whom else []), *things]) or "nothing")
    if named is not None:
        parts += [", ", named.title]
    verdict = str(first.after.get("verdict", ""))
    if verdict and verdict != first.before.get("verdict"):
        parts.append(f", as {spoken(verdict)}")
    if undone := min(row.undoes for row in rows):
        parts.append(f" (decision {undone})")
    if first.note:
        parts += [": ", quoted(first.note)]
    cites = [
        *(Ref("decision", row.id) for row in rows[1:]),
        *(Ref("alert", number) for number in whom),
        *(ref for row in rows if (ref := _thing(row.about)) is not None),
    ]
    return desk.state(said(*parts), of=Ref("decision", first.id), cites=cites)


def _thing(about: str) -> Ref | None:
    """What a decision is about besides alerts."""
    kind, _, ident = about.partition(":")
    if kind == "incident":
        return Ref("incident", int(ident))
    return Ref("exception", int(ident)) if kind == "exception" else None


def _whom(alerts: Sequence[int]) -> str:
    return f"alert {alerts[0]}" if len(alerts) == 1 else count(len(alerts), "alert")


def incident_row(desk: Desk, row: IncidentRow) -> Statement:
    """An incident in a table."""
    verdict = f", {spoken(row.verdict)}" if row.verdict else ""
    owner = (", ", quoted(row.owner)) if row.owner else ()
    return desk.state(
        (level(row.level),),
        said(strong(f"{row.id} "), row.title),
        said(f"{spoken(row.state)}{verdict}", *owner),
        said(f"{row.alerts:,}"),
        said(tactics(row.tactics)),
        said(brief(row.last)),
        of=Ref("incident", row.id),
    )


def tactics(names: Iterable[str]) -> str:
    """Tactics by their titles, in the order given."""
    return ", ".join(TITLES.get(name, name) for name in names)


def evidence(desk: Desk, found: Mapping[int, Iterable[EventRow]]) -> Block:
    """Lines of logs to the letter, each once, oldest first, with the alerts they are evidence of."""
    events: dict[int, EventRow] = {}
    alerts: dict[int, list[Ref]] = {}
    for alert, rows in found.items():
        for row in rows:
            events[row.id] = row
            alerts.setdefault(row.id, []).append(Ref("alert", alert))
    if not events:
        return Block("list", (desk.state(said("No line is shown.")),))
    told = (_line(desk, row, alerts[row.id]) for row in sorted(events.values(), key=lambda r: (r.ts, r.id)))
    return Block("lines", tuple(told))


def _line(desk: Desk, row: EventRow, cites: Sequence[Ref]) -> Statement:
    times = f", {row.repeat} times" if row.repeat > 1 else ""
    head = said(muted(f"{moment(row.ts)}, line {row.position + 1:,} of "), quoted(row.source), muted(times))
    return desk.state(head, said(quoted(row.raw)), of=Ref("event", row.id), cites=cites)
