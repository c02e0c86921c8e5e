"""What is left to ask of an event whose words are known, and what was answered to the same values before.

Most rules look at some fields and at nothing else: events with the same values in these get the same answer,
which is remembered. The others (texts of the line, the hour) are asked each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

from socterm.event import Event
from socterm.sigma.compile import Lowered, Matches
from socterm.sigma.fields import SPECIAL
from socterm.sigma.index import Index
from socterm.sigma.ir import Exists, FieldMatch, Moment, Node, Null, Reference, leaves

Answer = tuple[str, ...]
"""Keys of rules that match, in the order of the rule set."""

Get = Callable[[str], Any]

MEMO_LIMIT: Final = 4_096
"""Answers remembered a route; then it starts anew."""

LONGEST: Final = 1_024
"""Characters of all values of an event together beyond which its answer is not remembered."""

PATIENCE: Final = 1_000
"""So many more misses than hits show that values do not come again: they are not looked up any more."""

_EQUAL: Final = (bool, int, float)
"""1, 1.0 and True are one key, and three texts: where one of them stands, the classes have to be the same."""


class Ruled(Protocol):
    """What of a rule of a route matters here."""

    key: str
    matches: Matches


class Fields(NamedTuple):
    """The fields that decide rules: by their values, or only by being `there`."""

    valued: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()

    def __or__(self, other: Fields) -> Fields:
        """Those of either."""
        valued = self.valued | other.valued
        return Fields(valued, (self.there | other.there) - valued)

    def without(self, names: Iterable[str]) -> Fields:
        """All but some."""
        return Fields(self.valued.difference(names), self.there.difference(names))


def fields_of(node: Node) -> Fields | None:
    """The fields that decide a tree; None where something else of the event does, too."""
    found = Fields()
    for leaf in leaves(node):
        if not isinstance(leaf, FieldMatch) or isinstance(leaf.test, Moment):
            return None
        names = frozenset(leaf.names)
        found |= Fields(frozenset(), names) if isinstance(leaf.test, Null | Exists) else Fields(names)
        if isinstance(leaf.test, Reference):
            found |= Fields(frozenset(leaf.test.names))
    return None if SPECIAL & (found.valued | found.there) else found


class Known(NamedTuple):
    """What was found for some values: places of rules, and their keys.

    `classes` of the values matter where some are equal to values of another class.
    """

    places: tuple[int, ...]
    named: Answer
    classes: tuple[type, ...] | None


class Answers:
    """What all rests of a route have found, by the number of the rest and the values."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], Known] = {}
        self._rests = 0

    def number(self) -> int:
        """Tells the rests apart."""
        self._rests += 1
        return self._rests

    def keep(self, values: tuple[Any, ...], places: tuple[int, ...], named: Answer) -> None:
        """Remember an answer, where the values tell themselves apart and are such as may come again."""
        classes = None
        room = LONGEST
        for value in values[1:]:
            if value.__class__ is str:
                room -= len(value)
            elif value.__class__ is tuple and all(item.__class__ is str for item in value):
                room -= sum(map(len, value))
            elif value.__class__ in _EQUAL:
                classes = tuple(map(type, values))
            elif value is not None:
                return
        if room < 0:
            return
        if len(self.known) >= MEMO_LIMIT:
            self.known.clear()
        self.known[values] = Known(places, named, classes)


class Rest:
    """The rules that the words leave open: `ask` says which of the route's an event satisfies.

    `sure` are the places of those that the words settle. Of the open ones `by_fields` finds those that
    `fields` decide, `others` finds the rest; None where there are none. Without `answers` nothing is
    remembered.
    """

    __slots__ = (
        "_answers", "_by_fields", "_hits", "_misses", "_others", "_read", "_rules", "_sure", "ask",
    )  # fmt: skip

    def __init__(
        self,
        rules: Sequence[Ruled],
        sure: tuple[int, ...],
        by_fields: Index | None,
        others: Index | None,
        fields: Fields,
        answers: Answers | None = None,
    ) -> None:
        self._rules = rules
        self._sure = sure
        self._by_fields = by_fields
        self._others = others
        self._hits = self._misses = 0
        self.ask: Callable[[Event], Answer] = self._ask_each
        if answers is not None and by_fields is not None:
            self._answers = answers
            self._read = _reader(answers.number(), fields)
            self.ask = self._look_up

    def _look_up(self, event: Event) -> Answer:
        values = self._read(event.fields.get)
        try:
            known = self._answers.known.get(values)
        except TypeError:  # a list
            return self._ask_each(event)
        if known is None or (known.classes is not None and known.classes != tuple(map(type, values))):
            return self._learn(event, values)
        self._hits += 1
        if self._others is None:
            return known.named
        more = self._found(self._others, event, {})
        return self._named((*known.places, *more)) if more else known.named

    def _learn(self, event: Event, values: tuple[Any, ...]) -> Answer:
        self._misses += 1
        if self._misses > self._hits + PATIENCE:
            self.ask = self._ask_each
        lowered: Lowered = {}
        places = (*self._sure, *self._found(self._by_fields, event, lowered))
        named = self._named(places)
        self._answers.keep(values, places, named)
        more = self._found(self._others, event, lowered)
        return self._named((*places, *more)) if more else named

    def _ask_each(self, event: Event) -> Answer:
        lowered: Lowered = {}
        found = self._found(self._by_fields, event, lowered)
        return self._named((*self._sure, *found, *self._found(self._others, event, lowered)))

    def _found(self, index: Index | None, event: Event, lowered: Lowered) -> list[int]:
        """The places of the rules of an index that the event satisfies."""
        if index is None:
            return []
        rules = self._rules
        places = []
        for place in index.candidates(event):
            if place < 0:
                places.append(~place)
            elif rules[place].matches(event, lowered):
                places.append(place)
        places += [place for place in index.always if rules[place].matches(event, lowered)]
        return places

    def _named(self, places: Iterable[int]) -> Answer:
        rules = self._rules
        return tuple([rules[place].key for place in sorted({*places})])


def _reader(number: int, fields: Fields) -> Callable[[Get], tuple[Any, ...]]:
    """What reads some fields, after a number. Of a rule only names enter the source, as `repr`.

    Of a field that only has to be there, a list is read all the same: it may be empty.
    """
    read = [str(number), *(f"get({name!r})" for name in sorted(fields.valued))]
    read += [
        f"None if (v := get({name!r})) is None else v if v.__class__ in LISTS else ''"
        for name in sorted(fields.there)
    ]
    source = f"lambda get: ({', '.join(read)},)"
    made: Callable[[Get], tuple[Any, ...]] = eval(source, {"LISTS": (tuple, list)})  # noqa: S307 - see above
    return made
