"""Two places of one key that are further apart than the time between them allows (`geo_speed`)."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

from socterm.event import Event
from socterm.sigma.learning.judge import FIRES, LACKS, Judge
from socterm.sigma.learning.memory import LIMIT, Entry
from socterm.sigma.learning.terms import GeoSpeed
from socterm.sigma.learning.values import Key, place_of
from socterm.sigma.model import Rule

FIRST: Final = "the first place of this key"
NEAR: Final = "the place is near the one before"
SLOW: Final = "the way can be made in the time"
_EARTH_KM: Final = 6371.0
_FARTHEST_KM: Final = 20_100.0
_HOUR: Final = 3600 * 1_000_000


class Place(Entry):
    """Where a key was last, in degrees."""

    lat: float
    lon: float


class Travel(Judge[GeoSpeed, Place]):
    """`geo_speed`. A key's place is forgotten when it could be anywhere by now."""

    form = Place

    def __init__(self, rule: Rule, terms: GeoSpeed, *, limit: int = LIMIT) -> None:
        super().__init__(rule, terms, limit=limit)
        self._reach = int(_FARTHEST_KM / terms.max_kmh * _HOUR)

    def _judge(self, event: Event, key: Key) -> str:
        place = place_of(event)
        if place is None:
            return LACKS
        ts = event.ts
        entry = self.memory.get(key)
        answer = FIRST
        if entry is not None:
            far = distance(entry.lat, entry.lon, *place)
            if far < self.terms.min_km:
                answer = NEAR
            else:
                hours = abs(ts - entry.last) / _HOUR
                answer = FIRES if far > hours * self.terms.max_kmh else SLOW
        if entry is None or ts >= entry.last:
            self.memory.put(key, Place(0, ts, *place))
        self.memory.expire(ts - self._reach)
        return answer


def distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Kilometres between two places on the great circle.

    >>> round(distance(52.52, 13.40, 48.86, 2.35))
    878
    """
    north = sin(radians(lat2 - lat1) / 2) ** 2
    east = cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(north + east)))
