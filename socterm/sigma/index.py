"""Which of a set of rules could match an event: found by what they need, without asking each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from socterm.event import Event
from socterm.sigma.fields import SPECIAL, read
from socterm.sigma.needs import ANYWHERE, Need, Needs
from socterm.sigma.slots import Slot

_LISTS: Final = (tuple, list)


class Index:
    """Rules by their needs. `always` are the places of those that need nothing."""

    __slots__ = ("_in_fields", "_others", "_text", "always")

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
        fields: list[tuple[tuple[str, ...], Slot]] = []
        self._others: list[tuple[tuple[str, ...], Slot]] = []
        for names, needs_here in by_names.items():
            slot = Slot(needs_here)
            if SPECIAL.isdisjoint(names):
                fields.append((names, slot))
            else:
                self._others.append((names, slot))

        self._in_fields = _unrolled(fields)

    def candidates(self, event: Event) -> set[int]:
        """Places of the rules worth asking, all that match among them."""
        found = self._in_fields(event.fields.get)
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
            if message is not raw and (self._text.whole or not raw.endswith(message)):
                found.update(self._text.search(message))
        return found


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
