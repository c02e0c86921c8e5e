"""Which of a set of rules could match an event: found by what they need, without asking each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from socterm.event import Event
from socterm.sigma.fields import SPECIAL, read
from socterm.sigma.ir import Keyword, Moment, Node, Reference, leaves
from socterm.sigma.keywords import keyword_texts
from socterm.sigma.needs import ANYWHERE, MESSAGE, Need, Needs, Without, needs_of
from socterm.sigma.slots import Judged, Slot

_LISTS: Final = (tuple, list)

FEW: Final = 5
"""A field looked at for fewer rules than this is not worth the look, if they are found elsewhere too."""

RARE: Final = 0.05
"""The share of events up to which a rule may be asked in vain instead."""

Ruled = tuple[int, Node, Needs | None]
"""A rule's place in its route, its tree and what it needs."""


class Index:
    """Rules by their needs. `always` are the places of those that need nothing.

    `matches` asks the rule at a place about an event: a rule that looks at one field only is asked once for
    each value, and the answer is remembered with the value. `fields` asks only those fields that events have
    under their own names, of the event's `fields.get`; `only_fields` says that there is nothing else to ask.
    """

    __slots__ = ("_others", "_text", "always", "fields")

    def __init__(self, rules: Iterable[Ruled], matches: Callable[[int, Event], bool]) -> None:
        self.always: list[int] = []
        by_names: dict[tuple[str, ...], list[tuple[Need, int]]] = {}
        alone: dict[tuple[str, ...], set[int]] = {}
        for place, node, needs in _without_small_fields(list(rules)):
            if needs is None:
                self.always.append(place)
                continue
            for need in needs[1]:
                by_names.setdefault(need.names, []).append((need, place))
            only = _only_field(node)
            if only is not None:
                alone.setdefault(only, set()).add(place)
        text = by_names.pop(ANYWHERE, None)
        self._text = Slot(text) if text else None
        in_fields: list[tuple[tuple[str, ...], Slot]] = []
        self._others: list[tuple[tuple[str, ...], Slot]] = []
        for names, needs_here in by_names.items():
            if SPECIAL.isdisjoint(names):
                judged = Judged(names[0], frozenset(alone.get(names, ())), matches)
                in_fields.append((names, Slot(needs_here, judged)))
            else:
                self._others.append((names, Slot(needs_here)))
        self.fields = _unrolled(in_fields)

    @property
    def only_fields(self) -> bool:
        """Whether no rule has to be asked whatever the fields hold, and none looks at the line."""
        return not self.always and not self._others and self._text is None

    def candidates(self, event: Event) -> set[int]:
        """Places of the rules worth asking, all that match among them; ~place of one known to match."""
        found = self.fields(event.fields.get)
        for names, slot in self._others:
            for name in names:
                value = read(event, name)
                if value is not None:
                    found.update(slot.find(value))
                    break
        if self._text is not None:
            message, line = keyword_texts(event)
            found.update(self._text.search(line))
            if message is not line and (self._text.whole or not line.endswith(message)):
                found.update(self._text.search(message))
        return found


def _without_small_fields(rules: list[Ruled]) -> Iterator[Ruled]:
    """The rules; those found by a field that hardly finds others are found by another, if it is no loss."""
    sizes = Counter(need.names for _, _, needs in rules if needs for need in needs[1])
    small = {names for names, size in sizes.items() if size < FEW} - {ANYWHERE, MESSAGE}
    without = Without(frozenset({*small, ANYWHERE, MESSAGE}))  # what nearly every event has is no gain
    for place, node, needs in rules:
        if needs is not None and any(need.names in small for need in needs[1]):
            others = needs_of(node, without)
            if others is not None and others[0] <= RARE:
                yield place, node, others
                continue
        yield place, node, needs


def _only_field(node: Node) -> tuple[str, ...] | None:
    """The one field a tree looks at, None where it looks at more of the event."""
    found = set()
    for leaf in leaves(node):
        if isinstance(leaf, Keyword) or isinstance(leaf.test, Moment | Reference):
            return None
        found.add(leaf.names)
    return found.pop() if len(found) == 1 else None


def _unrolled(fields: list[tuple[tuple[str, ...], Slot]]) -> Callable[[Callable[[str], Any]], set[int]]:
    """The look at each field written out: half the work of this loop is the loop.

    Of a rule only the names of fields enter the source, as `repr`.
    """
    constants: dict[str, Any] = {"LISTS": _LISTS}
    lines = ["def fields(get):", "found = set()"]
    for number, (names, slot) in enumerate(fields):
        constants[f"memo{number}"], constants[f"find{number}"] = slot.memo, slot.find
        lines.append(f"v = get({names[0]!r})")
        lines += [
            f"if v is None or (not v and v.__class__ in LISTS): v = get({other!r})" for other in names[1:]
        ]
        lines += [
            "if v is not None:",
            f"    p = memo{number}.get(v) if v.__class__ is str else find{number}(v)",
            f"    if p is None: p = find{number}(v)",
            "    if p: found.update(p)",
        ]
    lines.append("return found")
    exec(compile("\n    ".join(lines), "<sigma index>", "exec"), constants)  # noqa: S102 - see above
    made: Callable[[Callable[[str], Any]], set[int]] = constants["fields"]
    return made
