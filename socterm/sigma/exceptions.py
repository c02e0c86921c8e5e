"""Exceptions in force: what they keep from which rule, and how often they did.

An exception never touches a rule, its windows or what it counts for others; it stands between what a rule
found and the rule's alerts:

- For an event rule it keeps the event from the rule's own alerts. Where the rule raises none itself but feeds
  correlations, the event is kept from these.
- For a correlation it keeps an alert on the entity from being raised; rules built on it see what it finds.
- For all rules, it keeps the event from every one.

Pure: which exceptions are in force is said from outside, when it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Final, NamedTuple

from socterm.alerts.model import Entity, RuleInfo
from socterm.errors import RuleError
from socterm.event import Event, LogSource
from socterm.sigma import ir
from socterm.sigma.detection import bound
from socterm.sigma.engine import Matcher
from socterm.sigma.entity import WHOM
from socterm.sigma.evaluate import evaluate
from socterm.sigma.exceptiontext import Said, read
from socterm.sigma.fields import names_of
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.slots import LONG
from socterm.taxonomy.logsources import serves

OWN: Final = "\0"
"""Before the key of a matched rule: the event counts for what is built on it, but for no alert of its own."""

MEMORY: Final = 50_000
"""Entities of correlations for which it is remembered what is excepted of them."""


class Tally:
    """How often each exception hid something since the last `take`, and the latest event time (µs) it did."""

    def __init__(self) -> None:
        self._hits: dict[int, tuple[int, int]] = {}

    def add(self, ident: int, ts: int) -> None:
        """It hid an event, or a firing, of this time."""
        hits, last = self._hits.get(ident, (0, ts))
        self._hits[ident] = (hits + 1, max(last, ts))

    def take(self) -> dict[int, tuple[int, int]]:
        """What was added since the last call."""
        hits, self._hits = self._hits, {}
        return hits


class _Aim(NamedTuple):
    """Whom an exception keeps its events from: keys of rules, None for all."""

    ident: int
    rules: frozenset[str] | None


class InForce:
    """The exceptions of a moment, made ready for a rule set. `entries` are (id, document).

    `problems` says in one line, by id, why one cannot be used; it hides nothing then, and hinders no other.
    """

    def __init__(
        self, entries: Iterable[tuple[int, str]], rules: RuleSet, *, tally: Tally, tz: tzinfo = UTC
    ) -> None:
        self.problems: dict[int, str] = {}
        self.silenced: set[str] = set()
        self._tally = tally
        self._tz = tz
        self._rules = rules.rules
        self._called = _names(rules)
        self._aims: dict[str, _Aim] = {}
        self._asked: dict[str, Rule] = {}
        self._entities: dict[str, list[tuple[int, ir.Node | None]]] = {}
        self._known: dict[tuple[str, Entity], tuple[int, ...]] = {}
        for ident, text in entries:
            try:
                problem = self._enter(ident, read(text))
            except RuleError as error:
                problem = str(error)
            if problem:
                self.problems[ident] = " ".join(problem.split())[:400]
        self.silenced = set(self._entities)
        self._matcher = Matcher(RuleSet(self._asked, []), tz=tz) if self._asked else None

    # -- what the detector asks ----------------------------------------------------------

    def heard(self, event: Event, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The rules that an event which matched these counts for; those with `OWN` before it in part."""
        matcher = self._matcher
        if matcher is None or not keys:
            return keys
        left = keys
        for name in matcher.match(event):
            aim = self._aims[name]
            if aim.rules is None:
                left = ()
            elif aim.rules.isdisjoint(keys):
                continue
            else:
                left = tuple(heard for key in left for heard in self._left(key, aim.rules))
            self._tally.add(aim.ident, event.ts)
        return left

    def _left(self, key: str, hidden: frozenset[str]) -> tuple[str, ...]:
        if key not in hidden:
            return (key,)
        return (OWN + key,) if self._rules[key].alerting else ()

    def hiding(self, event: Event, rule: str) -> tuple[int, ...]:
        """The exceptions that keep an event from an event rule; asking counts nothing."""
        aims = [self._aims[name] for name in self._matcher.match(event)] if self._matcher is not None else []
        return tuple(aim.ident for aim in aims if aim.rules is None or rule in aim.rules)

    def silences(self, rule: str, entity: Entity) -> tuple[int, ...]:
        """The exceptions that keep a correlation's alerts on an entity from being raised."""
        place = (rule, entity)
        found = self._known.get(place)
        if found is None:
            about = Event(0, "", 0, "", dict(entity))
            found = tuple(
                ident
                for ident, hides in self._entities.get(rule, ())
                if hides is None or (entity and evaluate(hides, about, self._tz))
            )
            if sum(len(value) for _, value in entity) <= LONG:
                if len(self._known) >= MEMORY:
                    self._known.clear()
                self._known[place] = found
        return found

    def kept(self, idents: Iterable[int], ts: int) -> None:
        """A firing of this time raised no alert because of these."""
        for ident in idents:
            self._tally.add(ident, ts)

    # -- making ready --------------------------------------------------------------------

    def _enter(self, ident: int, said: Said) -> str:
        """Make one ready; why it cannot be used, "" where it can."""
        if not said.rules:
            self._ask(ident, said.logsource, said.hides, None)
            return ""
        sources: dict[LogSource, set[str]] = {}
        wrong = []
        for name in said.rules:
            rule = self._called.get(name) or self._called.get(name.lower())
            problem = f"no rule '{name}' is loaded" if rule is None else self._unfit(rule, said)
            if problem or rule is None:
                wrong.append(problem)
            elif rule.correlation is not None:
                hides = None if said.everything else bound(said.hides, rule.logsource)
                self._entities.setdefault(rule.key, []).append((ident, hides))
            else:
                sources.setdefault(rule.logsource, set()).add(rule.key)
        for source, keys in sources.items():
            self._ask(ident, source, said.hides, frozenset(keys))
        return "; ".join(wrong) if len(wrong) == len(said.rules) else ""

    def _ask(self, ident: int, source: LogSource, hides: ir.Node, rules: frozenset[str] | None) -> None:
        name = f"{len(self._asked)}"
        self._aims[name] = _Aim(ident, rules)
        self._asked[name] = Rule(
            key=name,
            info=RuleInfo(name, name, "informational", "", ()),
            name=name,
            logsource=source,
            alerting=False,
            throttle=0,
            detection=bound(hides, source),
        )

    def _unfit(self, rule: Rule, said: Said) -> str:
        """Why an exception cannot be for a rule; "" where it can."""
        if rule.correlation is None:
            if any(said.logsource) and not serves(said.logsource, rule.logsource):
                return f"'{rule.info.title}' is of another log source"
            return ""
        if not rule.alerting:
            return f"'{rule.info.title}' raises no alerts itself"
        if said.everything:
            return ""
        about = asked_of(rule)
        if not about:
            return f"'{rule.info.title}' counts for nobody in particular: switch it off instead"
        for leaf in ir.leaves(said.hides):
            field = names_of(leaf.names[0], rule.logsource) if isinstance(leaf, ir.FieldMatch) else ("words",)
            if WHOM not in about and about.isdisjoint(field):
                return (
                    f"'{rule.info.title}' is about {', '.join(sorted(about))} and not about {field[0]}: "
                    "ask for what it is about, or except from all rules"
                )
        return ""


def asked_of(rule: Rule) -> frozenset[str]:
    """The fields an exception for a correlation may ask for: what it counts by, as its alerts show it."""
    spec = rule.correlation
    return frozenset(spec.fields[spec.refs[0]]) if spec is not None else frozenset()


def _names(rules: RuleSet) -> Mapping[str, Rule]:
    """Rules by what a document may call them: key, and id and name in lower case."""
    found: dict[str, Rule] = {}
    for rule in rules.rules.values():
        for called in (rule.key, rule.key.lower(), rule.name.lower()):
            if called:
                found.setdefault(called, rule)
    return found


def problem_of(text: str, rules: RuleSet) -> str:
    """Why a document is no exception for these rules, in one line; "" where it is."""
    return InForce([(0, text)], rules, tally=Tally()).problems.get(0, "")
