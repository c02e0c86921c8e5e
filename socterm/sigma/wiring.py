"""Which rule feeds which: the consumers of a rule set, none before what it refers to."""

from __future__ import annotations

from collections.abc import Callable, Collection

from socterm.alerts.episodes import Episodes
from socterm.sigma import chains
from socterm.sigma.groups import Consumer, Group
from socterm.sigma.model import RuleSet

Hurry = Callable[[Consumer, Group, int], None]


class Wiring:
    """The consumers of a rule set and what feeds them.

    `feeds` says for each event rule which consumers get its events, and under which name. `rank` gives each
    consumer's place in the order. Of a wiring `before`, the consumers of rules `going_on` are taken over as
    they are.
    """

    def __init__(
        self,
        rules: RuleSet,
        episodes: Episodes,
        lateness: int,
        hurry: Hurry,
        purge: Callable[[], None],
        *,
        before: Wiring | None = None,
        going_on: Collection[str] = (),
    ) -> None:
        self.consumers: dict[str, Consumer] = {}
        self.feeds: dict[str, list[tuple[Consumer, str]]] = {}
        known = {key: before.consumers[key] for key in going_on if key in before.consumers} if before else {}
        for key in rules.rules:
            self._wire(rules, key, episodes, lateness, known)
        self.rank = {key: n for n, key in enumerate(self.consumers)}
        for consumer in reversed(self.consumers.values()):
            consumer.hurry, consumer.purge = hurry, purge
            consumer.carry_fields(chains.carry_names(consumer))

    def _wire(
        self, rules: RuleSet, key: str, episodes: Episodes, lateness: int, known: dict[str, Consumer]
    ) -> None:
        rule = rules.rules[key]
        spec = rule.correlation
        if spec is None and not rule.alerting:
            return
        below = [self.consumers[ref] for ref in spec.refs if rules.rules[ref].correlation] if spec else []
        consumer = known.get(key)
        if consumer is not None:
            consumer.rule = rule
            consumer.parents = []
        else:
            consumer = Consumer(rule, episodes, lateness, below=below)
        self.consumers[key] = consumer
        consumer.silent = not rule.alerting
        if spec is None:
            self.feeds.setdefault(key, []).append((consumer, key))
            return
        for ref in spec.refs:
            if rules.rules[ref].correlation is not None:
                self.consumers[ref].add_parent(consumer, ref)
            else:
                self.feeds.setdefault(ref, []).append((consumer, ref))
