"""Rows of the store as short plain text, for prompts and for answers: one line each, cleaned and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from socterm.analyst.border import one_line
from socterm.store.rows import AlertRow, EventRow

MAX_TEXT = 6_000
"""Characters of one tool's answer."""

_LINE = 220
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN_FIELDS = 40


def when(ts: int, tz: tzinfo = UTC) -> str:
    """A time as `2026-11-20 10:42:07`."""
    return _local(ts, tz).strftime("%Y-%m-%d %H:%M:%S")


def clock(ts: int, tz: tzinfo = UTC) -> str:
    """Only the time of day."""
    return _local(ts, tz).strftime("%H:%M:%S")


def _local(ts: int, tz: tzinfo) -> datetime:
    """Times no calendar knows (a clock gone wild) stand at the epoch."""
    try:
        return (_EPOCH + timedelta(microseconds=ts)).astimezone(tz)
    except OverflowError:
        return _EPOCH


def span(micros: int) -> str:
    """How long, in the two largest units.

    >>> span(172_000_000)
    '2 min 52 s'
    """
    seconds = max(micros, 0) // 1_000_000
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:,} {unit}")
    return " ".join(parts[:2]) or "under a second"


def plural(number: int, word: str) -> str:
    """A number of things.

    >>> plural(1, "event"), plural(2000, "event")
    ('1 event', '2,000 events')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def quoted(text: str) -> str:
    """A value inside a sentence."""
    return repr(one_line(text, 60))


def value(text: object, limit: int = 60) -> str:
    """A value as it stands in a sentence, on one line."""
    return one_line(str(text), limit)


def cite(event_id: int) -> str:
    """How an event is cited."""
    return f"[#{event_id}]"


def event_line(event: EventRow, tz: tzinfo = UTC) -> str:
    """One event with its number, time, host and message."""
    host = event.fields.get("host.hostname")
    where = f"{value(host, 30)} " if host else ""
    program = event.fields.get("process.name")
    what = f"{value(program, 30)}: " if program and "message" in event.fields else ""
    return f"{cite(event.id)} {when(event.ts, tz)} {where}{what}{one_line(event.message, _LINE)}"


def bounded(lines: Iterable[str], limit: int = MAX_TEXT) -> str:
    """Lines up to a size; says how many were left out."""
    kept: list[str] = []
    size = 0
    left = 0
    for line in lines:
        size += len(line) + 1
        if size > limit:
            left += 1
        else:
            kept.append(line)
    if left:
        kept.append(f"({left} more left out)")
    return "\n".join(kept)


def events(rows: Sequence[EventRow], total: int, *, missing: Sequence[str] = ()) -> str:
    """A list of events under a line that says how many there are."""
    if not rows:
        return "no events" + _incomplete(missing)
    head = plural(total, "event") + ("" if total <= len(rows) else f", {len(rows)} of them:")
    return bounded([head + _incomplete(missing), *(event_line(row) for row in rows)])


def _incomplete(missing: Sequence[str]) -> str:
    return f" (incomplete: no answer from {', '.join(missing)})" if missing else ""


def counts(field: str, pairs: Sequence[tuple[str, int]]) -> str:
    """Values with their counts."""
    if not pairs:
        return f"no events with {field}"
    return bounded([f"{field}: count", *(f"{value(name)}: {number:,}" for name, number in pairs)])


def entity(alert: AlertRow) -> str:
    """The alert's entity in words: `203.0.113.9` or `root on web01`."""
    values = {field: value(text) for field, text in alert.entity.items()}
    host = values.pop("host.hostname", "")
    rest = ", ".join(values.values())
    if rest and host:
        return f"{rest} on {host}"
    return rest or host or "no particular entity"


def alert_line(alert: AlertRow) -> str:
    """One alert on one line."""
    verdict = f", {alert.verdict.replace('_', ' ')}" if alert.verdict else ""
    state = alert.state.replace("_", " ") + verdict
    what = f"{alert.level} · {one_line(alert.title, 80)} · {entity(alert)} · {plural(alert.count, 'event')}"
    parts = f" · {plural(alert.parts, 'alert')} part of it" if alert.parts else ""
    parts += f" · part of alert {alert.part_of}" if alert.part_of else ""
    return f"alert {alert.id}: {what} · {when(alert.first)} to {when(alert.last)} · {state}{parts}"


def alerts(rows: Sequence[AlertRow], total: int) -> str:
    """A list of alerts under a line that says how many there are."""
    if not rows:
        return "no alerts"
    head = plural(total, "alert") + ("" if total <= len(rows) else f", the gravest {len(rows)} of them:")
    return bounded([head, *(alert_line(row) for row in rows)])


def alert(row: AlertRow) -> str:
    """One alert with its rule's words."""
    return "\n".join(
        [
            alert_line(row),
            f"rule: {one_line(row.description, 400)}",
            f"tags: {', '.join(value(tag) for tag in row.tags)}",
        ]
    )


def event(row: EventRow) -> str:
    """One event with its fields and its raw line."""
    fields = [f"{value(name)}: {value(text, 300)}" for name, text in list(row.fields.items())[:_SHOWN_FIELDS]]
    head = f"{cite(row.id)} {when(row.ts)} from {value(row.source, 100)}"
    return bounded([head, *fields, f"raw: {one_line(row.raw, 1000)}"])
