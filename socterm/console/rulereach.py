"""What the rules in force reach of ATT&CK by the logs read here: tactics, kinds of log, what is lacking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from socterm.event import LogSource
from socterm.pipeline.seen import can_fire, looks
from socterm.sigma.coverage import coverage
from socterm.sigma.model import Rule, RuleSet
from socterm.taxonomy.logsources import ALERTS, BY_ACTION, LOGSOURCES


class TacticReached(NamedTuple):
    """A tactic: of its `known` techniques `here` are covered by rules whose logs are read here, `more` by
    others only; and how many rules those are.
    """

    title: str
    here: int
    more: int
    known: int
    rules: int
    idle: int


class LogReached(NamedTuple):
    """A kind of log that is read here: its lines, the rules that look at it, the techniques these cover."""

    dataset: str
    lines: int
    rules: int
    techniques: int


class Reach(NamedTuple):
    """All of it. `idle` rules in force see nothing; `lacking` counts them by the log they wait for."""

    tactics: tuple[TacticReached, ...] = ()
    logs: tuple[LogReached, ...] = ()
    idle: int = 0
    lacking: tuple[tuple[str, int], ...] = ()


_SERVED: dict[str, frozenset[LogSource]] = {
    dataset: frozenset(sources).union(*(found for key, found in BY_ACTION.items() if key[0] == dataset))
    for dataset, sources in LOGSOURCES.items()
}
"""`event.dataset` → all log sources its events may belong to."""


def reach(rules: RuleSet, keys: Collection[str], lines: Mapping[str, int], hits: Mapping[str, int]) -> Reach:
    """What the rules of these keys reach. `lines` are read here, by dataset; a rule with `hits` has its log.

    Which log sources a dataset may belong to is told by tables, not by its events: `socterm rules coverage`
    with a store looks at all of these, and may find fewer rules.
    """
    sources = {name: _SERVED.get(name, frozenset()) for name, number in lines.items() if number}
    everything = frozenset[LogSource]({ALERTS}).union(*sources.values())
    own = [rules.rules[key] for key in keys if key in rules.rules]
    fed = [rule for rule in own if hits.get(rule.key) or can_fire(rule, rules, everything)]
    here, every = (coverage([rule.info for rule in some], "19").tactics for some in (fed, own))
    tactics = tuple(
        TacticReached(
            whole.title,
            len(some.techniques),
            len(whole.techniques) - len(some.techniques),
            whole.known,
            some.rules,
            whole.rules - some.rules,
        )
        for some, whole in zip(here, every, strict=True)
    )
    logs = [_log(name, lines[name], sources[name], fed, rules) for name in sources]
    seeing = {rule.key for rule in fed}
    idle = [rule for rule in own if rule.key not in seeing]
    lacking = Counter(text for rule in idle for text in _lacks(rule, rules, everything))
    return Reach(
        tactics, tuple(sorted(logs, key=lambda one: -one.lines)), len(idle), tuple(lacking.most_common())
    )


def _log(
    dataset: str, lines: int, sources: Collection[LogSource], rules: Iterable[Rule], every: RuleSet
) -> LogReached:
    infos = [rule.info for rule in rules if looks(rule, every, tuple(sources))]
    found = {ident for tactic in coverage(infos, "19").tactics for ident, _ in tactic.techniques}
    return LogReached(dataset, lines, len(infos), len(found))


def _lacks(rule: Rule, rules: RuleSet, sources: Collection[LogSource]) -> set[str]:
    """The log sources that a rule waits for."""
    if rule.correlation is None:
        return set() if can_fire(rule, rules, sources) else {said(rule.logsource)}
    parts = [rules.rules[ref] for ref in rule.correlation.refs if ref in rules.rules]
    return {text for part in parts for text in _lacks(part, rules, sources)}


def said(source: LogSource) -> str:
    """A log source in words: `linux/sshd`, `windows/process_creation`, `any`."""
    return "/".join(part for part in source if part) or "any"
