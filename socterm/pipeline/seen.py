"""Rules against what a store has seen: which of them can ever fire there, and which logs no rule looks at."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import msgspec

from socterm.event import LogSource
from socterm.query import parse, quote
from socterm.sigma.model import Rule, RuleSet
from socterm.store.protocols import Events
from socterm.taxonomy.json_names import ECS_CATEGORIES
from socterm.taxonomy.logsources import BY_ACTION, LOGSOURCES, serves

_VALUES_MOST = 10_000
_REGISTRY_CODE = "12"
"""Sysmon's event of keys made and deleted: which of both its log sources tell, the code does not."""


class SeenDataset(msgspec.Struct, frozen=True):
    """A kind of log in the store: its events, their log sources, and the rules that look at it.

    `rules` counts alerting rules that can be satisfied by this dataset's events, correlations included.
    """

    dataset: str
    events: int
    logsources: tuple[LogSource, ...]
    rules: int


class SeenRules(msgspec.Struct, frozen=True):
    """`live` are keys of alerting rules that can fire on what was seen, `idle` those that cannot."""

    datasets: tuple[SeenDataset, ...]
    live: tuple[str, ...]
    idle: tuple[str, ...]


def seen_rules(events: Events, rules: RuleSet) -> SeenRules:
    """Hold the alerting rules against all events of a store."""
    counted = events.count_by("event.dataset", limit=_VALUES_MOST)
    found = [(dataset, number, _sources(events, dataset)) for dataset, number in counted]
    everything = {source for _, _, sources in found for source in sources}
    alerting = [rule for rule in rules.rules.values() if rule.alerting]
    live = [rule for rule in alerting if can_fire(rule, rules, everything)]
    datasets = tuple(
        SeenDataset(dataset, number, sources, sum(looks(rule, rules, sources) for rule in live))
        for dataset, number, sources in found
    )
    keys = {rule.key for rule in live}
    return SeenRules(
        datasets,
        tuple(rule.key for rule in live),
        tuple(rule.key for rule in alerting if rule.key not in keys),
    )


def can_fire(rule: Rule, rules: RuleSet, sources: Iterable[LogSource]) -> bool:
    """Whether events of these log sources can satisfy a rule; a correlation needs one of its rules to be
    able to, one of a temporal kind all of them."""
    sources = tuple(sources)
    if rule.correlation is None:
        return any(serves(rule.logsource, source) for source in sources)
    able = [can_fire(rules.rules[ref], rules, sources) for ref in rule.correlation.refs if ref in rules.rules]
    return (all if rule.correlation.type in ("temporal", "temporal_ordered") else any)(able) and bool(able)


def looks(rule: Rule, rules: RuleSet, sources: tuple[LogSource, ...]) -> bool:
    """Whether a rule, or one it is built on, is asked about events of these log sources."""
    if rule.correlation is None:
        return any(serves(rule.logsource, source) for source in sources)
    return any(looks(rules.rules[ref], rules, sources) for ref in rule.correlation.refs if ref in rules.rules)


def _sources(events: Events, dataset: str) -> tuple[LogSource, ...]:
    """The log sources of a dataset's events, told by their actions and codes where those decide."""
    found = dict.fromkeys(LOGSOURCES.get(dataset, ()))
    deciding = {word: sources for (name, word), sources in BY_ACTION.items() if name == dataset}
    if deciding:
        words = {*_words(events, dataset, "event.action"), *_words(events, dataset, "event.code")}
        for word, sources in deciding.items():
            if word in words or (_REGISTRY_CODE in words and not word.isdigit() and "sysmon" in dataset):
                found |= dict.fromkeys(sources)
    if not found:
        kinds = ("host.os.type", "event.category", "event.type")
        for key in product(*(_words(events, dataset, kind) for kind in kinds)):
            found |= dict.fromkeys(ECS_CATEGORIES.get((key[0], key[1], key[2]), ()))
    return tuple(found)


def _words(events: Events, dataset: str, field: str) -> tuple[str, ...]:
    query = parse(f"event.dataset:{quote(dataset)}", now=0)
    return tuple(word for word, _ in events.count_by(field, query, limit=_VALUES_MOST))
