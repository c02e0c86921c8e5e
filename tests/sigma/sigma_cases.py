"""The tables in cases/: what a rule says, which events it then matches and which it does not.

A case is a map. `it` says what it shows. `rule` is one selection, or `detection` the whole. `hits` and
`misses` are events as maps of fields; in them `=raw` is the raw line, `=time` the time (ISO 8601) and
`=sources` the log sources, as `product/category/service`. `refused` in place of events is what the reason
must say. `logsource`, `placeholders` and `tz` are as their names say.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml
from socterm.event import Event, LogSource
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

TABLES = Path(__file__).parent / "cases"
NOON = 1_700_000_000_000_000
"""2023-11-14 22:13:20 UTC, a Tuesday in ISO week 46."""

SOURCES: tuple[LogSource, ...] = (("linux", "process_creation", "sudo"),)


class Case(NamedTuple):
    """One rule with one event, or with the reason it is refused for (`event` is then None)."""

    name: str
    said: dict[str, Any]
    event: dict[str, Any] | None
    expected: bool | str


def cases() -> list[Case]:
    """All of all tables."""
    found = []
    for path in sorted(TABLES.glob("*.yml")):
        for said in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader):
            name = f"{path.stem}: {said['it']}"
            if "refused" in said:
                found.append(Case(name, said, None, said["refused"]))
            for kind in ("hits", "misses"):
                events = said.get(kind, [])
                found += [Case(f"{name} | {kind} {event}", said, event, kind == "hits") for event in events]
    return found


def document(said: dict[str, Any]) -> str:
    """The rule of a case as the text of a document."""
    detection = said.get("detection") or {"sel": said["rule"], "condition": "sel"}
    source = said.get("logsource", {"product": "linux", "category": "process_creation"})
    rule = {"title": said["it"], "name": "case", "logsource": source, "detection": detection}
    return str(yaml.safe_dump(rule, allow_unicode=True))


def load(folder: Path, text: str, placeholders: dict[str, list[str]] | None = None) -> RuleSet:
    """The rules of one text."""
    path = folder / "rules.yml"
    path.write_text(text, "utf-8")
    return load_rules([path], placeholders=placeholders or {})


def event_of(said: dict[str, Any]) -> Event:
    """An event as a table writes it."""
    fields = {name: _value(value) for name, value in said.items() if not name.startswith("=")}
    time = said.get("=time")
    ts = NOON if time is None else round(datetime.fromisoformat(time).timestamp()) * 1_000_000
    sources = tuple(_source(text) for text in said["=sources"]) if "=sources" in said else SOURCES
    return Event(ts, "s", 0, said.get("=raw", "the raw line"), fields, logsources=sources)


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _source(text: str) -> LogSource:
    product, category, service = text.split("/")
    return product, category, service


def zone(said: dict[str, Any]) -> tzinfo:
    """The zone a case asks for."""
    return ZoneInfo(said["tz"]) if "tz" in said else UTC


def matched(rules: RuleSet, event: Event, tz: tzinfo = UTC) -> set[str]:
    """Keys of the rules an event matches: by the plain evaluator, and by the engine, which must agree."""
    plain = {
        key
        for key, rule in rules.rules.items()
        if rule.detection is not None
        and any(_serves(rule.logsource, source) for source in event.logsources)
        and evaluate(rule.detection, event, tz)
    }
    matcher = Matcher(rules, tz=tz)
    for _ in range(2):  # the second time it answers from memory
        assert set(matcher.match(event)) == plain
    return plain


def _serves(wanted: LogSource, have: LogSource) -> bool:
    return all(part in ("", other) for part, other in zip(wanted, have, strict=True))
