"""What a rule that remembers reads from an event: its key, its values, a place, an amount."""

from __future__ import annotations

import math
from collections.abc import Callable
from hashlib import blake2b
from itertools import islice, product
from typing import Any, Final

from socterm.event import Event, LogSource
from socterm.sigma.fields import SPECIAL, names_of, text, values
from socterm.sigma.learning.terms import Names

Key = tuple[str, ...]
"""What an entry of a memory is found by."""

LONGEST: Final = 200
"""Characters of a value that is remembered as it is; of a longer one the beginning and a hash are."""

SEVERAL: Final = 16
"""Values of one event that are looked at, where its field holds a list."""

SOURCE: Final = "socterm.source"
"""A field every event has: the name of the source its line came from."""

_PLACE: Final = ("source.geo.location.lat", "source.geo.location.lon")
_MOST: Final = 1e18

Read = Callable[[Event], tuple[Any, ...]]


def reader(field: str, logsource: LogSource) -> Read:
    """What reads the values of a field, under the names by which rules find it."""
    if field == SOURCE:
        return lambda event: (event.source,)
    names = names_of(field, logsource)
    return lambda event: values(event, names)


def key_reader(fields: Names, logsource: LogSource) -> Callable[[Event], Key | None]:
    """What reads a key: the first value of each field, None where one is missing or empty."""
    readers = [_first(field, logsource) for field in fields]

    def read(event: Event) -> Key | None:
        found = tuple([one(event) for one in readers])
        return None if "" in found else found

    return read


def _first(field: str, logsource: LogSource) -> Callable[[Event], str]:
    """What reads the first value of a field as it is remembered; "" where there is none."""
    every = reader(field, logsource)
    plain = _plain_name(field, logsource)

    def read(event: Event) -> str:
        found = every(event)
        return short(text(found[0])) if found else ""

    def quick(event: Event) -> str:
        value = event.fields.get(plain)
        if value.__class__ is str and len(value) <= LONGEST and value.isascii():
            return value
        return read(event)

    return quick if plain else read


def value_reader(fields: Names, logsource: LogSource) -> Callable[[Event], list[Key]]:
    """What reads what a key may have: each value of a field, each combination of several; [] for none.

    Without fields the key has nothing but itself: one empty combination.
    """
    readers = [reader(field, logsource) for field in fields]
    plain = [_plain_name(field, logsource) for field in fields]

    def read(event: Event) -> list[Key]:
        columns = [[short(text(one)) for one in every(event)[:SEVERAL] if one != ""] for every in readers]
        return list(dict.fromkeys(islice(product(*columns), SEVERAL)))

    def quick(event: Event) -> list[Key]:
        get = event.fields.get
        found: tuple[Any, ...] = tuple([get(name) for name in plain])
        for value in found:
            if value.__class__ is not str or not 0 < len(value) <= LONGEST or not value.isascii():
                return read(event)
        return [found]

    return quick if all(plain) else read


def _plain_name(field: str, logsource: LogSource) -> str:
    """The key of `Event.fields` that says most often what a field holds; "" where it is in none."""
    best = names_of(field, logsource)[0]
    return "" if field == SOURCE or best in SPECIAL else best


def short(value: str) -> str:
    """A value as it is remembered: what cannot be written down replaced, what is long cut and hashed.

    >>> short("root"), len(short("a" * 70_000))
    ('root', 97)
    """
    if len(value) > LONGEST:
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        value = f"{value[:64]}…{digest}"
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode("utf-8")
    return value


def place_of(event: Event) -> tuple[float, float] | None:
    """Latitude and longitude of the source, as enrichment or the event itself says; else None."""
    fields = event.fields
    lat, lon = number(fields.get(_PLACE[0])), number(fields.get(_PLACE[1]))
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return lat, lon


def number(value: Any) -> float | None:
    """A finite number, or text of one.

    >>> number("1.5"), number(True), number("nan"), number("0x10")
    (1.5, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and (len(value) > 40 or "_" in value):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def amount(found: tuple[Any, ...]) -> float:
    """The sum of a field's numbers; what is negative, none or beyond all measure adds nothing."""
    total = 0.0
    for value in found[:SEVERAL]:
        one = number(value)
        if one is not None and 0 <= one <= _MOST:
            total += one
    return total
