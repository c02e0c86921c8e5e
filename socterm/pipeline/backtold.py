"""A back-test's report as plain JSON: what the command line prints, the store keeps and the console shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from socterm.pipeline.backtest import Report
from socterm.pipeline.wouldbe import DAY, WouldBe
from socterm.sigma.fields import instant
from socterm.store.rows import EventRow

MOST_TOLD: Final = 100
"""Entities, and alerts, that a report names one by one where nothing else is asked for."""


def as_plain(
    report: Report, titles: dict[str, str], samples: list[EventRow], *, most: int = MOST_TOLD
) -> dict[str, Any]:
    """The report; `titles` names rules and filters by key, `samples` are the events it points at."""
    return {
        "rules": [{"id": key, "title": titles.get(key, key)} for key in report.keys],
        "from": instant(report.first) if report.first else "",
        "to": instant(report.last) if report.last else "",
        "complete": report.complete,
        "events": report.progress.events,
        "looked_at": report.progress.done,
        "of": report.progress.of,
        "matches": report.matches,
        "hits": report.hits,
        "alerts": report.number,
        "already_alerts": report.covered,
        "evidence_of_others": report.known,
        "new_alerts": report.new,
        "hidden_by_exceptions": {str(ident): times for ident, times in sorted(report.hidden.items())},
        "kept_by_filters": {titles.get(key, key): times for key, times in sorted(report.filtered.items())},
        "left_out": report.left_out,
        "hurried": report.hurried,
        "days": [
            {"day": day_of(day), "hits": hits, "alerts": alerts}
            for day, (hits, alerts) in report.days.items()
        ],
        "entities": report.distinct,
        "top_entities": [
            {"entity": entity, "hits": hits, "alerts": alerts}
            for entity, hits, alerts in report.entities[:most]
        ],
        "would_be": [alert_as_plain(one) for one in report.alerts[:most]],
        "samples": [
            {"id": row.id, "@timestamp": instant(row.ts), "event.original": row.raw} for row in samples
        ],
    }


def alert_as_plain(one: WouldBe) -> dict[str, Any]:
    """One alert that the rule would have raised; its times are those of its events."""
    return {
        "key": one.key,
        "rule": one.rule,
        "title": one.info.title,
        "level": one.info.level,
        "entity": dict(one.entity),
        "first": instant(one.first[0]),
        "last": instant(one.last[0]),
        "count": one.count,
        "events": len(one.events),
        "first_event": one.events[0] if one.events else 0,
        "already_evidence": one.alerted,
        "alert": one.covered or None,
    }


def day_of(number: int) -> str:
    """A day by its number since the epoch.

    >>> day_of(20_000)
    '2024-10-04'
    """
    return datetime.fromtimestamp(number * DAY // 1_000_000, UTC).strftime("%Y-%m-%d")
