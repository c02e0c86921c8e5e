"""An incident as text: what it is, whom it is about, its alerts with reasons and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from socterm.alerts.incidents import Link
from socterm.console.lines import Line, Span, line, sp
from socterm.console.theme import MARKS, SHORT
from socterm.console.words import VERDICTS, clock, entity_text, plural, span, stamp, until
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow, MemberRow
from socterm.store.rows import AuditRow, EventRow

WITH_EVIDENCE = 60
"""Alerts of which the first lines are shown; the others' are one key away."""

MOST = 300
"""Alerts that are listed."""

MOST_ENTITIES = 24

WHY = {"high": "an alert of level high or above", "by hand": "a person put alerts together"}

STATES = {"in_progress": "work"}


def state_of(row: IncidentRow) -> str:
    """Its state in at most eight letters."""
    if row.state == "closed":
        return VERDICTS.get(row.verdict, "closed")
    return STATES.get(row.state, row.state)[:8]


def tactic_spans(tactics: Sequence[str], style: str = "text") -> list[Span]:
    """Tactics in the order reached; each stays in one piece."""
    out: list[Span] = []
    for number, tactic in enumerate(tactics):
        arrow = [sp(" → ", "dim")] if number else []
        out += [*arrow, sp(tactic.replace("-", " "), style, whole=True)]
    return out


def about(page: IncidentPage, evidence: Mapping[int, Sequence[EventRow]], tz: tzinfo) -> list[Line]:
    """The whole page."""
    return [
        *_head(page.row, tz),
        *_entities(page),
        Line(),
        line((f"Timeline · {plural(len(page.alerts), 'alert')}", "head")),
        *_timeline(page, evidence, tz),
        *_history(page.history, tz),
    ]


def _head(row: IncidentRow, tz: tzinfo) -> Iterator[Line]:
    yield line(sp(f"{MARKS[row.level]} {SHORT[row.level]} ", row.level), sp(row.title, "title"), hang=2)
    state = [sp(state_of(row), "ok" if row.owner else "dim")]
    if row.owner:
        state += [sp(" · ", "dim"), sp(row.owner)]
    if row.notes:
        state += [sp(" · ", "dim"), sp(plural(row.notes, "note"), "count")]
    if row.merged_into:
        state += [sp(f" · its alerts belong to incident {row.merged_into}", "dim")]
    yield line(*state)
    yield line(sp(until(row.first, row.last, tz)), sp(f" · {span(row.last - row.first)}", "dim"))
    yield line(sp("opened by ", "dim"), sp(_why(row.why), "dim"), hang=2)
    if row.tactics:
        yield Line()
        yield Line(tuple(tactic_spans(row.tactics, "bright")), 2)


def _why(why: str) -> str:
    if why.endswith("rules"):
        return f"{why} of level medium or above"
    return WHY.get(why, why)


def _entities(page: IncidentPage) -> Iterator[Line]:
    if page.roles:
        yield Line()
        yield line(("Entities", "head"), ("  and in how many alerts", "dim"), hang=2)
    for role in page.roles[:MOST_ENTITIES]:
        named = "" if role.named else ", in evidence only"
        found = line(
            sp(f"{role.field:<20} ", "dim"), sp(role.value, "entity"),
            sp(f"  {role.alerts:,}{named}", "dim"), hang=21, value=role.value,
        )  # fmt: skip
        yield found._replace(field=role.field)
    if len(page.roles) > MOST_ENTITIES:
        yield line((f"… and {len(page.roles) - MOST_ENTITIES} more", "dim"))


def _timeline(page: IncidentPage, evidence: Mapping[int, Sequence[EventRow]], tz: tzinfo) -> Iterator[Line]:
    links: dict[int, list[Link]] = {}
    for link in page.links:
        links.setdefault(link.alert, []).append(link)
    day = stamp(page.row.first, tz)[:10]
    for one in page.alerts[:MOST]:
        if (of := stamp(one.first, tz)[:10]) != day:
            day = of
            yield line((day, "dim"))
        yield _alert(one, tz)
        if one.pinned:
            yield line(("    put here by a person", "dim"))
        for link in links.get(one.id, ()):
            yield _reason(link)
        for event in evidence.get(one.id, ()):
            raw = line(sp("    "), sp(event.raw, "text"), hang=6, value=event.raw, event=event.id)
            yield raw._replace(most=2)
    if len(page.alerts) > MOST:
        yield line((f"… and {len(page.alerts) - MOST:,} more: socterm incidents show {page.row.id}", "dim"))


def _alert(one: MemberRow, tz: tzinfo) -> Line:
    parts = [
        sp(f"{clock(one.first, tz)} ", "dim"), sp(f"{MARKS[one.level]} {SHORT[one.level]} ", one.level),
        sp(one.title, "title"), sp(f"  {entity_text(one.entity)}", "entity"),
        sp(f"  ×{one.count:,}", "count"),
    ]  # fmt: skip
    if one.state == "closed":
        parts.append(sp("  closed", "dim"))
    found = line(*parts, hang=9, value=str(one.id))
    return found._replace(alert=one.id)


def _reason(link: Link) -> Line:
    if not link.field:
        return line(sp(f"    part of alert {link.other}", "dim"))
    found = line(
        sp(f"    joined alert {link.other} by {link.field} ", "dim"), sp(link.value, "entity"),
        hang=6, value=link.value,
    )  # fmt: skip
    return found._replace(field=link.field)


def _history(rows: Sequence[AuditRow], tz: tzinfo) -> Iterator[Line]:
    yield Line()
    yield line(("Notes and decisions", "head"))
    for row in rows:
        who = sp(f"{stamp(row.at, tz)[:16]} {row.actor} ", "dim")
        yield line(who, sp(row.verb.replace("_", " ")), sp(f"  {row.note}" if row.note else ""), hang=6)
