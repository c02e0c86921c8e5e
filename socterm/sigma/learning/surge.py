"""More in a stretch of time than a key's past lets expect (`spike`)."""

from __future__ import annotations

from math import sqrt
from typing import Final

from socterm.event import Event
from socterm.sigma.learning.judge import FIRES, LACKS, Judge
from socterm.sigma.learning.memory import LIMIT, Entry
from socterm.sigma.learning.terms import Spike
from socterm.sigma.learning.values import Key, amount, reader, value_reader
from socterm.sigma.model import Rule

USUAL: Final = "no more than usual"
YOUNG: Final = "too few buckets to know what is usual"
LATE: Final = "it belongs to a bucket that is over"
BASELINE: Final = 8
"""Buckets a key must have been known for, or all of its history where that is shorter."""

DISTINCT: Final = 1_000
"""Different values that are told apart within one bucket; of more there are that many."""


class Buckets(Entry):
    """`first` and `now` are the numbers of the first and the present bucket, `here` what this one holds.

    `past` are the buckets before that hold anything, oldest first; `values` those counted in this one; `bar`
    is what this bucket must exceed, below 0 where that is not known.
    """

    first: int
    now: int
    here: float
    past: list[tuple[int, float]]
    values: list[str]
    bar: float = -1.0


class Surge(Judge[Spike, Buckets]):
    """`spike`. Buckets begin at whole multiples of their length since 1970; empty ones count as nothing."""

    form = Buckets

    def __init__(self, rule: Rule, terms: Spike, *, limit: int = LIMIT) -> None:
        super().__init__(rule, terms, limit=limit)
        self._span = terms.history // terms.bucket
        self._need = min(BASELINE, self._span)
        self._amount = reader(terms.field[0], rule.logsource) if terms.field else None
        self._values = value_reader(terms.field, rule.logsource)

    def _judge(self, event: Event, key: Key) -> str:
        values = self._values(event)
        if not values:
            return LACKS
        number = event.ts // self.terms.bucket
        entry = self.memory.get(key)
        if entry is None:
            entry = Buckets(0, event.ts, number, number, 0.0, [], [])
        elif number < entry.now:
            return self._late(event, key, entry, number)
        elif number > entry.now:
            self._open(entry, number)
        entry.last = max(entry.last, event.ts)
        self._add(entry, event, values)
        self.memory.put(key, entry)
        self.memory.expire(event.ts - self.terms.history - self.terms.bucket)
        if entry.bar < 0:
            return YOUNG
        return FIRES if entry.here > entry.bar and entry.here >= self.terms.min else USUAL

    def _add(self, entry: Buckets, event: Event, values: list[Key]) -> None:
        if self.terms.count == "distinct":
            known = entry.values
            for value in values:
                said = "\x1f".join(value)
                if len(known) < DISTINCT and said not in known:
                    known.append(said)
            entry.here = float(len(known))
        else:
            entry.here += self._worth(event)

    def _worth(self, event: Event) -> float:
        return event.repeat * (1.0 if self._amount is None else amount(self._amount(event)))

    def _open(self, entry: Buckets, number: int) -> None:
        """Close the present bucket and begin another."""
        if entry.here:
            entry.past.append((entry.now, entry.here))
        entry.now, entry.here, entry.values = number, 0.0, []
        oldest = number - self._span
        while entry.past and entry.past[0][0] < oldest:
            del entry.past[0]
        entry.bar = self._bar(entry)

    def _bar(self, entry: Buckets) -> float:
        size = min(self._span, entry.now - entry.first)
        if size < self._need:
            return -1.0
        held = [count for _, count in entry.past]
        mean = sum(held) / size
        spread = sum((count - mean) ** 2 for count in held) + (size - len(held)) * mean * mean
        return mean + self.terms.z * sqrt(spread / size)

    def _late(self, event: Event, key: Key, entry: Buckets, number: int) -> str:
        """Count it where it belongs, as far as that can still be told; nothing fires for what is over."""
        if number >= entry.now - self._span and self.terms.count != "distinct":
            entry.past = _with(entry.past, number, self._worth(event))
            entry.first = min(entry.first, number)
            entry.bar = self._bar(entry)
            self.memory.put(key, entry)
        return LATE

    @staticmethod
    def weigh(entry: Buckets) -> int:
        """Each bucket and each value told apart counts."""
        return 1 + len(entry.past) + len(entry.values)


def _with(past: list[tuple[int, float]], number: int, more: float) -> list[tuple[int, float]]:
    found = dict(past)
    found[number] = found.get(number, 0.0) + more
    return sorted(found.items())
