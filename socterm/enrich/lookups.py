"""What is known of one value of one field, remembered: values come again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

from socterm.enrich.indicators import Match

Fields = dict[str, Any]
Find = Callable[[str], Fields]

THREAT = "threat.indicator.name"
MATCHED = ("threat.indicator.type", THREAT, "threat.feed.name", "threat.enrichments.matched.field")
"""ECS fields of a match with a list of indicators."""

_KEPT = 16_384
_LONGEST = 256
"""Characters of a value that is remembered; a longer one is looked up each time."""

_SEVERAL = 16
"""Values of a field that holds several which are looked at."""


class Lookup(dict[Any, Fields]):
    """A field's value → the fields it adds. A pure memo of `find` with `most` values; asked with `[]`.

    A value that is a tuple adds what its parts do, the first of them first. Raises TypeError for one that
    cannot be a key.
    """

    def __init__(self, find: Find, most: int = _KEPT) -> None:
        super().__init__()
        self._find = find
        self._most = most

    def __missing__(self, value: Any) -> Fields:
        if not isinstance(value, str):
            found: Fields = {}
            for part in value[:_SEVERAL] if isinstance(value, tuple) else ():
                if isinstance(part, str):
                    merge(found, self[part])
            return found
        found = self._find(value)
        if len(value) <= _LONGEST and self._most:
            if len(self) >= self._most:
                self.clear()
            self[value] = found
        return found


def merge(fields: Fields, more: Fields) -> None:
    """Add what is not there; matches join those that are there.

    >>> merge(a := {"x": 1}, {"x": 2, "y": 3}); a
    {'x': 1, 'y': 3}
    """
    known = _rows(fields) if THREAT in more and not fields.keys().isdisjoint(MATCHED) else []
    for name, value in more.items():
        fields.setdefault(name, value)
    if known:
        rows = known + [row for row in _rows(more) if row not in known]
        for name, column in zip(MATCHED, zip(*rows, strict=True), strict=True):
            fields[name] = column if len(rows) > 1 else column[0]


def _rows(fields: Fields) -> list[tuple[Any, ...]]:
    """The matches that some fields tell of, one by one; a producer's may lack columns."""
    columns = [_several(fields.get(name, "")) for name in MATCHED]
    return list(zip_longest(*columns, fillvalue=""))


def matched(field: str, matches: Iterable[Match]) -> Fields:
    """The fields that tell which entries of which lists a field's value fits; nothing where it fits none.

    >>> matched("source.ip", [Match("ipv4-addr", "192.0.2.0/24", ("drop",))])["threat.feed.name"]
    'drop'
    """
    rows = [(match.type, match.name, feed, field) for match in matches for feed in match.feeds]
    if not rows:
        return {}
    columns = zip(*rows, strict=True)
    return {
        name: column if len(rows) > 1 else column[0] for name, column in zip(MATCHED, columns, strict=True)
    }


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
