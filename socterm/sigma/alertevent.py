"""An alert as an event: the fields that rules over alerts see of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from socterm.alerts.levels import rank_of
from socterm.alerts.model import Entity, Hit
from socterm.event import Event
from socterm.sigma.entity import WHOM
from socterm.sigma.model import Rule
from socterm.taxonomy.attack import tactic_of, technique_of
from socterm.taxonomy.logsources import ALERTS

_SOURCES: Final = (ALERTS,)


def rule_fields(rule: Rule) -> dict[str, Any]:
    """What all alerts of a rule have in common."""
    info = rule.info
    return {
        "event.dataset": "socterm.alert",
        "event.action": "alert",
        "event.category": ("intrusion_detection",),
        "event.severity": rank_of(info.level) + 1,
        "socterm.level": info.level,
        "rule.id": rule.key,
        "rule.name": tuple(dict.fromkeys(name for name in (info.title, rule.name) if name)),
        "tags": info.tags,
        "threat.tactic.name": _unique(tactic_of(tag) for tag in info.tags),
        "threat.technique.id": _techniques(info.tags),
    }


def alert_event(rule: Rule, common: dict[str, Any], entity: Entity, fired: Hit) -> Event:
    """An alert about an entity, at the time and under the id of the event that first satisfied its rule.

    `common` are the rule's `rule_fields`.
    """
    whom = tuple([f"{name}={value}" for name, value in entity])
    message = f"{rule.info.title}: {', '.join(whom)}"
    fields = {**common, WHOM: whom, "message": message, **dict(entity)}
    if rule.risk:
        fields["event.risk_score"] = rule.risk
    return Event(
        ts=fired.ts, source=fired.source, position=fired.position, raw=fields["message"], fields=fields,
        logsources=_SOURCES, kind="alert", id=fired.event,
    )  # fmt: skip


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in found if text))


def _techniques(tags: Iterable[str]) -> tuple[str, ...]:
    """Each technique under the id its tag gives, and the one it has today where that is another."""
    named = [tag for tag in tags if technique_of(tag)]
    return _unique(one for tag in named for one in (tag.partition(".")[2].upper(), technique_of(tag)))
