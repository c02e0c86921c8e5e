"""Rules over alerts: which they are, whose alerts they look at, and what must not go round in a circle.

Our own alerts are a log source, `product: socterm, service: alert`. A rule that names rules (an exact
`rule.id` or `rule.name` without which it cannot match) sees the alerts of these, whatever they are built on.
One that names none sees the alerts of all rules on logs and of none built on alerts: so no rule can feed
itself unawares, and whose alerts one rule sees never depends on which others there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma.ir import And, FieldMatch, Node, Or, Text
from socterm.sigma.model import Rule, RuleSet
from socterm.taxonomy.logsources import ALERTS, serves

_NAMES = frozenset({"rule.id", "rule.name"})


class Drafted(Protocol):
    """What of a document on its way to a rule matters here."""

    @property
    def key(self) -> str:
        """What it is called by others."""

    @property
    def id(self) -> str:
        """As written."""

    @property
    def name(self) -> str:
        """As written."""

    @property
    def title(self) -> str:
        """As written."""

    @property
    def logsource(self) -> LogSource:
        """("", "", "") for a correlation."""

    @property
    def detection(self) -> Node | None:
        """None for a correlation."""


def over_alerts(logsource: LogSource) -> bool:
    """Whether an event rule of this log source looks at alerts."""
    return any(logsource) and serves(logsource, ALERTS)


def names_in(node: Node | None) -> frozenset[str] | None:
    """The exact rule names, lower-cased, one of which an alert must have to fit the tree; None for any."""
    if isinstance(node, FieldMatch):
        test = node.test
        if node.names[0] in _NAMES and isinstance(test, Text) and test.place == "equals" and test.value:
            return frozenset((test.value.lower(),))
        return None
    if isinstance(node, And):
        found = [names for part in node.nodes if (names := names_in(part)) is not None]
        return min(found, key=len, default=None)
    if isinstance(node, Or):
        every = [names_in(part) for part in node.nodes]
        if None in every:
            return None
        return frozenset[str]().union(*(names for names in every if names is not None))
    return None


def standing_on_alerts(rules: RuleSet) -> frozenset[str]:
    """Keys of the rules over alerts and of the correlations built on them."""
    found: set[str] = set()
    for rule in rules.rules.values():  # what a rule refers to stands before it
        spec = rule.correlation
        if over_alerts(rule.logsource) if spec is None else any(ref in found for ref in spec.refs):
            found.add(rule.key)
    return frozenset(found)


def looking(rules: RuleSet) -> dict[str, frozenset[str] | None]:
    """Event rules over alerts, by key: the keys of the rules they name, None where they name none."""
    called: dict[str, set[str]] = {}
    for rule in rules.rules.values():
        for name in (rule.key, rule.name, rule.info.title):
            called.setdefault(name.lower(), set()).add(rule.key)
    found: dict[str, frozenset[str] | None] = {}
    for rule in rules.rules.values():
        if over_alerts(rule.logsource):
            names = names_in(rule.detection)
            keys = [key for name in names or () for key in called.get(name, ())]
            found[rule.key] = None if names is None else frozenset(keys)
    return found


def on_logs(rules: RuleSet) -> RuleSet:
    """The rules that do not stand on alerts."""
    over = standing_on_alerts(rules)
    if not over:
        return rules
    return RuleSet({key: rule for key, rule in rules.rules.items() if key not in over}, rules.fates)


def refuse_mixture(refs: Sequence[Rule], over: Iterable[str]) -> bool:
    """Whether a correlation of these rules is one over alerts. Raises RuleError where only some of them are.

    Alerts are told of when the watermark has passed them, events at once: no window could hold both in order.
    """
    known = frozenset(over)
    alerts = [rule for rule in refs if rule.key in known]
    if alerts and len(alerts) < len(refs):
        other = next(rule for rule in refs if rule.key not in known)
        one, two = (rule.name or rule.key for rule in (alerts[0], other))
        raise RuleError(
            f"it mixes alerts ('{one}') with events ('{two}'): "
            "refer to the rules themselves instead of to their alerts"
        )
    return bool(alerts)


def circles(drafts: Sequence[Drafted], refs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Key → why, for each rule over alerts that names a rule which stands on its own alerts.

    `refs` are, by key, the keys that correlations refer to.
    """
    called: dict[str, set[str]] = {}
    for draft in drafts:
        for name in (draft.key, draft.id, draft.name, draft.title):
            if name:
                called.setdefault(name.lower(), set()).add(draft.key)
    below: dict[str, list[str]] = {key: list(found) for key, found in refs.items()}
    for draft in drafts:
        if over_alerts(draft.logsource):
            names = names_in(draft.detection) or ()
            below[draft.key] = sorted(key for name in names for key in called.get(name, ()))
    found = {}
    for draft in drafts:
        if over_alerts(draft.logsource) and (way := _way_back(draft.key, below)):
            found[draft.key] = f"it consumes its own alerts: {' → '.join(way)}"
    return found


def _way_back(start: str, below: Mapping[str, Sequence[str]]) -> list[str]:
    """The shortest way from a rule through what it stands on back to itself; [] where there is none."""
    came: dict[str, str] = {}
    front = [start]
    while front:
        here = front.pop(0)
        for key in below.get(here, ()):
            if key == start:
                return [start, *_steps(here, came, start), start] if here != start else [start, start]
            if key not in came:
                came[key] = here
                front.append(key)
    return []


def _steps(key: str, came: Mapping[str, str], start: str) -> Iterator[str]:
    way = []
    while key != start:
        way.append(key)
        key = came[key]
    yield from reversed(way)
