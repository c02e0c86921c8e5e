"""Which of an event's rules can be told of it at once, and which have to wait for their turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from socterm.event import Event
from socterm.sigma.fields import text
from socterm.sigma.learning.values import SEVERAL, reader
from socterm.sigma.model import Rule, RuleSet

MAX_PLANS: Final = 20_000
"""Combinations of matched rules whose plans are kept: a log makes as many as it likes."""

Keys = tuple[str, ...]
Gate = Callable[[Event], bool]


class ValueList(Protocol):
    """A configured list of values."""

    def __contains__(self, value: object) -> bool:
        """Whether a value stands in it, or an address in one of its networks."""


Lists = Mapping[str, ValueList]


class Plan(NamedTuple):
    """What becomes of events with the same rule keys.

    `gated`: some depend on a list. Else `now` goes on at once and `held` waits: rules that remember, and
    those that feed a correlation together with them, so that it counts the event once.
    """

    gated: bool
    now: Keys
    held: Keys


class Planner:
    """Makes the plans of a rule set, each once."""

    def __init__(self, rules: RuleSet, lists: Lists) -> None:
        self._gates = {rule.key: gate_of(rule, lists) for rule in rules.rules.values() if rule.lookup}
        self._waiting = {rule.key for rule in rules.rules.values() if rule.learning is not None}
        self._feeds: dict[str, set[str]] = {}
        for rule in rules.rules.values():
            for ref in rule.correlation.refs if rule.correlation else ():
                self._feeds.setdefault(ref, set()).add(rule.key)
        self._before: dict[Keys, Plan] = {}
        self._behind: dict[Keys, Plan] = {}

    def plan(self, keys: Keys) -> Plan:
        """What to do with events that matched these rules."""
        found = self._before.get(keys)
        if found is None:
            gated = any(key in self._gates for key in keys)
            found = self._before[keys] = Plan(True, (), ()) if gated else self._split(keys)
        return found

    def passed(self, event: Event, keys: Keys) -> Plan:
        """The same where some depend on a list, for those whose list has the event's value."""
        gates = self._gates
        left = tuple(key for key in keys if key not in gates or gates[key](event))
        found = self._behind.get(left)
        if found is None:
            found = self._behind[left] = self._split(left)
        return found

    def _split(self, keys: Keys) -> Plan:
        if len(self._before) + len(self._behind) >= MAX_PLANS:
            self._before.clear()
            self._behind.clear()
        waiting = [key for key in keys if key in self._waiting]
        shared = {one for key in waiting for one in self._feeds.get(key, ())}
        held = tuple(key for key in keys if key in self._waiting or shared & self._feeds.get(key, set()))
        return Plan(False, tuple(key for key in keys if key not in held), held)


def gate_of(rule: Rule, lists: Lists) -> Gate:
    """Whether an event may pass `socterm.lookup`; never, where there is no such list."""
    terms = rule.lookup
    readers = [reader(field, rule.logsource) for field in terms.field] if terms else []
    found = [lists[name] for name in terms.lists if name in lists] if terms else []

    def gate(event: Event) -> bool:
        for read in readers:
            for value in read(event)[:SEVERAL]:
                said = text(value)
                if any(said in one for one in found):
                    return True
        return False

    return gate


def lists_of(rules: RuleSet) -> set[str]:
    """The lists that rules of a set ask for."""
    return {name for rule in rules.rules.values() if rule.lookup is not None for name in rule.lookup.lists}
