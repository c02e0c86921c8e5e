"""The texts by which rules are found in one field: exact values in a dictionary, all others in one automaton.

One pass over a value finds every rule that could match because of it, however many rules there are. Between
two sentinels the automaton's texts say where they must stand. A value met before is not looked through again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import ahocorasick_rs

from socterm.event import Event
from socterm.sigma.fields import text
from socterm.sigma.needs import Need

Places = tuple[int, ...]
"""Places of rules in their route, in no particular order."""

START, END = "\x02", "\x03"
"""Around a value. Should a line hold them itself, a rule is asked in vain: the index only proposes."""

MEMO_LIMIT: Final = 4_096
"""Values a slot remembers; then it starts anew."""

WORDS_LIMIT: Final = 256
"""Lists of words a slot remembers."""

LONG: Final = 512
"""Characters of a value beyond which it is unlikely to come again, and dear to remember."""

RARE: Final = 8
"""Where all texts are at least so long, a value seldom has one: whether there is any is asked first, which is
twice as fast as asking which."""

_NONE: Final[Places] = ()
_FORMS: Final = {
    "contains": "{}",
    "startswith": START + "{}",
    "endswith": "{}" + END,
    "equals": START + "{}" + END,
}


def folded(value: str) -> str:
    """A text as the index compares it: lower-cased, and letters RE2 or `lower` confuse made one."""
    lowered = value.lower()
    return lowered if lowered.isascii() else lowered.replace("ς", "σ").replace("ſ", "s")


class Judged(NamedTuple):
    """Rules that look at one field only: its value decides them, once for all events with that value."""

    field: str
    places: frozenset[int]
    matches: Callable[[int, Event], bool]

    def settled(self, found: Places, value: Any) -> Places:
        """Of the rules found by a value the undecided, and ~place of those that match."""
        if self.places.isdisjoint(found):
            return found
        event = Event(0, "", 0, "", {self.field: value})
        return tuple(
            ~place if place in self.places else place
            for place in found
            if place not in self.places or self.matches(place, event)
        )


class Slot:
    """What one field (or the text of the line) says about which rules to ask.

    `whole` says that the ends of a value matter, and not only what stands in it.
    """

    __slots__ = (
        "_all",
        "_anchored",
        "_ascii",
        "_exact",
        "_judged",
        "_others",
        "_present",
        "_words",
        "memo",
        "whole",
    )

    def __init__(self, needs: Iterable[tuple[Need, int]], judged: Judged | None = None) -> None:
        exact: dict[str, set[int]] = {}
        within: dict[str, set[int]] = {}
        present: set[int] = set()
        for need, place in needs:
            if need.kind == "has":
                present.add(place)
            elif need.kind == "equals":
                exact.setdefault(folded(need.text), set()).add(place)
            else:
                within.setdefault(_FORMS[need.kind].format(folded(need.text)), set()).add(place)
        self._present: Places = tuple(present)
        self._exact = {value: tuple(found) for value, found in exact.items()}
        self._anchored = any(START in form or END in form for form in within)
        plain = {form: found for form, found in within.items() if form.isascii()}
        self._ascii = _Texts(plain) if plain else None
        self._all = self._ascii if len(plain) == len(within) else _Texts(within)
        self.whole = bool(self._exact) or self._anchored
        self._judged = judged
        self.memo: dict[str, Places] = {}
        self._others: dict[tuple[type, Any], Places] = {}
        self._words: dict[tuple[Any, ...], Places] = {}

    def find(self, value: Any) -> Places:
        """The rules a value makes worth asking. Texts are remembered in `memo`: look there first."""
        if value.__class__ is str:
            return self._keep(self.memo, value, value)
        if isinstance(value, tuple | list):
            return self._find_words(value) if value.__class__ is tuple else self._find_each(value)
        key = (value.__class__, value)  # 1, 1.0 and True are one key, and three texts
        found = self._others.get(key)
        return self._keep(self._others, key, value) if found is None else found

    def _keep(self, memo: dict[Any, Places], key: Any, value: Any) -> Places:
        written = value if value.__class__ is str else text(value)
        found = self.search(written)
        if self._judged is not None and found:
            found = self._judged.settled(found, value)
        if len(written) <= LONG:
            if len(memo) >= MEMO_LIMIT:
                memo.clear()
                self._judged = None  # values that do not come again are not worth a judgement
            memo[key] = found
        return found

    def search(self, value: str) -> Places:
        """`find` for a text that is not worth remembering."""
        wanted = folded(value)
        exact = self._exact.get(wanted, _NONE)
        texts = self._ascii if wanted.isascii() else self._all
        if texts is None:
            return (*self._present, *exact) if self._present else exact
        if self._anchored:
            wanted = START + wanted + END
        found = texts.find(wanted)
        if not found:
            return (*self._present, *exact) if self._present else exact
        found.update(exact, self._present)
        return tuple(found)

    def _find_words(self, values: tuple[Any, ...]) -> Places:
        """As `_find_each`; parsers' own words (`event.category`) come in few combinations."""
        try:
            found = self._words.get(values)
        except TypeError:
            return self._find_each(values)
        if found is None:
            found = self._find_each(values)
            few = len(self._words) < WORDS_LIMIT and all(item.__class__ is str for item in values)
            if few and sum(map(len, values)) <= LONG:
                self._words[values] = found
        return found

    def _find_each(self, values: Any) -> Places:
        """Any element counts; those that are one text are searched as one."""
        found: set[int] = set()
        texts = [folded(text(value)) for value in values if value is not None]
        if not texts:
            return _NONE
        for wanted in texts:
            found.update(self._exact.get(wanted, _NONE))
        joined = START + (END + START).join(texts) + END
        searched = self._ascii if joined.isascii() else self._all
        found.update(self._present)
        if searched is not None:
            found |= searched.find(joined)
        return tuple(found)


class _Texts:
    """Texts searched together, each with the rules it stands for."""

    __slots__ = ("_automaton", "_places", "_quick", "_single")

    def __init__(self, within: dict[str, set[int]]) -> None:
        # A single character stands in a long line thousands of times; once is enough.
        self._single = [(form, tuple(found)) for form, found in within.items() if len(form) == 1]
        longer = {form: tuple(found) for form, found in within.items() if len(form) > 1}
        self._places = list(longer.values())
        kinds = ahocorasick_rs.MatchKind
        self._automaton = None
        if longer:
            self._automaton = ahocorasick_rs.AhoCorasick(list(longer), matchkind=kinds.Standard)
        self._quick = None
        if longer and min(map(len, longer)) >= RARE:
            self._quick = ahocorasick_rs.AhoCorasick(list(longer), matchkind=kinds.LeftmostFirst)

    def find(self, value: str) -> set[int]:
        """The rules of every text that stands in a value."""
        found: set[int] = set()
        if self._quick is not None and not self._quick.find_matches_as_indexes(value):
            pass
        elif self._automaton is not None:
            matches = self._automaton.find_matches_as_indexes(value, overlapping=True)
            for number in {number for number, _, _ in matches}:
                found.update(self._places[number])
        for form, places in self._single:
            if form in value:
                found.update(places)
        return found
