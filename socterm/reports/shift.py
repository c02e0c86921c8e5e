"""The hand-over of a shift: what is open, what was decided, where the noise is, what to keep an eye on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from socterm.alerts.metrics import HOUR, Metrics, Spread
from socterm.reports import pieces
from socterm.reports.document import (
    Block,
    Desk,
    Document,
    Ref,
    Section,
    Statement,
    muted,
    quoted,
    said,
    strong,
)
from socterm.reports.words import brief, by_level, count, lasting, moment
from socterm.store.doors.incident_rows import IncidentRow
from socterm.store.rows import AlertRow, AuditRow, EventRow, ExceptionRow, SourceRow

SILENT: Final = HOUR
"""µs without an event after which a source is worth a look."""

UNDERSTOOD: Final = 0.95
"""The share of its lines that should be understood of a source."""

NOISIEST: Final = 10
SYSTEM: Final = "socterm"
"""The actor of what the software decided."""


class ShiftFacts(msgspec.Struct):
    """What was so in [since, until) µs of wall time, read from the store at its end.

    `newest` is the newest event's id. `open` and `snoozed` are gravest first, `arrived` all that were raised
    in the period, parts too. `alerts` are those that decisions are about, by id, `evidence` events to show,
    by alert. `ending` are exceptions that end soon.
    """

    since: int
    until: int
    author: str
    newest: int
    open: Sequence[AlertRow] = ()
    snoozed: Sequence[AlertRow] = ()
    arrived: Sequence[AlertRow] = ()
    decisions: Sequence[AuditRow] = ()
    alerts: Mapping[int, AlertRow] = {}
    incidents: Sequence[IncidentRow] = ()
    sources: Sequence[SourceRow] = ()
    ending: Sequence[ExceptionRow] = ()
    metrics: Metrics | None = None
    evidence: Mapping[int, Sequence[EventRow]] = {}


def shift_report(facts: ShiftFacts) -> Document:
    """The report; the same facts give the same report."""
    desk = Desk(Ref("event", facts.newest))
    rows = sorted(facts.open, key=lambda row: (-pieces.rank(row), row.created, row.id))
    lead = Block("list", tuple(_lead(desk, facts)))
    return Document(
        said(f"Shift hand-over, {moment(facts.until)}"),
        lead,
        (
            Section("Open alerts", (_open(desk, rows, facts.until),)),
            Section("Put off", (_snoozed(desk, facts.snoozed),)),
            Section("Incidents", (_incidents(desk, facts),)),
            Section("Decided in this shift", tuple(_decided(desk, facts))),
            Section("Noisiest rules", (_noise(desk, facts),)),
            Section("Figures", (_figures(desk, facts),)),
            Section("Sources to look at", (_sources(desk, facts),)),
            Section("Exceptions that end soon", (_ending(desk, facts),)),
            Section("Evidence", (pieces.evidence(desk, facts.evidence),)),
        ),
    )


def _lead(desk: Desk, facts: ShiftFacts) -> Iterable[Statement]:
    span = f"From {moment(facts.since)} to {moment(facts.until)}, {lasting(facts.until - facts.since)}. "
    yield desk.state(said(span, "Written for ", quoted(facts.author), ". All times are UTC."))
    told = by_level(row.level for row in facts.open)
    yield desk.state(
        said(strong(count(len(facts.open), "open alert")), f": {told}."), cites=_refs(facts.open)
    )
    whole = [row for row in facts.arrived if not row.part_of]
    parts = len(facts.arrived) - len(whole)
    folded = f", and {count(parts, 'alert')} more that are part of them" if parts else ""
    told = by_level(row.level for row in whole)
    yield desk.state(said(strong(f"{len(whole):,} raised"), f": {told}{folded}."), cites=_refs(facts.arrived))
    people = [row for row in facts.decisions if row.actor != SYSTEM]
    made = len({row.bulk or row.id for row in people})
    cites = [Ref("decision", row.id) for row in people]
    yield desk.state(said(strong(count(made, "decision")), " of people."), cites=cites)


def _open(desk: Desk, rows: Sequence[AlertRow], until: int) -> Block:
    if not rows:
        return _nothing(desk, "No alert is open.")
    header = ("Level", "Alert", "About", "Events", "State", "Age", "Latest event")
    return Block("table", tuple(_open_row(desk, row, until) for row in rows), header)


def _open_row(desk: Desk, row: AlertRow, until: int) -> Statement:
    return desk.state(
        pieces.graveness(row),
        pieces.titled(row),
        pieces.about(row.entity),
        said(f"{row.count:,}"),
        pieces.standing(row),
        said(lasting(until - row.created, 1)),
        said(brief(row.last)),
        of=Ref("alert", row.id),
    )


def _snoozed(desk: Desk, rows: Sequence[AlertRow]) -> Block:
    if not rows:
        return _nothing(desk, "No alert is put off.")
    told = (
        desk.state(
            (*said(f"{moment(row.until)}: "), *pieces.graveness(row), *said(" "), *pieces.titled(row)),
            of=Ref("alert", row.id),
        )
        for row in sorted(rows, key=lambda row: (row.until, row.id))
    )  # fmt: skip
    return Block("list", tuple(told))


def _incidents(desk: Desk, facts: ShiftFacts) -> Block:
    if not facts.incidents:
        return _nothing(desk, "No incident is open or changed in this shift.")
    header = ("Level", "Incident", "State", "Alerts", "Tactics", "Latest event")
    return Block("table", tuple(pieces.incident_row(desk, row) for row in facts.incidents), header)


def _decided(desk: Desk, facts: ShiftFacts) -> Iterable[Block]:
    by_actor: dict[str, dict[int, list[AuditRow]]] = {}
    for row in facts.decisions:
        if row.actor != SYSTEM:
            by_actor.setdefault(row.actor, {}).setdefault(row.bulk or row.id, []).append(row)
    if not by_actor:
        yield _nothing(desk, "Nobody decided anything.")
    for bulks in by_actor.values():
        yield Block("list", tuple(pieces.decision(desk, rows, facts.alerts) for rows in bulks.values()))
    own = Counter(row.verb for row in facts.decisions if row.actor == SYSTEM)
    if own:
        yield Block("list", tuple(_own(desk, facts, verb, number) for verb, number in own.items()))


def _own(desk: Desk, facts: ShiftFacts, verb: str, number: int) -> Statement:
    cites = [Ref("decision", row.id) for row in facts.decisions if (row.actor, row.verb) == (SYSTEM, verb)]
    return desk.state(said(muted(f"By itself: {pieces.done(verb)}, {count(number, 'time')}.")), cites=cites)


def _noise(desk: Desk, facts: ShiftFacts) -> Block:
    by_rule: dict[str, list[AlertRow]] = {}
    for row in facts.arrived:
        by_rule.setdefault(row.rule, []).append(row)
    if not by_rule:
        return _nothing(desk, "No rule raised an alert.")
    tune = {one.rule: one.tune for one in facts.metrics.rules} if facts.metrics is not None else {}
    loudest = sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0]))[:NOISIEST]
    header = ("Rule", "Alerts", "Events", "Closed as false", "How to tune")
    told = (_rule_row(desk, rows, tune.get(rule, "")) for rule, rows in loudest)
    return Block("table", tuple(told), header)


def _rule_row(desk: Desk, rows: Sequence[AlertRow], tune: str) -> Statement:
    false = sum(row.verdict == "false_positive" for row in rows)
    return desk.state(
        said(rows[0].title), said(f"{len(rows):,}"), said(f"{sum(row.count for row in rows):,}"),
        said(f"{false:,}"), said(tune),
        cites=_refs(rows),
    )  # fmt: skip


def _figures(desk: Desk, facts: ShiftFacts) -> Block:
    found = facts.metrics
    if found is None or not facts.arrived:
        return _nothing(desk, "Nothing was raised that could be measured.")
    cites = _refs(facts.arrived)
    told = []
    if found.until - found.since >= HOUR:
        told.append(desk.state(said(f"{found.per_hour:.1f} alerts an hour."), cites=cites))
    for name, spread in (
        ("From an alert's first event to its row", found.detect),
        ("From its row to the first decision", found.acknowledge),
        ("From its row to its closing", found.resolve),
    ):
        if spread.count:
            told.append(desk.state(said(f"{name}: {_spread(spread)}."), cites=cites))
    if found.later:
        later = (
            f"{count(found.later, 'alert')} came of logs that were read a day or more after they were written"
        )
        told.append(desk.state(said(f"{later}: these say nothing about detecting."), cites=cites))
    if found.false_share is not None:
        said_false = f"{100 * found.false_share:.0f}% of what was closed with a verdict was a false positive."
        told.append(desk.state(said(said_false), cites=cites))
    return Block("list", tuple(told))


def _spread(spread: Spread) -> str:
    whole = count(spread.count, "alert")
    return f"{lasting(spread.mean)} on average, {lasting(spread.p90)} for nine of ten ({whole})"


def _sources(desk: Desk, facts: ShiftFacts) -> Block:
    told = [found for row in facts.sources if (found := _source(desk, row, facts.until)) is not None]
    return Block("list", tuple(told)) if told else _nothing(desk, "Every source speaks and is understood.")


def _source(desk: Desk, row: SourceRow, now: int) -> Statement | None:
    """What is wrong with a source; None where nothing is."""
    said_of: list[str] = []
    if not row.newest:
        said_of.append("nothing came from it yet")
    elif now - row.newest > SILENT:
        said_of.append(f"silent for {lasting(now - row.newest)}, since {moment(row.newest)}")
    if row.lines and row.decoded < UNDERSTOOD * row.lines:
        odd = row.lines - row.decoded
        said_of.append(f"{odd:,} of {count(row.lines, 'line')} were not understood")
    if dropped := sum(row.drops.values()):
        said_of.append(f"{count(dropped, 'line')} dropped")
    own = [run for run in (quoted(row.note), quoted(row.error)) if run.text]
    if not said_of and not own:
        return None
    cites = [Ref("event", number) for number in reversed(row.samples)]
    gaps = [part for run in own for part in (" ", run)]
    return desk.state(said(quoted(row.name), ": ", "; ".join(said_of), *gaps), cites=cites)


def _ending(desk: Desk, facts: ShiftFacts) -> Block:
    if not facts.ending:
        return _nothing(desk, "No exception ends within a week.")
    return Block("list", tuple(_exception(desk, row, facts.until) for row in facts.ending))


def _exception(desk: Desk, row: ExceptionRow, now: int) -> Statement:
    cites = (Ref("alert", row.alert),) if row.alert else ()
    return desk.state(
        said(
            f"Ends in {lasting(row.expires - now)}, {moment(row.expires)}: ", quoted(row.title),
            ", by ", quoted(row.author), ", because ", quoted(row.reason),
            f". It hid {count(row.hits, 'event')}.",
        ),
        of=Ref("exception", row.id),
        cites=cites,
    )  # fmt: skip


def _nothing(desk: Desk, text: str) -> Block:
    """That there is nothing, as of the newest event."""
    return Block("list", (desk.state(said(text)),))


def _refs(rows: Iterable[AlertRow]) -> list[Ref]:
    return [Ref("alert", row.id) for row in rows]
