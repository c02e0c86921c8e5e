"""What rules that remember make of events that matched them: for people who ask why nothing fired."""

from __future__ import annotations

from typing import Any, NamedTuple

from socterm.event import Event
from socterm.sigma.learning.judge import Judge
from socterm.sigma.learning.plan import Lists, gate_of
from socterm.sigma.learning.stage import judge_of
from socterm.sigma.learning.terms import kind_of
from socterm.sigma.model import Rule, RuleSet


class Opinion(NamedTuple):
    """What became of a match: `held` back or not, and one phrase why; "" where the rule has no extension."""

    held: bool
    text: str


class Opinions:
    """Asks the extensions of rules about events, in the order of asking.

    They know nothing but the events they were asked about; a learning span is passed over.
    """

    def __init__(self, rules: RuleSet, lists: Lists | None = None) -> None:
        self._rules = rules
        self._lists = lists or {}
        self._judges: dict[str, Judge[Any, Any]] = {}

    def of(self, rule: Rule, event: Event) -> Opinion:
        """Whether a rule that the event matched fires."""
        if rule.lookup is not None and not gate_of(rule, self._lists)(event):
            where, lists = " or ".join(rule.lookup.field), " or ".join(rule.lookup.lists)
            return Opinion(True, f"held back by lookup: {where} does not stand in {lists}")
        if rule.learning is None:
            return Opinion(False, "")
        judge = self._judges.get(rule.key)
        if judge is None:
            judge = self._judges[rule.key] = judge_of(rule, self._rules)
            judge.learn = 0
        kind, why = kind_of(rule.learning), judge.see(event)
        if why:
            return Opinion(True, f"held back by {kind}: {why}")
        return Opinion(False, f"{kind} fires, as far as these lines tell; a store may know more")
