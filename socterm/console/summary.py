"""The detail's tabs as text: pure functions from what the store said to lines. No widget, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from socterm.console.lines import Line, Span, cited_line, line, sp
from socterm.console.safe import cut, fit, join, safe_text
from socterm.console.theme import MARKS, SHORT
from socterm.console.words import (
    TIME,
    VERDICTS,
    entity_text,
    number,
    plural,
    since_where,
    span,
    stamp,
    state_text,
)  # fmt: skip
from socterm.store.doors.templates import TemplateRow
from socterm.store.rows import AlertRow, AuditRow, EventRow
from socterm.templates import FIELD as TEMPLATE

TELLING = (
    "source.ip",
    "user.name",
    "user.effective.name",
    "host.hostname",
    "process.name",
    "process.command_line",
    "event.action",
    "event.outcome",
)
"""Fields the summary shows of an alert's events, in this order."""

PIVOTS = frozenset({"source.ip", "user.name", "user.effective.name", "host.hostname"})
OUTCOMES = {"success": "ok", "failure": "bad"}

LONG = 80
"""Cells the summary shows of one value: about two rows. Fields and Raw have all of it."""

MOST_PARTS = 50
"""Parts the summary names one by one."""

NOTHING = (line(("Nothing selected.", "dim")),)


def _head(alert: AlertRow, actor: str, tz: tzinfo) -> list[Line]:
    level = alert.level if alert.level in MARKS else "informational"
    tags = [tag.removeprefix("attack.") for tag in alert.tags if tag.startswith("attack.")]
    names = [
        tag.upper() if tag[:1] == "t" and tag[1:2].isdigit() else tag.replace("_", " ").replace("-", " ")
        for tag in tags
    ]
    parts = [sp(entity_text(alert.entity), "entity")]
    for name in names:
        parts += [sp(" · ", "dim"), sp(name, "dim", whole=True)]
    state = [sp(state_text(alert, actor), "ok" if alert.owner else "dim")]
    if alert.until:
        state.append(sp(f" until {stamp(alert.until, tz)[:16]}", "text"))
    if alert.owner:
        state += [sp(" · ", "dim"), sp(alert.owner, "text")]
    if alert.notes:
        state += [sp(" · ", "dim"), sp(plural(alert.notes, "note"), "count")]
    if not alert.settled:
        state += [sp(" · still growing", "dim")]
    return [
        line(sp(f"{MARKS[level]} {SHORT[level]} ", level), sp(alert.title, "title"), hang=2),
        Line(tuple(parts), most=3),
        line(sp(stamp(alert.first, tz), "dim"), sp(" · ", "dim"), *state, hang=2),
        *_follows(alert),
        Line(),
    ]


def _follows(alert: AlertRow) -> list[Line]:
    """The closed alert it came after, which Enter opens."""
    if not alert.follows:
        return []
    said = f"#{alert.follows}, closed as {alert.follows_verdict.replace('_', ' ')}"
    told = line(("Follows ", "dim"), (said, "cite"), hang=2, value=str(alert.follows))
    return [told._replace(alert=alert.follows)]


def _why(alert: AlertRow) -> list[Line]:
    length = alert.last - alert.first
    lasted = f" within {span(length)}" if length >= 1_000_000 else ""
    said = join([alert.description.strip().rstrip("."), f"{plural(alert.count, 'event')}{lasted}"], ". ")
    return [line(("Why  ", "head"), (said + ".", "text")), Line()]


def counted(events: Sequence[EventRow], field: str) -> list[tuple[str, int]]:
    """The values a field takes among events, commonest first, each with how many events it stands for."""
    values: Counter[str] = Counter()
    for event in events:
        if field in event.fields:
            values[str(event.fields[field])] += event.repeat
    return values.most_common()


def _field(name: str, values: list[tuple[str, int]], pad: int) -> Line:
    first, times = values[0]
    look = "pivot" if name in PIVOTS else OUTCOMES.get(first, "text")
    parts = [sp(fit(name, pad), "label"), sp(cut(safe_text(first), LONG), look)]
    if times > 1:
        parts.append(sp(f"  ×{number(times)}", "dim"))
    if others := values[1:]:
        shown = join([cut(safe_text(value), LONG // 2) for value, _ in others[:4]], ", ")
        more = f" +{len(others) - 4}" if len(others) > 4 else ""
        parts += [sp("  also ", "dim"), sp(shown, "entity" if name in PIVOTS else "text"), sp(more, "dim")]
    return Line(tuple(parts), pad, first, most=4, field=name)


def event_line(event: EventRow, tz: tzinfo, cut: int = TIME) -> Line:
    """One event in a list inside the detail, its stamp from `cut` on."""
    return line(
        (stamp(event.ts, tz)[cut:] + "  ", "dim"), (event.message, "text"),
        hang=10, value=event.raw, event=event.id,
    )  # fmt: skip


def _alert_line(alert: AlertRow, actor: str, *, lead: str = "") -> Line:
    """Another alert, which Enter opens."""
    level = alert.level if alert.level in MARKS else "informational"
    return line(
        (lead, "dim"),
        (f"{MARKS[level]} {SHORT[level]:<5}", level),
        (alert.title, "text"),
        (f" ×{number(alert.count)}", "count"),
        (f"  {state_text(alert, actor)} #{alert.id}", "dim"),
        hang=2,
        value=f"{alert.title} {entity_text(alert.entity)} ×{alert.count} #{alert.id}",
    )._replace(alert=alert.id, most=3)


def _family(head: AlertRow | None, parts: Sequence[AlertRow], actor: str) -> list[Line]:
    """What the alert is part of, and what is part of it."""
    out = [_alert_line(head, actor, lead="Part of  "), Line()] if head is not None else []
    if parts:
        told = "  they say less about the same thing; what is decided here goes for them"
        out.append(line(("Parts", "head"), (f"  {len(parts):,}", "count"), (told, "dim"), hang=2))
        out += [_alert_line(part, actor) for part in parts[:MOST_PARTS]]
        if len(parts) > MOST_PARTS:
            more = f"and {len(parts) - MOST_PARTS:,} more: the filter part_of:{parts[0].part_of} lists them"
            out.append(line((more, "dim")))
        out.append(Line())
    return out


def alert_summary(
    alert: AlertRow,
    events: Sequence[EventRow],
    actor: str,
    tz: tzinfo,
    *,
    head: AlertRow | None = None,
    parts: Sequence[AlertRow] = (),
    check: Sequence[str] = (),
) -> list[Line]:
    """What happened, to whom, how often, the alerts that belong to it, the steps its rule names to check it,
    and the last lines that say so."""
    out = _head(alert, actor, tz) + _why(alert) + _family(head, parts, actor)
    fields = [(name, found) for name in TELLING if (found := counted(events, name))]
    known = {name for name, _ in fields}
    fields = [(k, [(v, 0)]) for k, v in alert.entity.items() if k not in known] + fields
    pad = max((len(name) for name, _ in fields), default=0) + 3
    out += [_field(name, values, min(pad, 24)) for name, values in fields]
    if check:
        out += [Line(), line(("How to check", "head"))]
        out += [line((f"{n}. ", "dim"), (step, "text"), hang=3) for n, step in enumerate(check, 1)]
    telling = [event for event in events if event.repeat] or events
    if telling:
        held = min(alert.count, sum(event.repeat for event in events))
        out += [
            Line(),
            line(("Last lines", "head"), (f"  {held:,} of {plural(alert.count, 'event')} in Raw", "dim")),
        ]
        last = telling[:6]
        cut = since_where((event.ts for event in last), alert.first, tz)
        out += [event_line(event, tz, cut)._replace(most=3) for event in last]
    return out


def field_lines(event: EventRow | None, tz: tzinfo, template: TemplateRow | None = None) -> list[Line]:
    """Every field of one event; the cursor steps from value to value. `template` says how rare it is."""
    if event is None:
        return list(NOTHING)
    own: dict[str, Any] = {
        "@timestamp": stamp(event.ts, tz),
        "event.kind": event.kind,
        "log.source": f"{event.source}:{event.position}",
        **event.fields,
    }
    pad = min(28, max(len(name) for name in own) + 2)
    out = [line(("Event ", "head"), (f"[#{event.id}]", "cite"), hang=2, value=str(event.id)), Line()]
    for name, value in own.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        look = "pivot" if name in PIVOTS else OUTCOMES.get(text, "text")
        out.append(line((fit(name, pad), "label"), (text, look), hang=pad, value=text)._replace(field=name))
    if event.repeat != 1:
        out.append(line((fit("socterm.repeat", pad), "label"), (event.repeat, "text"), hang=pad))
    if template is not None:
        out.append(_rarity(template, pad, tz))
    return out


def _rarity(template: TemplateRow, pad: int, tz: tzinfo) -> Line:
    """How many lines are like it and since when; its value finds them all."""
    first = "the first like it" if template.lines == 1 else f"{template.lines:,} lines like it"
    said = f"{template.id} · {first} since {stamp(template.first, tz)}"
    if not template.alike:
        said = f"{template.id} · no room for its kind: {template.lines:,} such lines"
    told = line((fit(TEMPLATE, pad), "label"), (said, "text"), hang=pad, value=str(template.id))
    return told._replace(field=TEMPLATE)


def raw_lines(events: Sequence[EventRow], chosen: int) -> list[Line]:
    """The lines as they came, newest first; the one whose fields are shown is marked."""
    if not events:
        return list(NOTHING)
    return [
        line(
            ("▸ " if event.id == chosen else "  ", "primary"),
            (event.raw, "text"),
            hang=2,
            value=event.raw,
            event=event.id,
        )
        for event in events
    ]


def _change(row: AuditRow) -> Span:
    before, after = row.before.get("state", ""), row.after.get("state", "")
    verdict = row.after.get("verdict") or ""
    said = f"{before} → {after}" if before != after else ""
    if verdict and verdict != row.before.get("verdict"):
        said = join([said, VERDICTS.get(verdict, verdict)], " · ") if said else VERDICTS.get(verdict, verdict)
    return sp(said, "text")


def history_lines(rows: Sequence[AuditRow], tz: tzinfo) -> list[Line]:
    """Who decided what, and when, oldest first."""
    if not rows:
        return [line(("No decision yet.", "dim"))]
    out = []
    for row in rows:
        parts = [
            sp(stamp(row.at, tz) + "  ", "dim"),
            sp(fit(row.actor, 10), "entity"),
            sp(f" {row.verb.replace('_', ' ')}  ", "head"),
            _change(row),
        ]
        if row.undoes:
            parts.append(sp(f"  takes back #{row.undoes}", "dim"))
        out.append(Line(tuple(parts), 4))
        if row.note:
            out.append(line(("    ✎ ", "count"), (row.note, "text"), hang=6, value=row.note))
    return out


def explanation_lines(
    text: str, citations: Sequence[int], source: str, headings: frozenset[str] = frozenset()
) -> list[Line]:
    """The analyst's text with its label and its citations, each of which Enter opens."""
    out = [line(("Analyst", "soc"), (f"  source: {source}", "dim")), Line()]
    out += [cited_line(part, look="head" if part in headings else "text") for part in text.splitlines()]
    told = {item.event for item in out}
    others = [event for event in citations if event not in told][:12]
    out += [line(("↳ ", "dim"), (f"[#{event}]", "cite"), value=str(event), event=event) for event in others]
    return out


def event_summary(event: EventRow | None, alerts: Sequence[AlertRow], tz: tzinfo, actor: str) -> list[Line]:
    """One event: its line, what is told about it, the alerts that cite it."""
    if event is None:
        return list(NOTHING)
    out = [
        line((stamp(event.ts, tz), "dim"), ("  ", "dim"), (event.source, "dim")),
        line((event.message, "title"))._replace(most=6),
        Line(),
    ]
    pairs = [(name, str(event.fields[name])) for name in TELLING if name in event.fields]
    out += [_field(name, [(value, 1)], 18) for name, value in pairs]
    if alerts:
        out += [Line(), line(("Evidence of", "head"))]
    for alert in alerts:
        level = alert.level if alert.level in MARKS else "informational"
        out.append(
            line(
                (f"{MARKS[level]} {SHORT[level]:<5}", level),
                (alert.title, "text"),
                ("  " + state_text(alert, actor), "dim"),
                hang=2,
            )
        )
    return out
