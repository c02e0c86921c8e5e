"""Which rules match an event: routing by log source first, then the compiled rules of that route."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo

from socterm.event import Event, LogSource
from socterm.sigma.evaluate import evaluate
from socterm.sigma.explain import Finding, explain
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.resolve import serves

Route = Callable[[Event], Sequence[str]]


class Matcher:
    """All event rules of a set, ready to be asked about one event at a time.

    Knows nothing of windows: correlations are fed with what `match` returns. `tz` is the zone in which rules
    ask for the hour, the day and so on. No I/O, no clock.
    """

    def __init__(self, rules: RuleSet, *, tz: tzinfo = UTC) -> None:
        self._tz = tz
        self._rules = [rule for rule in rules.rules.values() if rule.detection is not None]
        self._routes: dict[tuple[LogSource, ...], Route] = {}

    def match(self, event: Event) -> Sequence[str]:
        """Keys of the rules, alerting and base, that the event satisfies, in the order of the rule set."""
        route = self._routes.get(event.logsources)
        if route is None:
            route = self._open(event.logsources)
        return route(event)

    def explain(self, key: str, event: Event) -> list[Finding]:
        """Each test of one rule with the value it met. Raises KeyError for a key that is no event rule."""
        for rule in self._rules:
            if rule.key == key:
                return explain(rule.detection, event, self._tz)
        raise KeyError(key)

    def _open(self, sources: tuple[LogSource, ...]) -> Route:
        rules = [rule for rule in self._rules if _served(rule, sources)]
        tz = self._tz

        def route(event: Event) -> Sequence[str]:
            return [rule.key for rule in rules if evaluate(rule.detection, event, tz)]

        self._routes[sources] = route
        return route


def _served(rule: Rule, sources: tuple[LogSource, ...]) -> bool:
    return any(serves(rule.logsource, source) for source in sources)
