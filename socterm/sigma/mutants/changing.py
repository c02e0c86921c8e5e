"""One change to a document: a copy in which the value at one place is another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any, Final, NamedTuple

DROP: Final = object()
"""In place of a new value: the place goes."""

Path = Sequence[str | int]
"""Where something stands in a document: keys and numbers, from the outside in."""


class Mutant(NamedTuple):
    """A document with one part changed, and what was changed, in a few words."""

    what: str
    data: dict[str, Any]


def changed(data: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """A copy with another value at a place, or without the place."""
    copy = deepcopy(data)
    holder: Any = copy
    for step in path[:-1]:
        holder = holder[step]
    if value is DROP:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copy


def without_each(data: dict[str, Any], path: Path, items: object, what: str) -> Iterator[Mutant]:
    """Without each item of a list in turn; one alone stays."""
    if isinstance(items, list) and len(items) > 1:
        for number, item in enumerate(items):
            yield Mutant(f"{what}: without {shown(item)}", changed(data, [*path, number], DROP))


def shown(value: object) -> str:
    """A value as a label has it: in one short line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


_WORD = re.compile(r"\b(and|or|not)\b", re.IGNORECASE)
_SOME = re.compile(r"\b(1|all)\s+of\b", re.IGNORECASE)


def conditions(data: dict[str, Any], path: Path, text: str) -> Iterator[Mutant]:
    """A condition with `and` and `or` exchanged, without a `not`, with `1 of` and `all of` exchanged."""
    for found in _WORD.finditer(text):
        word = found[0].lower()
        new = {"and": "or", "or": "and", "not": ""}[word]
        said = f"{text[: found.start()]}{new}{text[found.end() :]}"
        label = "without not" if word == "not" else f"{word} → {new}"
        yield Mutant(f"condition: {label} at {found.start()}", changed(data, path, " ".join(said.split())))
    for found in _SOME.finditer(text):
        new = "all" if found[1] == "1" else "1"
        said = f"{text[: found.start()]}{new} of{text[found.end() :]}"
        yield Mutant(f"condition: {found[1]} of → {new} of at {found.start()}", changed(data, path, said))


_SPAN = re.compile(r"(\d+)([smhdwMy])")
_SMALLER: Final = {
    "m": (60, "s"),
    "h": (60, "m"),
    "d": (24, "h"),
    "w": (7, "d"),
    "M": (30, "d"),
    "y": (12, "M"),
}


def spans(data: dict[str, Any], path: Path, value: object, what: str) -> Iterator[Mutant]:
    """Twice and half a time span."""
    found = _SPAN.fullmatch(str(value))
    if found is None:
        return
    number, unit = int(found[1]), found[2]
    yield Mutant(f"{what}: {value} → {2 * number}{unit}", changed(data, path, f"{2 * number}{unit}"))
    if number % 2 and unit in _SMALLER:
        times, unit = _SMALLER[unit]
        number *= times
    if number > 1:
        half = f"{number // 2}{unit}"
        yield Mutant(f"{what}: {value} → {half}", changed(data, path, half))


def numbers(data: dict[str, Any], path: Path, value: object, what: str, *, by_one: bool) -> Iterator[Mutant]:
    """One more and one less of what is counted, twice and half of what is measured."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    for new in (value - 1, value + 1) if by_one else (value / 2, value * 2):
        fits = int(new) if float(new).is_integer() else new
        yield Mutant(f"{what}: {value} → {fits}", changed(data, path, fits))
