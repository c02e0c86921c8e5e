"""Tools that put things together: over time, about an entity, a rule, an alert's surroundings, and SQL.

Like all tools they read, and what they answer is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from socterm.alerts.states import STATES
from socterm.analyst import render
from socterm.analyst.border import one_line
from socterm.analyst.times import iso
from socterm.analyst.toolparts import Arguments, Result, failed
from socterm.errors import QueryCancelledError
from socterm.query import quote
from socterm.store.doors.entities import EntityPage
from socterm.store.doors.sandbox import SqlAnswer
from socterm.store.doors.sqlviews import VIEWS
from socterm.store.rows import AlertRow, EventRow, RuleRow

if TYPE_CHECKING:
    from socterm.analyst.tools import Toolbox

MAX_SLICES = 24
SQL_ROWS = 200
SQL_SECONDS = 0.5

_NEWEST = 3
_PEERS = 12
_ALERTS = 12


class Timeline(Arguments):
    """How many events match in each of some equal slices of time, from the first to the last, with the \
first event of each. Use since:2d, until:now in the query to choose the time."""

    query: str = Field(default="", max_length=1000, description="query text")
    slices: int = Field(default=12, ge=1, le=MAX_SLICES, description="how many slices")


class EntityProfile(Arguments):
    """All that is known of one user, address or host: first and last seen, whether it is new or usual, \
what it was met with, its alerts, its risk."""

    field: Literal["user.name", "source.ip", "host.hostname"] = Field(description="what kind of thing it is")
    value: str = Field(min_length=1, max_length=200, description="its name or address")


class RuleInfo(Arguments):
    """What a detection rule looks for, how often it fired, what harmless causes its author names and how \
to check an alert of it."""

    rule: str = Field(min_length=1, max_length=200, description="the rule's id or title, or words of it")


class Related(Arguments):
    """What belongs to an alert: its parts, what it is part of, the other alerts of its incident and why, \
other alerts of the same entity."""

    alert_id: int = Field(ge=1, le=2**63 - 1, description="the alert's number")


class Sql(Arguments):
    """One SELECT over read-only views, at most 200 rows and half a second."""

    select: str = Field(min_length=1, max_length=4000, description="the SELECT statement, in SQLite's SQL")


def about_sql() -> str:
    """What a model is told of the views it may ask."""
    views = "; ".join(f"{name}({', '.join(view.names)})" for name, view in VIEWS.items())
    return f"{' '.join((Sql.__doc__ or '').split())} Views: {views}."


def timeline(box: Toolbox, args: Timeline) -> Result:
    """Events over time, in equal slices."""
    query = box.query(args.query)
    newest = box.events.page(query, limit=1).rows
    oldest = box.events.page(query, limit=1, oldest_first=True).rows
    if not newest or not oldest:
        return Result("timeline", "no events")
    low = min(oldest[0].ts, newest[0].ts)
    high = max(oldest[0].ts, newest[0].ts) + 1
    step = max(-(-(high - low) // args.slices), 1)
    counts, firsts = [], list[EventRow]()
    for start in range(low, high, step):
        clause = f"@timestamp>={iso(start)} @timestamp<{iso(min(start + step, high))}"
        inside = box.query(f"({args.query}) {clause}" if args.query.strip() else clause)
        found = box.events.page(inside, limit=1, oldest_first=True)
        number = box.events.count(inside).value if found.more else len(found.rows)
        counts.append((render.when(start), number))
        firsts += found.rows
    total = box.events.count(query).value
    inside_all = sum(number for _, number in counts)
    shown = {render.when(low + n * step): "" for n in range(len(counts))}
    for row in firsts:
        shown[render.when(low + (row.ts - low) // step * step)] = f" · first: {render.event_line(row)}"
    head = f"{render.plural(total, 'event')} in slices of {render.span(step)}"
    lines = [f"{start}: {number:,}{shown.get(start, '')}" for start, number in counts]
    if total > inside_all:
        lines.append(f"and {total - inside_all:,} with times outside of these")
    return Result(
        "timeline", render.bounded([head, *lines]), events=tuple(firsts), counts=tuple(counts), total=total
    )


def entity_profile(box: Toolbox, args: EntityProfile) -> Result:
    """All that is known of one thing."""
    if box.desks.entities is None:
        return failed("entity_profile", "this store has no profiles")
    page = box.desks.entities.page(args.field, args.value)
    newest = box.events.page(box.query(f"{args.field}:{quote(args.value)}"), limit=_NEWEST).rows
    lines = [*_seen(page), *_met(page), *(render.event_line(row) for row in newest)]
    return Result("entity_profile", render.bounded(lines), events=tuple(newest), total=page.lines)


def _seen(page: EntityPage) -> list[str]:
    name = render.value(page.value)
    if not page.lines:
        return [f"{name}: no event names it"]
    about = "" if page.exact else "at least "
    known = [f"{render.value(key)}: {render.value(text)}" for key, text in page.known.items()]
    span = f"from {render.when(page.first)} to {render.when(page.last)}"
    return [
        f"{name}: {page.baseline}, {about}{render.plural(page.lines, 'event')} {span}, risk {page.risk}",
        *known,
        "outcomes: " + ", ".join(f"{render.value(key)} {n:,}" for key, n in page.outcomes.items()),
    ]


def _met(page: EntityPage) -> list[str]:
    lines = [
        f"met {render.value(peer.field)} {render.value(peer.value)}: {peer.count:,}"
        + (f", {peer.failures:,} failed" if peer.failures else "")
        for peer in page.peers[:_PEERS]
    ]
    for one in page.alerts[:_ALERTS]:
        verdict = f", {one.verdict.replace('_', ' ')}" if one.verdict else ""
        where = f", incident {one.incident}" if one.incident else ""
        lines.append(
            f"alert {one.id}: {one.level} · {one_line(one.title, 80)} · {one.state}{verdict}{where}"
            f" · {render.when(one.first)}"
        )
    left = len(page.alerts) - _ALERTS
    return [*lines, *([f"and {render.plural(left, 'more alert')}"] if left > 0 else [])]


def rule_info(box: Toolbox, args: RuleInfo) -> Result:
    """A rule, by id, title or words of it."""
    found = _rules(box.triage.rules(), args.rule)
    if not found:
        return failed("rule_info", f"there is no rule {render.quoted(args.rule)}")
    if len(found) > 1:
        names = [f"{render.value(row.id, 40)}: {one_line(row.title, 80)}" for row in found[:20]]
        head = f"{render.plural(len(found), 'rule')} of that name; ask for one of them by its id:"
        return Result("rule_info", render.bounded([head, *names]), total=len(found))
    row = found[0]
    alerts = [
        alert for alert in box.triage.alerts(states=STATES, limit=1000, parts=True) if alert.rule == row.id
    ]
    return Result("rule_info", _rule(row, alerts), alerts=tuple(alerts[:_NEWEST]), total=row.alerts)


def _rules(rows: list[RuleRow], asked: str) -> list[RuleRow]:
    """The rules meant: by id, else by title, else by all words of the title."""
    low = " ".join(asked.lower().split())
    for same in (
        lambda row: row.id.lower() == low,
        lambda row: row.title.lower() == low,
        lambda row: low.split() and all(word in row.title.lower() for word in low.split()),
    ):
        found = [row for row in rows if same(row)]
        if found:
            return found
    return []


def _rule(row: RuleRow, alerts: list[AlertRow]) -> str:
    newest = max(alerts, key=lambda alert: alert.last, default=None)
    lines = [
        f"{one_line(row.title, 100)} ({render.value(row.id)}): {row.level}, {row.fate}"
        + (f", {one_line(row.reason, 120)}" if row.reason else ""),
        f"{render.plural(row.hits, 'matching event')}, {render.plural(row.alerts, 'alert')}",
    ]
    if newest is not None:
        lines.append(f"looks for: {one_line(newest.description, 400)}")
        lines.append(f"tags: {', '.join(render.value(tag) for tag in newest.tags)}")
        verdicts = [alert.verdict for alert in alerts if alert.verdict]
        told = (f"{verdicts.count(v)} {v.replace('_', ' ')}" for v in dict.fromkeys(verdicts))
        lines.append(f"decided before: {', '.join(told) or 'nothing'}")
    lines += [f"harmless cause: {one_line(text, 160)}" for text in row.falsepositives]
    lines += [f"to check: {one_line(step, 300)}" for step in row.check]
    return render.bounded(lines)


def related(box: Toolbox, args: Related) -> Result:
    """What belongs to an alert."""
    alert = box.triage.alert(args.alert_id)
    if alert is None:
        return failed("related", f"there is no alert {args.alert_id}")
    lines, found = [render.alert_line(alert)], [alert]

    def tell(row: AlertRow | None, why: str) -> None:
        if row is not None and row.id not in {known.id for known in found} and len(found) <= _ALERTS:
            found.append(row)
            lines.append(f"{why}: {render.alert_line(row)}")

    tell(box.triage.alert(alert.part_of) if alert.part_of else None, "it is part of")
    for part in box.triage.parts(alert.id)[:_ALERTS]:
        tell(part, "part of it")
    tell(box.triage.alert(alert.follows) if alert.follows else None, "it came after the closed")
    incident = box.desks.incidents.of_alert(alert.id) if box.desks.incidents else 0
    page = box.desks.incidents.page(incident) if box.desks.incidents and incident else None
    if page is not None:
        lines.append(f"incident {incident}: {page.row.level}, {page.row.state}, {page.row.alerts} alerts")
        bonds = {(one.alert, one.other): one for one in page.links}
        for member in page.alerts[:_ALERTS]:
            link = bonds.get((member.id, alert.id)) or bonds.get((alert.id, member.id))
            same = (
                f", both {render.value(link.field)} {render.value(link.value)}" if link and link.field else ""
            )
            tell(box.triage.alert(member.id), f"same incident{same}")
    for field, value in list(alert.entity.items())[:3]:
        asked = box.query(f"{field}:{quote(value)}")
        for row in box.triage.alerts(states=STATES, query=asked, limit=_ALERTS):
            if row.state != "merged":
                tell(row, f"same {render.value(field)}")
    if len(found) == 1:
        lines.append("nothing else belongs to it")
    return Result("related", render.bounded(lines), alerts=tuple(found), total=len(found) - 1)


def sql(box: Toolbox, args: Sql) -> Result:
    """One SELECT over the views, in the sandbox."""
    if box.desks.sql is None:
        return failed("sql", "SQL is switched off (llm.sql)")
    try:
        found = box.desks.sql.ask(args.select, rows=SQL_ROWS, seconds=SQL_SECONDS)
    except QueryCancelledError as error:
        return failed("sql", one_line(str(error), 200))
    return Result("sql", _table(found), total=len(found.rows))


def _table(found: SqlAnswer) -> str:
    head = " | ".join(render.value(name, 40) for name in found.columns[:30])
    rows = (" | ".join(render.value(cell, 120) for cell in row[:30]) for row in found.rows)
    more = ["more rows were left off"] if found.more else []
    return render.bounded([f"{render.plural(len(found.rows), 'row')}", *more, head, *rows])
