"""Which of a set of rules could match an event: found by what they need, without asking each of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from socterm.event import Event
from socterm.sigma.fields import SPECIAL, read
from socterm.sigma.needs import ANYWHERE, Need, Needs
from socterm.sigma.slots import Places, Slot

_LISTS: Final = (tuple, list)


class Index:
    """Rules by their needs. `always` are the places of those that need nothing."""

    __slots__ = ("_fields", "_others", "_text", "always")

    def __init__(self, rules: Iterable[tuple[int, Needs | None]]) -> None:
        self.always: list[int] = []
        by_names: dict[tuple[str, ...], list[tuple[Need, int]]] = {}
        for place, needs in rules:
            if needs is None:
                self.always.append(place)
                continue
            for need in needs[1]:
                by_names.setdefault(need.names, []).append((need, place))
        text = by_names.pop(ANYWHERE, None)
        self._text = Slot(text) if text else None
        self._fields: list[tuple[str, tuple[str, ...], dict[str, Places], Slot]] = []
        self._others: list[tuple[tuple[str, ...], Slot]] = []
        for names, needs_here in by_names.items():
            slot = Slot(needs_here)
            if SPECIAL.isdisjoint(names):
                self._fields.append((names[0], names[1:], slot.memo, slot))
            else:
                self._others.append((names, slot))

    def candidates(self, event: Event) -> set[int]:
        """Places of the rules worth asking, all that match among them."""
        found: set[int] = set()
        get = event.fields.get
        for name, others, memo, slot in self._fields:
            value = get(name)
            if not value and (value is None or value.__class__ in _LISTS):
                for other in others:
                    value = get(other)
                    if value or not (value is None or value.__class__ in _LISTS):
                        break
                else:
                    continue
            places = memo.get(value) if value.__class__ is str else slot.find(value)
            if places is None:
                places = slot.find(value)
            if places:
                found.update(places)
        for names, slot in self._others:
            for name in names:
                value = read(event, name)
                if value is not None:
                    found.update(slot.find(value))
                    break
        if self._text is not None:
            raw = event.raw
            found.update(self._text.search(raw))
            message = event.message
            if self._text.whole or message not in raw:
                found.update(self._text.search(message))
        return found
