"""The base events of an episode as compact parts: columns of differences instead of rows of values.

A part of an episode under way is JSON of six columns: event ids, times, source ids, positions (each a first
value and then differences), weights and values; a column that is the same for all hits is that one value.
A settled part keeps ids and weights only: the rest can be read from the events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from socterm.alerts.model import Hit
from socterm.store.jsontext import from_json, to_json_bytes

Part = tuple[int, int, int, int, bytes]
"""(least event id, greatest event id, events, weight, hits)"""

SETTLED_SIZE = 2_000
"""Events in one part of a settled alert: a long one can be read a screenful at a time."""


def _deltas(values: Sequence[int]) -> list[int]:
    return [values[0], *(b - a for a, b in pairwise(values))]


def _same(values: list[Any]) -> Any:
    return values[0] if values.count(values[0]) == len(values) else values


def _spread(column: Any, count: int) -> list[Any]:
    return column if isinstance(column, list) else [column] * count


def encode_hits(hits: Sequence[Hit], sources: Mapping[str, int]) -> Part:
    """The part for some new hits (at least one), in their order."""
    if len(hits) == 1:  # a stranger's first failure: most parts are of one hit
        (hit,) = hits
        single = [[hit.event], [hit.ts], sources[hit.source], [hit.position], hit.weight, hit.value]
        return hit.event, hit.event, 1, hit.weight, to_json_bytes(single)
    ids = [hit.event for hit in hits]
    weights = [hit.weight for hit in hits]
    columns = [
        _deltas(ids),
        _deltas([hit.ts for hit in hits]),
        _same([sources[hit.source] for hit in hits]),
        _deltas([hit.position for hit in hits]),
        _same(weights),
        _same([hit.value for hit in hits]),
    ]
    return min(ids), max(ids), len(ids), sum(weights), to_json_bytes(columns)


def decode_hits(data: bytes, names: Mapping[int, str]) -> list[Hit]:
    """The hits of a part that is not settled."""
    ids, times, sources, positions, weights, values = from_json(data.decode())
    count = len(ids)
    return [
        Hit(ts, names[source], position, event, weight, value)
        for event, ts, source, position, weight, value in zip(
            accumulate(ids),
            accumulate(times),
            _spread(sources, count),
            accumulate(positions),
            _spread(weights, count),
            _spread(values, count),
            strict=True,
        )
    ]


def event_ids(data: bytes) -> list[int]:
    """Ids of a part's events, settled or not, in its order."""
    return list(accumulate(from_json(data.decode())[0]))


def values_in(data: bytes) -> set[str]:
    """The different values of a part's hits; of a settled one nothing is known of them: ""."""
    columns = from_json(data.decode())
    values = columns[5] if len(columns) > 5 else ""
    return set(values) if isinstance(values, list) else {values}


def weighted_ids(data: bytes) -> list[tuple[int, int]]:
    """(event id, weight) of a part, settled or not."""
    columns = from_json(data.decode())
    ids = list(accumulate(columns[0]))
    weights = columns[4] if len(columns) > 2 else columns[1]
    return list(zip(ids, _spread(weights, len(ids)), strict=True))


def weights_of(parts: Iterable[bytes]) -> dict[int, int]:
    """What each event of an episode's parts counts there; one may have come by way of several rules."""
    return _once(pair for part in parts for pair in weighted_ids(part))


def settle_parts(parts: Iterable[bytes]) -> list[Part]:
    """All parts of an episode as few settled ones, by event id."""
    return _settled(sorted(weights_of(parts).items()))


def settle_hits(hits: Iterable[Hit]) -> list[Part]:
    """The same for an episode whose hits are all at hand."""
    return _settled(sorted(_once((hit.event, hit.weight) for hit in hits).items()))


def _once(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for event, weight in pairs:
        found[event] = max(weight, found.get(event, 0))
    return found


def _settled(pairs: list[tuple[int, int]]) -> list[Part]:
    settled = []
    for start in range(0, len(pairs), SETTLED_SIZE):
        piece = pairs[start : start + SETTLED_SIZE]
        ids = [event for event, _ in piece]
        weights = [weight for _, weight in piece]
        data = to_json_bytes([_deltas(ids), _same(weights)])
        settled.append((ids[0], ids[-1], len(ids), sum(weights), data))
    return settled
