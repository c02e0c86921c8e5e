"""Which rules match an event: routing by log source first, then the compiled rules of that route."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from socterm.event import Event, LogSource
from socterm.sigma.compile import Matches, compiled
from socterm.sigma.explain import Finding, explain
from socterm.sigma.index import Candidate, Route, route
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.resolve import serves

ROUTE_LIMIT: Final = 1_024
"""Combinations of log sources remembered; parsers have some dozens."""


class Matcher:
    """All event rules of a set, ready to be asked about one event at a time.

    Knows nothing of windows: correlations are fed with what `match` returns. `tz` is the zone in which rules
    ask for the hour, the day and so on. No I/O, no clock.
    """

    def __init__(self, rules: RuleSet, *, tz: tzinfo = UTC) -> None:
        self._tz = tz
        self._rules = [rule for rule in rules.rules.values() if rule.detection is not None]
        self._functions: dict[str, Matches] = {}
        self._routes: dict[tuple[LogSource, ...], Route] = {}
        self._shared: dict[int, tuple[tuple[LogSource, ...], Route]] = {}

    def match(self, event: Event) -> tuple[str, ...]:
        """Keys of the rules, alerting and base, that the event satisfies, in the order of the rule set."""
        sources = event.logsources
        # By identity: parsers share these tuples, and hashing nested ones costs more than the rules do.
        known = self._shared.get(id(sources))
        if known is not None and known[0] is sources:
            return known[1](event)
        return self._open(sources)(event)

    def explain(self, key: str, event: Event) -> list[Finding]:
        """Each test of one rule with the value it met. Raises KeyError for a key that is no event rule."""
        for rule in self._rules:
            if rule.key == key:
                return explain(rule.detection, event, self._tz)
        raise KeyError(key)

    def candidates(self, event: Event) -> list[Rule]:
        """The event rules that are asked about an event with these log sources, whatever they answer."""
        return [rule for rule in self._rules if _served(rule, event.logsources)]

    def _open(self, sources: tuple[LogSource, ...]) -> Route:
        found = self._routes.get(sources)
        if found is None:
            rules = [rule for rule in self._rules if _served(rule, sources)]
            found = route(
                [
                    Candidate(place, rule.key, rule.detection, self._compiled(rule))
                    for place, rule in enumerate(rules)
                ]
            )
            if len(self._routes) < ROUTE_LIMIT:
                self._routes[sources] = found
        if len(self._shared) < ROUTE_LIMIT:
            self._shared[id(sources)] = (sources, found)
        return found

    def _compiled(self, rule: Rule) -> Matches:
        made = self._functions.get(rule.key)
        if made is None:
            made = self._functions[rule.key] = compiled(rule.detection, self._tz)
        return made


def _served(rule: Rule, sources: tuple[LogSource, ...]) -> bool:
    return any(serves(rule.logsource, source) for source in sources)
