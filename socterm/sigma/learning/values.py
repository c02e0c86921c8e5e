"""What a rule that remembers reads from an event: its key, its values, a place, an amount."""

from __future__ import annotations

import math
from collections.abc import Callable
from hashlib import blake2b
from itertools import islice, product
from typing import Any, Final

from socterm.event import Event, LogSource
from socterm.sigma.fields import names_of, text, values
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
    readers = tuple(reader(field, logsource) for field in fields)

    def read(event: Event) -> Key | None:
        found = []
        for one in readers:
            seen = one(event)
            if not seen or seen[0] == "":
                return None
            found.append(short(text(seen[0])))
        return tuple(found)

    return read


def value_reader(fields: Names, logsource: LogSource) -> Callable[[Event], list[Key]]:
    """What reads what a key may have: each value of a field, each combination of several; [] for none.

    Without fields the key has nothing but itself: one empty combination.
    """
    readers = tuple(reader(field, logsource) for field in fields)

    def read(event: Event) -> list[Key]:
        columns = [[short(text(one)) for one in found(event)[:SEVERAL] if one != ""] for found in readers]
        return list(dict.fromkeys(islice(product(*columns), SEVERAL)))

    return read


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
