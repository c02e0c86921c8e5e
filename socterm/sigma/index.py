"""Which rules of one route can match an event at all: most questions are settled before a rule runs.

Two steps. First, the words parsers write themselves (`event.action`, `event.outcome`, `event.category`) come
in few combinations: for each one seen, every rule is evaluated as far as these fields go, once, and the
answer is kept: it matches, it cannot match, or the rest must be asked. Second, a rule of that rest that
requires one of some exact values in a field is looked up by the event's value instead of being run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from socterm.event import Event
from socterm.sigma.compile import Matches
from socterm.sigma.evaluate import value_matches
from socterm.sigma.fields import SPECIAL, text
from socterm.sigma.ir import And, Exists, FieldMatch, Moment, Node, Not, Null, Or, Reference, Text

WORDS: Final = ("event.action", "event.outcome", "event.category")
"""Fields whose values come from our own tables, not from the line: few combinations."""

MEMO_LIMIT: Final = 4_096
"""Combinations remembered a route; beyond it (only foreign JSON gets there) each event is worked out anew."""

Answer = tuple[str, ...]


class Candidate(NamedTuple):
    """A rule of a route: its place in the order, its key, its tree and its function."""

    place: int
    key: str
    node: Node
    matches: Matches


class Rest(NamedTuple):
    """What is still to be asked once the words are known."""

    sure: tuple[int, ...]
    always: tuple[Candidate, ...]
    tables: tuple[tuple[str, dict[str, tuple[Candidate, ...]]], ...]


class Route:
    """The event rules of one combination of log sources.

    `actions` is what `event.action` says by itself, where it settles every rule: that is most events.
    """

    __slots__ = ("_keys", "_memo", "_rules", "actions")

    def __init__(self, rules: Sequence[Candidate]) -> None:
        self.actions: dict[Any, Answer | None] = {}
        self._rules = rules
        self._keys = [rule.key for rule in rules]
        self._memo: dict[tuple[Any, Any, Any], Answer | Rest] = {}

    def ask(self, event: Event) -> Answer:
        """The keys of the rules an event satisfies, in order."""
        get = event.fields.get
        words = (get("event.action"), get("event.outcome"), get("event.category"))
        try:
            answer: Any = self._memo.get(words)
        except TypeError:  # a list instead of a tuple: not ours, but no reason to fail
            answer = None
        if answer is None:
            answer = self._settle(words)
        if answer.__class__ is tuple:
            settled: Answer = answer
            return settled
        return _ask(answer, event, self._keys)

    def _settle(self, words: tuple[Any, Any, Any]) -> Answer | Rest:
        answer = _answer(self._rules, dict(zip(WORDS, words, strict=True)))
        if len(self._memo) < MEMO_LIMIT and all(map(_stable, words)):
            self._memo[words] = answer
            action = words[0]
            if action not in self.actions:
                alone = _answer(self._rules, {WORDS[0]: action})
                self.actions[action] = None if isinstance(alone, Rest) else alone
        return answer


def _stable(word: Any) -> bool:
    """Whether a value is its own key: 1, 1.0 and True are not, they would share one."""
    if isinstance(word, tuple):
        return all(isinstance(item, str) for item in word)
    return word is None or isinstance(word, str)


def _answer(rules: Sequence[Candidate], words: dict[str, Any]) -> Answer | Rest:
    sure: list[Candidate] = []
    open_rules: list[Candidate] = []
    for rule in rules:
        decided = decide(rule.node, words)
        if decided is None:
            open_rules.append(rule)
        elif decided:
            sure.append(rule)
    if not open_rules:
        return tuple(rule.key for rule in sure)
    always: list[Candidate] = []
    tables: dict[str, dict[str, list[Candidate]]] = {}
    for rule in open_rules:
        need = requirement(rule.node)
        if need is None:
            always.append(rule)
            continue
        field, values = need
        for value in values:
            tables.setdefault(field, {}).setdefault(value, []).append(rule)
    return Rest(
        sure=tuple(rule.place for rule in sure),
        always=tuple(always),
        tables=tuple(
            (field, {value: tuple(found) for value, found in table.items()})
            for field, table in tables.items()
        ),
    )


def _ask(rest: Any, event: Event, keys: list[str]) -> Answer:
    places = [*rest.sure]
    places += [rule.place for rule in rest.always if rule.matches(event)]
    for field, table in rest.tables:
        value = event.fields.get(field)
        if value is None:
            continue
        found = table.get(value.lower(), ()) if value.__class__ is str else _listed(value, table)
        places += [rule.place for rule in found if rule.matches(event)]
    if len(places) > 1:
        places.sort()
    return tuple([keys[place] for place in places])


def _listed(value: Any, table: dict[str, tuple[Candidate, ...]]) -> tuple[Candidate, ...]:
    """Candidates for a number or a list of values, each once."""
    items = value if isinstance(value, tuple | list) else (value,)
    found = {rule.place: rule for item in items for rule in table.get(text(item).lower(), ())}
    return tuple(found.values())


def decide(node: Node, known: dict[str, Any]) -> bool | None:
    """What the known fields say about a tree; None where they do not settle it.

    `known` has None for a field the event lacks; fields not in it are unknown.
    """
    if isinstance(node, And | Or):
        stops = isinstance(node, Or)  # one True settles an OR, one False an AND
        answers = {decide(part, known) for part in node.nodes}
        if stops in answers:
            return stops
        return None if None in answers else not stops
    if isinstance(node, Not):
        inner = decide(node.node, known)
        return None if inner is None else not inner
    if isinstance(node, FieldMatch):
        return _decide_field(node, known)
    return None


def _decide_field(leaf: FieldMatch, known: dict[str, Any]) -> bool | None:
    test = leaf.test
    if isinstance(test, Moment | Reference):
        return None
    found: tuple[Any, ...] = ()
    for name in leaf.names:
        if name not in known:
            return None
        value = known[name]
        if isinstance(value, tuple | list):
            found = tuple(item for item in value if item is not None)
            if value:
                break
        elif value is not None:
            found = (value,)
            break
    if isinstance(test, Null):
        return not found
    if isinstance(test, Exists):
        return bool(found)
    return any(value_matches(test, value) for value in found)


def requirement(node: Node) -> tuple[str, frozenset[str]] | None:
    """A field and the exact lower-cased values one of which an event must have there for the tree to hold.

    The shortest list wins; None where nothing of the kind is required.
    """
    if isinstance(node, FieldMatch):
        test = node.test
        if not isinstance(test, Text) or test.place != "equals" or not test.value:
            return None
        name, *others = node.names
        return None if others or name in SPECIAL else (name, frozenset((test.value.lower(),)))
    if isinstance(node, And):
        found = [
            need for part in node.nodes if (need := requirement(part)) is not None and need[0] not in WORDS
        ]
        return min(found, key=lambda need: len(need[1]), default=None)
    if isinstance(node, Or):
        needs = [requirement(part) for part in node.nodes]
        fields = {need[0] for need in needs if need is not None}
        if None in needs or len(fields) != 1:
            return None
        return fields.pop(), frozenset().union(*(need[1] for need in needs if need is not None))
    return None
