"""A query over all of the past: how many, when, whose; told while it goes on, and stopped at any time."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec

from socterm.query import Query
from socterm.sigma.brief import brief_value
from socterm.store.doors.history import Stretch, group_values
from socterm.store.minutes import MINUTE
from socterm.store.protocols import History
from socterm.store.rows import Bucket

MOST_IDS: Final = 1_000_000
"""Hits that are kept by number, the newest; all are counted."""

MOST_GROUPS: Final = 50_000
"""Values of a field that are told apart; what comes beyond counts as others."""


class Hits(msgspec.Struct):
    """What a hunt has found so far. `count` are lines, `weight` occurrences; times are µs, 0 before any.

    `ids` are the newest hits, newest first. `groups` weighs the values of the field asked for, `ends` has the
    newest and the oldest hit of each, `others` what had no room there. `done` of `of` ids were looked at;
    `complete` is False while it goes on or was stopped.
    """

    of: int
    done: int = 0
    count: int = 0
    weight: int = 0
    first: int = 0
    last: int = 0
    ids: array[int] = msgspec.field(default_factory=lambda: array("q"))
    minutes: Counter[int] = msgspec.field(default_factory=Counter)
    groups: Counter[str] = msgspec.field(default_factory=Counter)
    ends: dict[str, tuple[int, int]] = {}
    others: int = 0
    complete: bool = False

    def top(self, most: int) -> list[tuple[str, int]]:
        """The commonest values, with their counts."""
        return sorted(self.groups.items(), key=lambda item: (-item[1], item[0]))[:most]

    def histogram(self, buckets: int, start: int | None = None, end: int | None = None) -> list[Bucket]:
        """Hits per equal slice of [start, end) µs, or of the time there are hits in; at least minutes each.

        No slice is shorter than a minute, so there may be fewer of them.
        """
        if not self.minutes or buckets < 1:
            return []
        low = min(self.minutes) if start is None else start // MINUTE
        high = max(self.minutes) + 1 if end is None else -(-end // MINUTE)
        width = max(1, -(-(high - low) // buckets))
        sums = Counter[int]()
        for minute, hits in self.minutes.items():
            if low <= minute < high:
                sums[(minute - low) // width] += hits
        number = -(-(high - low) // width)
        return [Bucket((low + at * width) * MINUTE, sums[at], 0) for at in range(number)]


def hunt(
    history: History,
    query: Query | None,
    stretch: Stretch,
    *,
    by: str = "",
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[Hits], None] = lambda _: None,
) -> Hits:
    """Go over a stretch from its newest event to its oldest. `by` is an ECS field to group by.

    After each short read `tell` hears of what was found so far, then `stop` is asked whether to end.
    """
    hits = Hits(stretch.size)
    for portion in history.places(stretch, query, group=by):
        for place in reversed(portion.rows):
            hits.count += 1
            hits.weight += place.repeat
            hits.minutes[place.ts // MINUTE] += 1
            if place.ts > hits.last:
                hits.last = place.ts
            if place.ts < hits.first or not hits.first:
                hits.first = place.ts
            if len(hits.ids) < MOST_IDS:
                hits.ids.append(place.id)
            for value in map(brief_value, group_values(place.group)) if by else ():
                if value in hits.groups or len(hits.groups) < MOST_GROUPS:
                    hits.groups[value] += place.repeat
                    hits.ends[value] = (hits.ends.get(value, (place.id, 0))[0], place.id)
                else:
                    hits.others += place.repeat
        hits.done = min(hits.of, stretch.high - 1 - portion.low)
        tell(hits)
        if stop():
            return hits
    hits.done, hits.complete = hits.of, True
    tell(hits)
    return hits
