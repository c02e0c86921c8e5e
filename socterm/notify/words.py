"""What is said of an alert, an incident or many of them. Pure.

Names in logs are anybody's: they pass `visible`, so that no text can act on a display, end a line or begin a
header, and are cut. A link in them is taken apart, because mail programs and phones make any address one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from socterm.alerts.levels import LEVELS
from socterm.store.doors.incident_rows import IncidentRow
from socterm.store.doors.outbox_rows import Kind, Summary
from socterm.store.jsontext import from_json
from socterm.store.rows import AlertRow
from socterm.visible import visible

TITLE: Final = 160
VALUE: Final = 100
BODY: Final = 2_000
"""Characters at most."""

BYTES: Final = 4_000
"""Of a body in UTF-8 at most: ntfy takes 4,096 and makes a file of more, or refuses it."""

LINES: Final = 10
"""Kinds of alerts that a digest names."""

_OURS: Final = frozenset(
    ("id", "level", "count", "first", "last", "state", "incident", "alerts", "levels", "ids", "host")
)
"""Facts that no log and no rule has a word in."""


class Message(msgspec.Struct, frozen=True):
    """What is sent. `key` is the same for each try, `at` (µs) when it was put in words.

    `facts` are the same for programs, cleaned like the text.
    """

    key: str
    kind: str
    title: str
    body: str
    level: str
    at: int
    facts: dict[str, Any] = {}


def said(text: object, most: int = VALUE) -> str:
    """Text of a log or a rule as it may be sent: on one line, without effects, cut to so many characters.

    >>> said("root\\r\\nBcc: you@example.org"), said("see https://evil.example", 12)
    ('root␍␊Bcc: you@example.org', 'see https[:…')
    """
    shown = visible(str(text)[: most * 2]).replace("://", "[:]//")
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def of_alert(alert: AlertRow, *, key: str, at: int, host: str, incident: int = 0) -> Message:
    """The message about one alert; `host` is the machine that found it, `incident` what it belongs to."""
    entity = entity_text(alert.entity)
    title = f"{alert.level.upper()}: {said(alert.title, 90)}"
    part = f" of incident {incident}" if incident else ""
    count = f"{alert.count:,} events" if alert.count != 1 else "1 event"
    lines = [
        said(alert.title, TITLE),
        f"level {alert.level}, {count}, {span_text(alert.first, alert.last)}",
        *(f"{said(name)} {said(value)}" for name, value in _most(alert.entity)),
        f"alert {alert.id}{part} on {said(host)}",
    ]
    facts = {
        "id": alert.id, "rule": said(alert.rule), "title": said(alert.title, TITLE), "level": alert.level,
        "entity": {said(name): said(value) for name, value in _most(alert.entity)}, "count": alert.count,
        "first": stamp(alert.first), "last": stamp(alert.last), "state": alert.state, "incident": incident,
        "tags": [said(tag) for tag in alert.tags[:20]],
    }  # fmt: skip
    return _message(
        key, "alert", f"{title} · {entity}" if entity else title, lines, alert.level, at, host, facts
    )


def of_incident(row: IncidentRow, *, key: str, at: int, host: str) -> Message:
    """The message about an incident: it is new, or has become graver."""
    entity = entity_text(row.entity)
    alerts = f"{row.alerts:,} alerts" if row.alerts != 1 else "1 alert"
    title = f"{row.level.upper()}: incident {row.id}: {said(row.title, 80)}"
    lines = [
        f"incident {row.id}: {said(row.title, TITLE)}",
        f"level {row.level}, {alerts}, {span_text(row.first, row.last)}",
        *([f"tactics {said(' > '.join(row.tactics))}"] if row.tactics else []),
        *(f"{said(name)} {said(value)}" for name, value in _most(row.entity)),
        f"on {said(host)}",
    ]
    facts = {
        "id": row.id, "title": said(row.title, TITLE), "level": row.level, "alerts": row.alerts,
        "entity": {said(name): said(value) for name, value in _most(row.entity)}, "state": row.state,
        "first": stamp(row.first), "last": stamp(row.last), "tactics": [said(one) for one in row.tactics],
    }  # fmt: skip
    return _message(
        key, "incident", f"{title} · {entity}" if entity else title, lines, row.level, at, host, facts
    )


def of_many(held: Summary, *, key: str, at: int, host: str) -> Message:
    """The digest of what was not told by itself."""
    total = sum(held.levels.values())
    counts = ", ".join(f"{held.levels[rank]:,} {LEVELS[rank]}" for rank in sorted(held.levels, reverse=True))
    title = f"{total:,} more {'alert' if total == 1 else 'alerts'}: {counts}"
    lines = [title, *map(_of_kind, held.kinds)]
    if held.others:
        lines.append(f"and {held.others:,} other kinds")
    lines.append(f"on {said(host)}")
    facts = {
        "alerts": total,
        "levels": {LEVELS[rank]: count for rank, count in held.levels.items()},
        "ids": held.ids,
    }
    level = LEVELS[max(held.levels, default=0)]
    return _message(key, "digest", title, lines, level, at, host, facts)


def _of_kind(kind: Kind) -> str:
    called = said(kind.title) if kind.kind == "alert" else f"incident {kind.about}"
    times = f" ×{kind.count:,}" if kind.count > 1 else ""
    whom = entity_text(from_json(kind.entity)) if kind.entity else ""
    others = " and others" if kind.count > 1 else ""
    return f"{LEVELS[kind.rank]}{times}: {called}" + (f" · {whom}{others}" if whom else "")


def without_names(message: Message) -> Message:
    """The same with nothing in it that comes from logs or rules, for a receiver that refuses it as it is.

    Filters for spam and attacks judge by words, and names in logs are anybody's: who logs in under one that
    they refuse must not be able to keep a message from us.
    """
    facts = {name: value for name, value in message.facts.items() if name in _OURS}
    title = message.title
    if message.kind in ("alert", "incident"):
        title = f"{message.level.upper()}: {message.kind} {message.facts.get('id', 0)}"
    lines = [title, "The receiver refused this message with its names: they are left out."]
    lines.append(f"on {message.facts.get('host', '')}")
    return msgspec.structs.replace(message, title=title, body="\n".join(lines), facts=facts)


def of_test(*, key: str, at: int, host: str, channel: str) -> Message:
    """The message that only says that messages arrive."""
    lines = [
        f"This is a test of the channel {said(channel)} of socterm on {said(host)}.",
        "Nothing has happened.",
    ]
    return _message(key, "test", f"socterm: test of {said(channel)}", lines, "informational", at, host, {})


def entity_text(entity: Mapping[str, object]) -> str:
    """Whom something is about, in a few words."""
    return said(" ".join(said(value, 60) for _, value in _most(entity)), VALUE) if entity else ""


def span_text(first: int, last: int) -> str:
    """Two moments (µs) to the second, UTC; the second one without its day where that is the same."""
    begun, ended = stamp(first), stamp(last)
    if begun == ended:
        return begun
    return f"{begun} to {ended[11:] if begun[:10] == ended[:10] else ended}"


def stamp(ts: int) -> str:
    """µs as ISO 8601 to the second; the number where that is no time.

    >>> stamp(1_795_168_800_000_000)
    '2026-11-20T10:00:00Z'
    """
    try:
        return f"{datetime.fromtimestamp(ts // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return str(ts)


def _most(entity: Mapping[str, object]) -> list[tuple[str, object]]:
    return list(entity.items())[:8]


def _message(
    key: str,
    kind: str,
    title: str,
    lines: Iterable[str],
    level: str,
    at: int,
    host: str,
    facts: dict[str, Any],
) -> Message:
    body = "\n".join(lines)
    cut = body if len(body) <= BODY else body[: BODY - 1] + "…"
    if len(cut.encode()) > BYTES:
        cut = cut.encode()[: BYTES - 3].decode(errors="ignore") + "…"
    return Message(key, kind, said(title, TITLE), cut, level, at, facts | {"host": said(host)})
