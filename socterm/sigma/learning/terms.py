"""What a rule says under `socterm:` that needs memory or a list, as values. Spans are µs.

`key` and `field` are names as the rule writes them; `socterm.sigma.learning.values` finds them in events.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Names = tuple[str, ...]


class NewValue(msgspec.Struct, frozen=True, tag="new_value"):
    """Fires where a key has a value of `field` for the first time, or again after `history` without it.

    `history` 0 never forgets. Without `field` the key itself is what is new.
    """

    key: Names
    field: Names = ()
    history: int = 0
    learn: int = 0


class Rarity(msgspec.Struct, frozen=True, tag="rarity"):
    """Fires while a key has had a value of `field` at most `max_count` times in `history`, this time too."""

    key: Names
    max_count: int
    field: Names = ()
    history: int = 0
    learn: int = 0


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """Fires where a key that was there at least `after_seen` times has been away for `span`."""

    key: Names
    span: int
    after_seen: int = 1
    learn: int = 0


class GeoSpeed(msgspec.Struct, frozen=True, tag="geo_speed"):
    """Fires where a key is where it cannot have come to: at least `min_km` away, faster than `max_kmh`."""

    key: Names
    max_kmh: float = 1_000.0
    min_km: float = 100.0
    learn: int = 0


class Spike(msgspec.Struct, frozen=True, tag="spike"):
    """Fires while a key's present bucket holds more than its past ones let expect.

    Counted are events (by repeat), the `sum` of `field`, or its `distinct` values. More means: above the
    mean of the buckets of `history` by more than `z` standard deviations, and at least `min`.
    """

    key: Names
    bucket: int
    history: int
    min: float
    z: float = 3.0
    count: Literal["events", "sum", "distinct"] = "events"
    field: Names = ()
    learn: int = 0


class Periodicity(msgspec.Struct, frozen=True, tag="periodicity"):
    """Fires while the last `min_events` arrivals of a key have gaps that are all but equal.

    No gap may differ from their median by more than the share `max_jitter` of it. What comes within `min_gap`
    of the event before belongs to the same arrival.
    """

    key: Names
    min_events: int
    max_jitter: float
    min_gap: int = 1_000_000
    learn: int = 0


Learning = NewValue | Rarity | Silence | GeoSpeed | Spike | Periodicity


class Lookup(msgspec.Struct, frozen=True):
    """Lets only events through with a value of `field` that stands in one of the configured lists."""

    field: Names
    lists: tuple[str, ...]


_TUNED = frozenset(
    {"history", "learn", "max_count", "span", "after_seen", "max_kmh", "min_km", "z", "min", "max_jitter"}
)
"""What may be changed without what was learned becoming void."""


def kind_of(terms: Learning) -> str:
    """The name of the extension, as rules write it."""
    return str(terms.__struct_config__.tag)


def shape_of(terms: Learning) -> str:
    """What a memory of these terms is a memory of; another shape has to learn anew.

    >>> shape_of(NewValue(("user.name",), ("source.ip",), history=5))
    'new_value key=user.name field=source.ip'
    """
    said = [kind_of(terms)]
    for name in terms.__struct_fields__:
        value = getattr(terms, name)
        if name not in _TUNED and value != ():
            said.append(f"{name}={','.join(value) if isinstance(value, tuple) else value}")
    return " ".join(said)
