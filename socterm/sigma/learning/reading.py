"""From what stands under `socterm:` in a rule file to terms: every key known, every value of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from socterm.errors import RuleError
from socterm.sigma.learning.terms import (
    GeoSpeed,
    Learning,
    Lookup,
    NewValue,
    Periodicity,
    Rarity,
    Silence,
    Spike,
)

Timespan = Callable[[object], int]
MOST: Final = 1_000
"""Times a rule may ask to be remembered of one key: sightings, arrivals, buckets."""

YEAR: Final = 366 * 86_400_000_000
_LONGEST: Final = 10 * YEAR
_WIDEST: Final = 20


class _Key:
    """One setting: what reads it, what it is called in the terms, whether it must be there."""

    def __init__(
        self, read: Callable[[str, Any, Timespan], Any], *, needed: bool = False, name: str = ""
    ) -> None:
        self.read = read
        self.needed = needed
        self.name = name


def _names(where: str, value: Any, _: Timespan) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not 0 < len(names) <= _WIDEST:
        raise RuleError(f"{where} must be a field name or a list of field names")
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise RuleError(f"{where} must be a field name or a list of field names")
    return tuple(dict.fromkeys(names))


def _span(where: str, value: Any, timespan: Timespan) -> int:
    try:
        found = timespan(value)
    except RuleError as error:
        raise RuleError(f"{where}: {error}") from error
    if not 0 < found <= _LONGEST:
        raise RuleError(f"{where} must be longer than nothing and at most ten years")
    return found


def _whole(least: int, most: int) -> Callable[[str, Any, Timespan], int]:
    def read(where: str, value: Any, _: Timespan) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise RuleError(f"{where} must be a whole number from {least:,} to {most:,}")
        return value

    return read


def _number(least: float, most: float) -> Callable[[str, Any, Timespan], float]:
    def read(where: str, value: Any, _: Timespan) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise RuleError(f"{where} must be a number from {least:,g} to {most:,g}")
        return float(value)

    return read


def _counted(where: str, value: Any, _: Timespan) -> str:
    if value not in ("events", "sum", "distinct"):
        raise RuleError(f"{where} must be events, sum or distinct")
    return str(value)


_BY = _Key(_names, needed=True)
_FIELD = _Key(_names)
_HISTORY = _Key(_span)
_LEARN = _Key(_span)

_FORMS: Final[dict[str, tuple[type, dict[str, _Key]]]] = {
    "new_value": (NewValue, {"key": _BY, "field": _FIELD, "history": _HISTORY, "learn": _LEARN}),
    "rarity": (
        Rarity,
        {
            "key": _BY, "field": _FIELD, "history": _HISTORY, "learn": _LEARN,
            "max_count": _Key(_whole(1, MOST), needed=True),
        },
    ),
    "silence": (
        Silence,
        {
            "key": _BY, "for": _Key(_span, needed=True, name="span"),
            "after_seen": _Key(_whole(1, 1_000_000_000)), "learn": _LEARN,
        },
    ),
    "geo_speed": (
        GeoSpeed,
        {"key": _BY, "max_kmh": _Key(_number(1, 1e6)), "min_km": _Key(_number(0, 20_100)), "learn": _LEARN},
    ),
    "spike": (
        Spike,
        {
            "key": _BY, "bucket": _Key(_span, needed=True), "history": _Key(_span, needed=True),
            "min": _Key(_number(1, 1e18), needed=True), "z": _Key(_number(0, 1e6)), "count": _Key(_counted),
            "field": _FIELD, "learn": _LEARN,
        },
    ),
    "periodicity": (
        Periodicity,
        {
            "key": _BY, "min_events": _Key(_whole(3, MOST), needed=True),
            "max_jitter": _Key(_number(0, 1), needed=True), "min_gap": _Key(_span), "learn": _LEARN,
        },
    ),
}  # fmt: skip

KINDS: Final = tuple(_FORMS)
"""The extensions that remember, by name."""


def read_learning(kind: str, data: object, timespan: Timespan) -> Learning:
    """The terms of one extension. Raises RuleError naming the setting that is unknown, missing or wrong."""
    where = f"socterm.{kind}"
    made, keys = _FORMS[kind]
    settings = _settings(where, data, keys)
    for name, key in keys.items():
        if key.needed and name not in settings:
            raise RuleError(f"{where} needs {name}")
    found: Learning = made(
        **{
            keys[name].name or name: keys[name].read(f"{where}.{name}", value, timespan)
            for name, value in settings.items()
        }
    )
    if isinstance(found, Spike):
        _check_spike(where, found)
    return found


def read_lookup(data: object, _: Timespan) -> Lookup:
    """What `socterm.lookup` asks for; whether its lists exist is another matter."""
    where = "socterm.lookup"
    settings = _settings(where, data, {"field": None, "list": None})
    for name in ("field", "list"):
        if name not in settings:
            raise RuleError(f"{where} needs {name}")
    lists = settings["list"]
    lists = [lists] if isinstance(lists, str) else lists
    if not isinstance(lists, list) or not lists or not all(isinstance(name, str) and name for name in lists):
        raise RuleError(f"{where}.list must be the name of a list or several")
    return Lookup(_names(f"{where}.field", settings["field"], _), tuple(dict.fromkeys(lists)))


def _settings(where: str, data: object, known: Mapping[str, object]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise RuleError(f"{where} must be a map of settings")
    unknown = [str(name) for name in data if name not in known]
    if unknown:
        raise RuleError(f"{where}.{unknown[0]} is not a setting; known are {', '.join(known)}")
    return data


def _check_spike(where: str, terms: Spike) -> None:
    if terms.history % terms.bucket or not 3 <= terms.history // terms.bucket <= MOST:
        raise RuleError(f"{where}.history must be 3 to {MOST:,} whole buckets")
    if terms.count == "events" and terms.field:
        raise RuleError(f"{where}: field needs count, sum or distinct")
    if terms.count != "events" and not terms.field:
        raise RuleError(f"{where}: count {terms.count} needs field")
    if len(terms.field) > 1 and terms.count == "sum":
        raise RuleError(f"{where}: a sum is of one field")
