"""Keyword rules searched in many lines at once: what they cost is one pass over the text of a batch.

Most rules with keywords need one of a few texts somewhere in a line, and nearly no line has one. The lines of
a batch are joined and searched together; only a line in which one was found is asked about those rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import ahocorasick_rs

from socterm.event import Event
from socterm.sigma.keywords import keyword_texts
from socterm.sigma.needs import ANYWHERE, Need, Needs
from socterm.sigma.slots import folded

_BETWEEN: Final = "\x03\x02"
"""Between two lines: no text that is searched for has it, so that none is found across two lines."""

TOGETHER: Final = 64
"""Lines searched at once: enough to make the call cheap, few enough to stay in the processor's cache."""

_DFA_LIMIT: Final = 65_536
"""Characters of all texts together up to which the fastest automaton is not too large."""


def texts_of(needs: Needs | None) -> frozenset[Need]:
    """The texts by which a rule may be found anywhere in a line; none where some are not searched here."""
    found = frozenset(need for need in (needs[1] if needs else ()) if need.names == ANYWHERE)
    plain = all(need.kind == "contains" and _BETWEEN[1] not in need.text for need in found)
    return found if plain else frozenset()


class LineTexts:
    """The texts some rules need anywhere in a line."""

    __slots__ = ("_all", "_ascii")

    def __init__(self, needs: Iterable[Need]) -> None:
        texts = dict.fromkeys(folded(need.text) for need in needs)
        self._ascii = _automaton([found for found in texts if found.isascii()])
        self._all = _automaton(list(texts))

    def found(self, events: Sequence[Event]) -> set[int]:
        """Which events, by their number, have one of the texts in the raw line or the message."""
        found: set[int] = set()
        lines = _lines(events)
        for first in range(0, len(events), TOGETHER):
            together = lines[first : first + TOGETHER]
            found.update(first + number for number in self._in_lines(together))
        others = _messages(events, lines)
        if others:
            found |= {others[place][0] for place in self._in_lines([message for _, message in others])}
        return found

    def _in_lines(self, lines: list[str]) -> set[int]:
        joined = _BETWEEN.join(lines)
        if joined.isascii():
            return _hit(self._ascii, joined.lower(), lines)
        # Lower-casing may lengthen a line beyond ASCII, so that each has to be done by itself.
        lines = [folded(line) for line in lines]
        return _hit(self._all, _BETWEEN.join(lines), lines)


def _lines(events: Sequence[Event]) -> list[str]:
    """The second of `keyword_texts` for each event; lines without a backslash are what they are."""
    lines = [event.raw for event in events]
    if "\\" not in "".join(lines):
        return lines
    return [keyword_texts(event)[1] for event in events]


def _messages(events: Sequence[Event], lines: Sequence[str]) -> list[tuple[int, str]]:
    """The messages that do not stand in the line as they are, with the numbers of their events."""
    messages = [event.fields.get("message", "") for event in events]
    try:
        if all(map(str.endswith, lines, messages)):
            return []
    except TypeError:
        pass  # a message that is no text, out of foreign JSON: `keyword_texts` has the line then
    found = ((number, keyword_texts(event)[0]) for number, event in enumerate(events))
    return [(number, message) for number, message in found if not lines[number].endswith(message)]


def _automaton(texts: list[str]) -> ahocorasick_rs.AhoCorasick:
    small = sum(map(len, texts)) <= _DFA_LIMIT
    return ahocorasick_rs.AhoCorasick(
        texts,
        matchkind=ahocorasick_rs.MatchKind.LeftmostFirst,
        implementation=ahocorasick_rs.Implementation.DFA if small else None,
    )


def _hit(automaton: ahocorasick_rs.AhoCorasick, joined: str, lines: list[str]) -> set[int]:
    """The numbers of the lines in which something was found.

    One text hides those that overlap with it, but each line with any has at least its leftmost.
    """
    matches = automaton.find_matches_as_indexes(joined)
    if not matches:
        return set()
    starts = list(accumulate((len(line) + len(_BETWEEN) for line in lines), initial=0))
    return {bisect_right(starts, start) - 1 for _, start, _ in matches}
