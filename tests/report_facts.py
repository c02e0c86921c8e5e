"""Facts for reports in which every text can be chosen, and the two reports made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat

from socterm.alerts.incidents import Link
from socterm.alerts.metrics import Life, Step, measure
from socterm.reports import Document, IncidentFacts, ShiftFacts, incident_report, shift_report
from socterm.store.doors.incident_rows import IncidentRow, Role
from socterm.store.rows import AlertRow, AuditRow, EventRow, ExceptionRow, SourceRow

HOUR = 3_600_000_000
NOW = 1_795_168_800_000_000  # 2026-11-20 10:00:00 UTC
SINCE = NOW - 8 * HOUR

Say = Callable[[], str]


def saying(*texts: str) -> Say:
    """Gives these texts in turn, then the last one again and again."""
    rest: Iterator[str] = chain(texts, repeat(texts[-1] if texts else "x"))
    return lambda: next(rest)


def alert(ident: int, say: Say, level: str = "high", **more: object) -> AlertRow:
    """An alert raised two hours before now."""
    made = NOW - 2 * HOUR + ident
    row = AlertRow(
        id=ident, rule=f"rule{ident % 2}", title=say(), level=level, description=say(),
        tags=("attack.credential-access", say()), entity={"source.ip": say(), "user.name": say()},
        first=made - 60_000_000, last=made, count=3, signals=1, settled=True, key="", state="new", verdict="",
        owner=say(), notes=0, created=made, updated=made,
    )  # fmt: skip
    for name, value in more.items():
        setattr(row, name, value)
    return row


def event(ident: int, say: Say) -> EventRow:
    return EventRow(id=ident, ts=NOW - HOUR + ident, source=say(), position=ident, raw=say(), fields={})


def decision(ident: int, number: int, say: Say, verb: str = "close", **more: object) -> AuditRow:
    row = AuditRow(
        id=ident, at=NOW - HOUR, actor=say(), alert=number, verb=verb, before={"verdict": ""},
        after={"verdict": "false_positive"}, note=say(), undoes=0, hash="", bulk=ident,
    )  # fmt: skip
    for name, value in more.items():
        setattr(row, name, value)
    return row


def source(say: Say, **more: object) -> SourceRow:
    row = SourceRow(
        name=say(), position=100, lines=100, decoded=50, newest=NOW - 3 * HOUR, late=0, drops={"cut": 2},
        note=say(), updated=NOW, formats={"sshd": 50}, samples=(7, 8), error=say(), rate=0.0,
    )  # fmt: skip
    for name, value in more.items():
        setattr(row, name, value)
    return row


def exception(ident: int, say: Say) -> ExceptionRow:
    return ExceptionRow(
        id=ident, document=say(), title=say(), rules=(say(),), reason=say(), author=say(), created=NOW - HOUR,
        expires=NOW + 30 * HOUR, alert=2, problem="", hits=3, last_hit=NOW,
    )  # fmt: skip


def incident_row(say: Say) -> IncidentRow:
    return IncidentRow(
        id=5, state="closed", verdict="true_positive", owner=say(), notes=1, why=say(), level="high",
        first=NOW - 2 * HOUR, last=NOW - HOUR, alerts=2, merged_into=0, created=NOW - HOUR, updated=NOW,
        title=say(), tactics=("credential-access", "impact"),
    )  # fmt: skip


def shift(say: Say) -> Document:
    """A hand-over with something in every section."""
    rows = [alert(1, say, "critical"), alert(2, say, "low", state="acknowledged", parts=2)]
    put_off = alert(3, say, state="snoozed", until=NOW + HOUR)
    part = alert(4, say, part_of=2, state="closed", verdict="false_positive")
    life = Life(4, "r", "t", "high", SINCE, SINCE + 5, "closed", "false_positive",
                steps=(Step(1, SINCE + 9, "close", "new", "closed"),))  # fmt: skip
    facts = ShiftFacts(
        since=SINCE,
        until=NOW,
        author=say(),
        newest=40,
        open=rows,
        snoozed=[put_off],
        arrived=[*rows, put_off, part],
        decisions=[
            decision(1, 4, say),
            decision(2, 2, say, "note"),
            decision(3, 3, say, "woke", actor="socterm"),
        ],
        alerts={4: part},
        incidents=[incident_row(say)],
        sources=[source(say), source(say, newest=0, lines=0, decoded=0, drops={})],
        ending=[exception(6, say)],
        metrics=measure([life], [("high", SINCE)], 1, SINCE, NOW, NOW, {rows[0].rule: say()}),
        evidence={1: [event(7, say), event(8, say)], 2: [event(8, say)]},
    )
    return shift_report(facts)


def incident(say: Say) -> Document:
    """An incident with something in every section."""
    facts = IncidentFacts(
        row=incident_row(say),
        author=say(),
        now=NOW,
        newest=40,
        alerts=[alert(1, say), alert(2, say, "critical")],
        links=[Link(2, "source.ip", say(), 1), Link(2, "", "", 1)],
        roles=[Role("source.ip", say(), 2, True), Role("user.name", say(), 1, False)],
        decisions=[decision(1, 1, say), decision(2, 0, say, "escalate", about="incident:5")],
        narrative=say(),
        evidence={1: [event(7, say)], 2: [event(8, say), event(7, say)]},
    )
    return incident_report(facts)


REPORTS = {"shift": shift, "incident": incident}
