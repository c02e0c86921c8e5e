"""Which templates have which words: made anew for a question, so it has to be quick for all there can be.

Templates share most of their words, so each is looked at once and not once in each template; endings are only
taken off those that begin as what is looked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

from socterm.taxonomy import ACTIONS
from socterm.templates.book import Template
from socterm.templates.words import beginning, one_word, parted, stem

LOGON_TYPES = {
    "2": "interactive, at the console", "3": "over the network", "4": "batch, a scheduled task",
    "5": "a service", "7": "unlocked the screen", "8": "over the network in clear text",
    "9": "new credentials, runas", "10": "remote desktop, rdp, terminal services", "11": "cached credentials",
}  # fmt: skip
"""Windows' kinds of logons (Microsoft, event 4624), which stand behind the event's code."""

_NONE: frozenset[int] = frozenset()

_Ids = int | list[int]
"""Templates; of one alone its number: most words of lines written to be unlike all others are in one only."""


class Index:
    """Templates by the words, without endings, that tell what their lines are about."""

    def __init__(self, rows: Iterable[Template]) -> None:
        self.rows: Mapping[int, Template] = {row.id: row for row in rows}
        self._doing: defaultdict[str, list[int]] = defaultdict(list)
        told: defaultdict[str, list[int]] = defaultdict(list)
        for ident, row in self.rows.items():
            told[_told(row.dataset, row.action, row.outcome, row.code)].append(ident)
            self._doing[row.action].append(ident)
        self._plain = _written(self.rows.values())
        self._near: defaultdict[str, list[str]] = defaultdict(list)
        self._parts: defaultdict[str, list[_Ids]] = defaultdict(list)
        mixed = [text for text in self._plain if not (text.islower() and text.isalpha() and text.isascii())]
        for text, ids in chain(((text, self._plain.pop(text)) for text in mixed), told.items()):
            for word in parted(text):
                self._parts[stem(word)].append(ids)
        for word in self._plain:
            self._near[beginning(word)].append(word)
        self._sets: dict[str, frozenset[int]] = {}

    def doing(self, actions: Iterable[str]) -> Iterator[Template]:
        """Those whose parser gave one of these actions."""
        return (self.rows[ident] for action in actions for ident in self._doing.get(action, ()))

    def having(self, word: str) -> frozenset[int]:
        """Those that have a word in any form; it is without its ending."""
        known = self._sets.get(word)
        if known is None:
            near = [other for other in self._near.get(beginning(word), ()) if stem(other) == word]
            found = chain(map(self._plain.__getitem__, near), self._parts.get(word, ()))
            self._sets[word] = known = _NONE.union(
                *((ids,) if isinstance(ids, int) else ids for ids in found)
            )
        return known

    def having_all(self, words: Iterable[str]) -> frozenset[int]:
        """Those that have all of these words, of which there is at least one."""
        first, *others = sorted((self.having(word) for word in words), key=len)
        return first.intersection(*others) if first else _NONE


def _written(rows: Iterable[Template]) -> dict[str, _Ids]:
    """Pieces of texts with the templates they are in."""
    found: dict[str, _Ids] = {}
    for row in rows:
        if row.text.startswith("{"):  # JSON of which only the names of fields are left
            continue
        for piece in one_word(row.text).split():
            have = found.get(piece)
            if have is None:
                found[piece] = row.id
            elif isinstance(have, int):
                found[piece] = [have, row.id]
            else:
                have.append(row.id)
    return found


@lru_cache(maxsize=4_096)
def _told(dataset: str, action: str, outcome: str, code: str) -> str:
    """What a parser said, in words."""
    meaning = ACTIONS.get(action)
    told = meaning.meaning.partition(";")[0] if meaning is not None else ""
    logon = LOGON_TYPES.get(code.partition("/")[2], "")
    return one_word(f"{dataset} {action} {outcome} {code} {told} {logon}")
