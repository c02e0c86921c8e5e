"""Rules that remember, on events made by hand: what fires, whatever way the events come in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from socterm.alerts.model import EpisodeChange, key_of
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

START = 1_767_225_600_000_000
"""2026-01-01, 00:00 UTC: a multiple of any usual bucket."""

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}

Line = tuple[str, Mapping[str, Any]]
"""When, as "90s" or "2d 3h" after START, and the event's fields."""


def after(text: str) -> int:
    """µs after START."""
    return START + sum(int(part[:-1]) * _UNITS[part[-1]] for part in text.split())


def events(lines: Iterable[Line], *, source: str = "test") -> list[Event]:
    """Events of one source in the order given; `repeat` is none of the fields."""
    found = []
    for position, (at, given) in enumerate(lines):
        fields = dict(given)
        repeat = fields.pop("repeat", 1)
        logsources = (("test", "", ""),)
        found.append(
            Event(
                after(at),
                source,
                position,
                f"line {position}",
                fields,
                logsources,
                repeat=repeat,
                id=position + 1,
            )
        )
    return found


def document(extension: Mapping[str, Any], *, ident: str = "r", **more: Any) -> dict[str, Any]:
    """A rule for every event with a `user.name`, `host.hostname` or `source.ip`, and its extension."""
    return {
        "title": f"Rule {ident}",
        "name": ident,
        "logsource": {"product": "test"},
        "detection": {
            "one": [{"user.name|exists": True}, {"host.hostname|exists": True}, {"source.ip|exists": True}],
            "condition": "one",
        },
        "level": "medium",
        "socterm": dict(extension),
        **more,
    }


def write(folder: Path, *documents: Mapping[str, Any]) -> Path:
    """Rule files: JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(documents):
        (folder / f"{number}.yml").write_text(json.dumps(one))
    return folder


def load(folder: Path, *documents: Mapping[str, Any], lists: Iterable[str] | None = None) -> RuleSet:
    """The rules of some documents, none of which may be refused."""
    rules = load_rules([write(folder, *documents)], lists=None if lists is None else set(lists))
    assert [fate.reason for fate in rules.fates if fate.fate == "refused"] == []
    return rules


def refusal(folder: Path, one: Mapping[str, Any], *, lists: Iterable[str] | None = None) -> str:
    """Why a rule is refused."""
    (fate,) = load_rules([write(folder, one)], lists=None if lists is None else set(lists)).fates
    assert fate.fate == "refused", fate
    return fate.reason


def hits(changes: Sequence[EpisodeChange], rule: str = "r") -> list[int]:
    """Positions of the events that made a rule's alerts, in order of time."""
    alerting = {change.id for change in changes if change.alert}
    found = [
        hit for change in changes if change.rule == rule and change.id in alerting for hit in change.hits
    ]
    return [hit.position for hit in sorted(found, key=key_of)]


def run(rules: RuleSet, given: Sequence[Event], *, rule: str = "r", **more: Any) -> list[int]:
    """What fires when the events come in at once, and all is over then."""
    detector = Detector(rules, **more)
    by_source: dict[str, list[Event]] = {}
    for event in given:
        by_source.setdefault(event.source, []).append(event)
    for source in by_source:
        detector.watermark.clock(source)
    for source, some in by_source.items():
        detector.feed(source, some)
    detector.flush()
    return hits(detector.collect(), rule)
