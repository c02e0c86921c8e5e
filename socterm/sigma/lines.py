"""Keyword rules searched in many lines at once: what they cost is one pass over the text of a batch.

Most rules with keywords need one of a few texts somewhere in a line, and nearly no line has one. The lines of
a batch are joined and searched together; only a line in which one was found is asked about those rules.
To undo the escapes of a JSON line is dear: it is searched as it is, for what no escape touches of the texts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final

import ahocorasick_rs

from socterm.event import Event
from socterm.sigma.keywords import HIDING, escaped, hidden, unescaped, verbatim
from socterm.sigma.needs import ANYWHERE, MESSAGE, Need, Needs
from socterm.sigma.slots import folded

_BETWEEN: Final = "\x03\x02"
"""Between two lines: no text that is searched for has it, so that none is found across two lines."""

_LONE: Final = "surrogatepass"
"""Half a letter out of JSON has no UTF-8; it is searched all the same."""

_WORTH: Final = 4
"""Letters of a text in a message that not every line has."""

TOGETHER: Final = 64
"""Lines searched at once: enough to make the call cheap, few enough to stay in the processor's cache."""

_DFA_LIMIT: Final = 65_536
"""Characters of all texts together up to which the fastest automaton is not too large."""


def texts_of(needs: Needs | None) -> frozenset[Need]:
    """The texts by which a rule may be found anywhere in a line; none where some are not searched here.

    What a message needs counts: wherever in it a text has to stand, it stands somewhere in the line.
    """
    found = frozenset(need for need in (needs[1] if needs else ()) if need.names in (ANYWHERE, MESSAGE))
    return found if all(map(_searched_for, found)) else frozenset()


def _searched_for(need: Need) -> bool:
    plain = _BETWEEN[1] not in need.text
    if need.names == MESSAGE:
        return plain and need.kind != "has" and len(need.text) >= _WORTH
    return plain and need.kind == "contains"


class LineTexts:
    """The texts some rules need anywhere in a line."""

    def __init__(self, needs: Iterable[Need]) -> None:
        self._texts = tuple(sorted({folded(need.text) for need in needs}))
        self._ascii = _automaton(tuple(found for found in self._texts if found.isascii()))

    @cached_property
    def _all(self) -> ahocorasick_rs.BytesAhoCorasick:
        return _automaton(self._texts)

    @cached_property
    def _quick(self) -> ahocorasick_rs.BytesAhoCorasick | None:
        pieces = {verbatim(text) for text in self._texts}
        return None if "" in pieces else _automaton((*sorted(pieces), *HIDING))

    def found(self, events: Sequence[Event]) -> set[int]:
        """Which events, by their number, may have one of the texts in one of their `keyword_texts`."""
        found: set[int] = set()
        for first in range(0, len(events), TOGETHER):
            lines = [event.raw for event in events[first : first + TOGETHER]]
            found.update(first + number for number in self._in_raw(lines))
        others = _messages(events)
        if others:
            found |= {others[place][0] for place in self._in_lines([message for _, message in others])}
        return found

    def _in_raw(self, lines: list[str]) -> set[int]:
        joined = _BETWEEN.join(lines)
        if not joined.isascii():
            return self._in_any(lines)
        if "\\" not in joined:
            return _hit(self._ascii, joined.lower().encode(), lines)
        # Of each text the longest stretch that escapes leave as it is, and codes of letters that hide one:
        # nearly always no line has any.
        if self._quick is not None and not self._quick.find_matches_as_indexes(joined.lower().encode()):
            return set()
        return self._in_any(lines)

    def _in_any(self, lines: list[str]) -> set[int]:
        """`_in_lines` where some may be JSON with escapes."""
        apart = [number for number, line in enumerate(lines) if escaped(line)]
        if not apart:
            return self._in_lines(lines)
        if self._quick is None:
            return set(range(len(lines)))
        as_they_are = {number: lines[number] for number in apart if not hidden(lines[number])}
        plain = [
            "" if number in as_they_are else _both(line) if escaped(line) else line
            for number, line in enumerate(lines)
        ]
        numbers = list(as_they_are)
        found = _searched(self._quick, self._quick, list(as_they_are.values()))
        return {numbers[place] for place in found} | self._in_lines(plain)

    def _in_lines(self, lines: list[str]) -> set[int]:
        return _searched(self._ascii, self._all, lines)


def _searched(
    in_ascii: ahocorasick_rs.BytesAhoCorasick, in_all: ahocorasick_rs.BytesAhoCorasick, lines: list[str]
) -> set[int]:
    joined = _BETWEEN.join(lines)
    if joined.isascii():
        return _hit(in_ascii, joined.lower().encode(), lines)
    # Lower-casing may lengthen a line beyond ASCII, so that each has to be done by itself.
    folded_lines = [folded(line).encode("utf-8", _LONE) for line in lines]
    return _hit(in_all, _BETWEEN.encode().join(folded_lines), folded_lines)


def _both(line: str) -> str:
    return line + _BETWEEN + unescaped(line)


def _messages(events: Sequence[Event]) -> list[tuple[int, str]]:
    """The messages that do not stand in the raw line as they are, with the numbers of their events."""
    messages = [event.fields.get("message", "") for event in events]
    try:
        if all(map(str.endswith, [event.raw for event in events], messages)):
            return []
    except TypeError:
        pass  # a message that is no text, out of foreign JSON: the line is searched in its place
    return [
        (number, message)
        for number, (event, message) in enumerate(zip(events, messages, strict=True))
        if isinstance(message, str) and not event.raw.endswith(message)
    ]


@lru_cache(maxsize=64)
def _automaton(texts: tuple[str, ...]) -> ahocorasick_rs.BytesAhoCorasick:
    """Made when it is first needed, and once for all log sources that search for the same."""
    small = sum(map(len, texts)) <= _DFA_LIMIT
    return ahocorasick_rs.BytesAhoCorasick(
        [text.encode("utf-8", _LONE) for text in texts],
        matchkind=ahocorasick_rs.MatchKind.LeftmostFirst,
        implementation=ahocorasick_rs.Implementation.DFA if small else None,
    )


def _hit(automaton: ahocorasick_rs.BytesAhoCorasick, joined: bytes, lines: Sequence[str | bytes]) -> set[int]:
    """The numbers of the lines in which something was found; `lines` are as long as those in `joined`.

    One text hides those that overlap with it, but each line with any has at least its leftmost.
    """
    matches = automaton.find_matches_as_indexes(joined)
    if not matches:
        return set()
    starts = list(accumulate((len(line) + len(_BETWEEN) for line in lines), initial=0))
    return {bisect_right(starts, start) - 1 for _, start, _ in matches}
