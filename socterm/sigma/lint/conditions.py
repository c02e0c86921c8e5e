"""A rule's condition against its selections: names that are missing, selections nobody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache, partial

from socterm.sigma.lint.finding import Note, near
from socterm.sigma.lint.tree import Tree, entries, items, scalar

_TOKEN = re.compile(r"[()]|[^\s()]+")
_WORDS = frozenset({"and", "or", "not"})
NOT_SELECTIONS = {
    "detection": frozenset({"condition", "timeframe"}),
    "filter": frozenset({"condition", "rules"}),
}
"""Where selections stand, and the keys beside them that are none."""


def section_of(tree: Tree) -> str:
    """Where a document has its selections."""
    return "filter" if tree.get("filter") is not None else "detection"


def check_condition(tree: Tree) -> Iterator[Note]:
    """Names and patterns of the condition that stand for nothing, selections that no name stands for."""
    section = section_of(tree)
    selections = [entry for entry in entries(tree.get(section)) if entry.key not in NOT_SELECTIONS[section]]
    names = [entry.key for entry in selections]
    conditions = items(tree.get(section, "condition"))
    if not conditions:
        return
    used: set[str] = set()
    known = frozenset(names)
    meant = cache(partial(_meant, names=names))  # a condition may ask for the same a thousand times
    for node in conditions:
        for asked, pattern, at in _asked(scalar(node)):
            found = meant(asked) if pattern else known.intersection((asked,))
            used.update(found)
            if not found:
                what = "no selection fits" if pattern else "there is no selection"
                said = f"the condition asks for '{asked}', and {what}{' it' if pattern else ' of that name'}"
                spot = tree.spot(node)
                if not getattr(node, "style", None):  # plain: the word's own place can be told
                    spot = spot._replace(char=spot.char + at)
                yield Note(spot, "error", "condition", said + near(asked, names))
    for entry in selections:
        if entry.key not in used:
            said = f"the selection '{entry.key}' is not asked for by the condition"
            yield Note(tree.spot(entry.key_node), "warning", "unused", said)


def _asked(condition: str) -> Iterator[tuple[str, bool, int]]:
    """(name or pattern, whether it is a pattern, its place): `1 of sel*` is the pattern `sel*`."""
    found = list(_TOKEN.finditer(condition.partition("|")[0]))
    words = [token[0].lower() for token in found]
    quantified = False
    for place, token in enumerate(found):
        word = words[place]
        if word == "of" and place:
            quantified = True
        elif word not in ("(", ")") and word not in _WORDS and words[place + 1 : place + 2] != ["of"]:
            yield token[0], quantified, token.start()
            quantified = False


def _meant(pattern: str, names: list[str]) -> frozenset[str]:
    """What `them` or a pattern stands for; `them` leaves out names that begin with `_`."""
    if pattern.lower() == "them":
        return frozenset(name for name in names if not name.startswith("_"))
    return frozenset(name for name in names if fnmatchcase(name, pattern))
