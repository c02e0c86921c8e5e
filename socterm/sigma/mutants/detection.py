"""Rules on single events with a part of their detection broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from socterm.sigma.mutants.changing import DROP, Mutant, Path, changed, conditions, shown, without_each

ALWAYS: Final = {"socterm.no_such_field|exists": False}
NEVER: Final = {"socterm.no_such_field|exists": True}

_OTHER: Final = {"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}
_NARROWER: Final = ("contains", "startswith", "endswith")


def detection_mutants(data: dict[str, Any]) -> Iterator[Mutant]:
    """Each selection always and never true, each test and each value left out, modifiers and the condition
    changed. Nothing for a document without a detection."""
    detection = data.get("detection")
    if not isinstance(detection, dict):
        return
    for name, selection in detection.items():
        path = ("detection", name)
        if name == "condition":
            yield from _conditions(data, selection)
        elif name != "timeframe":
            yield Mutant(f"{name}: always true", changed(data, path, ALWAYS))
            yield Mutant(f"{name}: never true", changed(data, path, NEVER))
            yield from _selection(data, path, selection, name)


def _conditions(data: dict[str, Any], said: object) -> Iterator[Mutant]:
    path = ("detection", "condition")
    yield from without_each(data, path, said, "condition")
    for number, text in enumerate(said if isinstance(said, list) else [said]):
        if isinstance(text, str):
            yield from conditions(data, (*path, number) if isinstance(said, list) else path, text)


def _selection(data: dict[str, Any], path: Path, selection: object, what: str) -> Iterator[Mutant]:
    if isinstance(selection, list):
        yield from without_each(data, path, selection, what)
        for number, part in enumerate(selection):
            if isinstance(part, dict):
                yield from _selection(data, (*path, number), part, f"{what} {number + 1}")
    elif isinstance(selection, dict):
        for key, value in selection.items():
            if len(selection) > 1:
                yield Mutant(f"{what}: without {shown(key)}", changed(data, (*path, key), DROP))
            yield from without_each(data, (*path, key), value, f"{what}.{key}")
            yield from _modifiers(data, path, selection, key, what)


def _modifiers(
    data: dict[str, Any], path: Path, selection: dict[str, Any], key: str, what: str
) -> Iterator[Mutant]:
    field, *modifiers = str(key).split("|")
    for number, modifier in enumerate(modifiers):
        others = [*modifiers[:number], *modifiers[number + 1 :]]
        if modifier in _OTHER:
            others.insert(number, _OTHER[modifier])
        elif modifier == "all":
            if not isinstance(selection[key], list) or len(selection[key]) < 2:
                continue
        elif modifier not in _NARROWER:
            continue
        new = "|".join((field, *others))
        if new not in selection:
            items = {new if name == key else name: value for name, value in selection.items()}
            yield Mutant(f"{what}: {shown(key)} → {shown(new)}", changed(data, path, items))
