"""The rules of one combination of log sources: most of what an event asks them is settled before one runs.

Two steps. First, the words parsers write themselves (`event.action`, `event.outcome`, `event.category`) come
in few combinations: for each one seen, every rule is evaluated as far as these fields go, once, and the
answer is kept: it matches, it cannot match, or the rest must be asked. Second, the rules of that rest are
looked up by what they need (`index`), and only those whose need the event meets are run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final, Literal

from socterm.event import Event
from socterm.sigma.compile import Lowered, Matches
from socterm.sigma.evaluate import value_matches
from socterm.sigma.index import Index
from socterm.sigma.ir import And, Exists, FieldMatch, Moment, Node, Not, Null, Or, Reference
from socterm.sigma.lines import LineTexts, texts_of
from socterm.sigma.needs import WORDS, Need, Needs, Without, needs_of
from socterm.sigma.rest import Answer, Answers, Fields, Rest, fields_of
from socterm.sigma.slots import LONG, folded

MEMO_LIMIT: Final = 4_096
"""Combinations remembered a route; beyond it (only foreign JSON gets there) each event is worked out anew."""

INDEX_LIMIT: Final = 64
"""Indexes a route makes for different sets of open rules; beyond it others share one over all its rules."""


class Candidate:
    """A rule of a route: its key, its tree and its function, which is written when it is first needed."""

    __slots__ = ("_fields", "_make", "_needs", "key", "matches", "node")

    def __init__(
        self, key: str, node: Node, make: Callable[[Node], Matches], needs: Needs | Literal[False] = False
    ) -> None:
        self.key = key
        self.node = node
        self._make = make
        self.matches: Matches = self._first
        self._needs: Needs | Literal[False] | None = needs
        self._fields: Fields | Literal[False] | None = False

    @property
    def needs(self) -> Needs | None:
        """What the index finds it by: not by the words, which have been asked about before."""
        if self._needs is False:
            self._needs = needs_of(self.node, Without()) or needs_of(self.node)
        return self._needs

    @property
    def fields(self) -> Fields | None:
        """The fields that decide it, as far as the words leave it open; None where more than fields do."""
        if self._fields is False:
            found = fields_of(self.node)
            self._fields = None if found is None else found.without(WORDS)
        return self._fields

    def quiet(self) -> Candidate | None:
        """The rule for lines that have none of its texts anywhere; None where it needs one."""
        needs, texts = self.needs, texts_of(self.needs)
        if needs is None or not texts:
            return self
        left = needs[0], needs[1] - texts
        return Candidate(self.key, self.node, self._make, left) if left[1] else None

    def _first(self, event: Event, lowered: Lowered) -> bool:
        self.matches = self._make(self.node)
        return self.matches(event, lowered)


class Route:
    """The event rules of one combination of log sources.

    `actions` is what `event.action` says by itself, where it settles every rule: that is most events; `memo`
    what all the words say. `ask` works out what stands in neither.
    `texts` finds lines that have a text which some of the rules need; to all other lines `quiet` is enough,
    the route without those rules.
    """

    __slots__ = ("_answers", "_indexes", "_rules", "actions", "memo", "quiet", "texts")

    def __init__(self, rules: Sequence[Candidate]) -> None:
        texts = frozenset(need for rule in rules for need in texts_of(rule.needs))
        self.texts = LineTexts(texts) if texts else None
        self.quiet = Route([part for rule in rules if (part := rule.quiet())]) if texts else self
        self.actions: dict[Any, Answer | None] = {}
        self._rules = rules
        self._answers = Answers()
        self.memo: dict[tuple[Any, Any, Any], Answer | Rest] = {}
        self._indexes: dict[tuple[int, ...], Index] = {}

    def ask(self, event: Event) -> Answer:
        """The keys of the rules an event satisfies, in order."""
        get = event.fields.get
        words = (get("event.action"), get("event.outcome"), get("event.category"))
        try:
            answer: Any = self.memo.get(words)
        except TypeError:  # a list instead of a tuple: not ours, but no reason to fail
            answer = None
        if answer is None:
            answer = self._settle(words)
        if answer.__class__ is tuple:
            settled: Answer = answer
            return settled
        asked: Answer = answer.ask(event)
        return asked

    def _settle(self, words: tuple[Any, Any, Any]) -> Answer | Rest:
        sure, undecided = self._split(dict(zip(WORDS, words, strict=True)))
        come_again = len(self.memo) < MEMO_LIMIT and all(map(_stable, words))
        answer = self._rest(sure, undecided, come_again) if undecided else self._named(sure)
        if come_again:
            self.memo[words] = answer
            action = words[0]
            if action not in self.actions:
                sure, undecided = self._split({WORDS[0]: action})
                self.actions[action] = None if undecided else self._named(sure)
        return answer

    def _rest(self, sure: tuple[int, ...], undecided: tuple[int, ...], come_again: bool) -> Rest:
        rules = self._rules
        asked = {place: rules[place].fields for place in undecided}
        by_fields = tuple(place for place, fields in asked.items() if fields is not None)
        others = tuple(place for place, fields in asked.items() if fields is None)
        if len(self._indexes) + 2 > INDEX_LIMIT:
            return Rest(rules, sure, None, self._index(tuple(range(len(rules)))), Fields())
        return Rest(
            rules,
            sure,
            self._index(by_fields) if by_fields else None,
            self._index(others) if others else None,
            reduce(or_, filter(None, asked.values()), Fields()),
            self._answers if come_again else None,
        )

    def _split(self, words: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The places of the rules the words satisfy, and of those they leave open."""
        decided = [_decided(rule, words) for rule in self._rules]
        return (
            tuple(place for place, answer in enumerate(decided) if answer),
            tuple(place for place, answer in enumerate(decided) if answer is None),
        )

    def _named(self, places: tuple[int, ...]) -> Answer:
        return tuple(self._rules[place].key for place in places)

    def _index(self, places: tuple[int, ...]) -> Index:
        found = self._indexes.get(places)
        if found is None:
            rules = self._rules
            found = self._indexes[places] = Index(
                ((place, rules[place].node, rules[place].needs) for place in places),
                lambda place, event: rules[place].matches(event, {}),
            )
        return found


def _stable(word: Any) -> bool:
    """Whether a value is its own key, and no long one: 1, 1.0 and True are not, they would share one."""
    if isinstance(word, tuple):
        return all(isinstance(item, str) for item in word) and sum(map(len, word)) <= LONG
    return word is None or (isinstance(word, str) and len(word) <= LONG)


def _decided(rule: Candidate, known: dict[str, Any]) -> bool | None:
    """`decide`, and False where the known fields are all that a rule could be found by, and it is not."""
    answer = decide(rule.node, known)
    needs = rule.needs if answer is None else None
    if needs is not None and not any(_may_meet(need, known) for need in needs[1]):
        return False
    return answer


def _may_meet(need: Need, known: dict[str, Any]) -> bool:
    if not all(name in known for name in need.names):
        return True
    found = [known[name] for name in need.names if known[name] is not None]
    return any(not isinstance(value, str) or _meets(need, folded(value)) for value in found)


def _meets(need: Need, value: str) -> bool:
    wanted = folded(need.text)
    if need.kind == "startswith":
        return value.startswith(wanted)
    if need.kind == "endswith":
        return value.endswith(wanted)
    return wanted == value if need.kind == "equals" else wanted in value


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
