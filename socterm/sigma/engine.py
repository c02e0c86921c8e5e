"""Which rules match an event: routing by log source first, then the compiled rules of that route."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

from socterm.event import Event, LogSource
from socterm.sigma.compile import Matches, compiled
from socterm.sigma.explain import Finding, explain
from socterm.sigma.ir import Node
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.rest import Answer
from socterm.sigma.route import Candidate, Route
from socterm.taxonomy.logsources import serves

_NOWHERE: Final = Route(())
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
        self._wanted = {rule.logsource for rule in self._rules}
        self._candidates: dict[str, Candidate] = {}
        self._routes: dict[tuple[LogSource, ...], Route] = {}
        self._shared: dict[int, tuple[tuple[LogSource, ...], Route]] = {}

    def match(self, event: Event) -> Answer:
        """Keys of the rules, alerting and base, that the event satisfies, in the order of the rule set."""
        return self.match_all((event,))[0]

    def match_all(self, events: Sequence[Event]) -> list[Answer]:
        """What `match` says of each event. Keywords are searched in all of them together.

        Each event is first asked about the rules that need no text anywhere in the line; of the few lines in
        which such a text is found, all rules are asked.
        """
        answers: list[Answer] = []
        add = answers.append
        shared = self._shared
        loud: dict[Route, list[int]] = {}
        last: tuple[LogSource, ...] | None = None
        actions, memo, ask = _NOWHERE.actions, _NOWHERE.memo, _NOWHERE.ask
        numbers: list[int] | None = None
        for number, event in enumerate(events):
            sources = event.logsources
            if sources is not last:
                # By identity: parsers share these tuples; hashing nested ones costs more than the rules do.
                known = shared.get(id(sources))
                route = known[1] if known is not None and known[0] is sources else self._open(sources)
                last = sources
                numbers = None
                if route.texts is not None:
                    numbers = loud.get(route)
                    if numbers is None:
                        numbers = loud[route] = []
                    route = route.quiet
                actions, memo, ask = route.actions, route.memo, route.ask
            if numbers is not None:
                numbers.append(number)
            get = event.fields.get
            action = get("event.action")
            try:
                answer = actions.get(action)
                if answer is None:
                    settled: Any = memo.get((action, get("event.outcome"), get("event.category")))
                    if settled.__class__ is tuple:
                        answer = settled
                    elif settled is not None:
                        answer = settled.ask(event)
            except TypeError:  # a list instead of a tuple: not ours, but no reason to fail
                answer = None
            add(ask(event) if answer is None else answer)
        for full, asked in loud.items():
            found = full.texts.found([events[number] for number in asked]) if full.texts else ()
            for place in found:
                answers[asked[place]] = full.ask(events[asked[place]])
        return answers

    def explain(self, key: str, event: Event) -> list[Finding]:
        """Each test of one rule with the value it met. Raises KeyError for a key that is no event rule."""
        for rule in self._rules:
            if rule.key == key:
                return explain(rule.detection, event, self._tz)
        raise KeyError(key)

    def candidates(self, event: Event) -> list[Rule]:
        """The event rules that are asked about an event with these log sources, whatever they answer."""
        return self._served(event.logsources)

    def _open(self, sources: tuple[LogSource, ...]) -> Route:
        found = self._routes.get(sources)
        if found is None:
            found = Route([self._candidate(rule) for rule in self._served(sources)])
            if len(self._routes) < ROUTE_LIMIT:
                self._routes[sources] = found
        if len(self._shared) < ROUTE_LIMIT:
            self._shared[id(sources)] = (sources, found)
        return found

    def _served(self, sources: tuple[LogSource, ...]) -> list[Rule]:
        """The rules that cover one of these: thousands of rules share some hundred log sources."""
        served = {wanted for wanted in self._wanted if any(serves(wanted, source) for source in sources)}
        return [rule for rule in self._rules if rule.logsource in served]

    def _candidate(self, rule: Rule) -> Candidate:
        made = self._candidates.get(rule.key)
        if made is None:
            made = self._candidates[rule.key] = Candidate(rule.key, rule.detection, self._compile)
        return made

    def _compile(self, node: Node) -> Matches:
        return compiled(node, self._tz)
