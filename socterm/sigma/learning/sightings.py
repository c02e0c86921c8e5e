"""What a key had before: the first time of a value (`new_value`), and the first few (`rarity`)."""

from __future__ import annotations

from bisect import insort
from typing import Final

from socterm.event import Event
from socterm.sigma.learning.judge import FIRES, LACKS, Judge
from socterm.sigma.learning.memory import LIMIT, Entry
from socterm.sigma.learning.terms import NewValue, Rarity
from socterm.sigma.learning.values import Key, value_reader
from socterm.sigma.model import Rule

KNOWN: Final = "the value is known"
COMMON: Final = "the value is not rare"
_HOUR: Final = 3600 * 1_000_000


class FirstSeen(Judge[NewValue, Entry]):
    """`new_value`. Of several values in one event, any new one will do."""

    form = Entry

    def __init__(self, rule: Rule, terms: NewValue, *, limit: int = LIMIT) -> None:
        super().__init__(rule, terms, limit=limit)
        self._values = value_reader(terms.field, rule.logsource)
        # Where nothing grows old, the last time only says who has to go first: an hour is exact enough.
        self._grain = 1 if terms.history else _HOUR

    def _judge(self, event: Event, key: Key) -> str:
        ts, history = event.ts, self.terms.history
        answer = LACKS
        for value in self._values(event):
            where = key + value
            entry = self.memory.get(where)
            if entry is None or (history and ts - entry.last > history):
                answer = FIRES
            elif answer is LACKS:
                answer = KNOWN
            if entry is None:
                self.memory.put(where, Entry(0, ts))
            elif ts - entry.last >= self._grain:
                entry.last = ts
                self.memory.put(where, entry)
        if history:
            self.memory.expire(ts - history)
        return answer

    def _rewind(self, key: Key, entry: Entry, high: int) -> None:
        entry.last = high
        self.memory.note(key)


class Seen(Entry):
    """`times` (µs): the latest sightings within the history, no more than the rule asks about."""

    times: list[int]


class Rare(Judge[Rarity, Seen]):
    """`rarity`. A line is one sighting, whether it stands for several occurrences or for none."""

    form = Seen

    def __init__(self, rule: Rule, terms: Rarity, *, limit: int = LIMIT) -> None:
        super().__init__(rule, terms, limit=limit)
        self._values = value_reader(terms.field, rule.logsource)

    def _judge(self, event: Event, key: Key) -> str:
        ts, history = event.ts, self.terms.history
        answer = LACKS
        for value in self._values(event):
            if self._add(key + value, ts):
                answer = FIRES
            elif answer is LACKS:
                answer = COMMON
        if history:
            self.memory.expire(ts - history)
        return answer

    def _add(self, where: Key, ts: int) -> bool:
        """Remember one sighting; whether there were no more, with it, than make a value rare."""
        most, history = self.terms.max_count, self.terms.history
        entry = self.memory.get(where)
        if entry is None:
            self.memory.put(where, Seen(0, ts, [ts]))
            return True
        times = entry.times
        late = ts < entry.last
        if history:
            oldest = max(ts, entry.last) - history
            while times and times[0] <= oldest:
                del times[0]
            before = sum(1 for time in times if ts - history < time <= ts) if late else len(times)
        else:
            before = len(times)
        insort(times, ts)
        del times[:-most]
        entry.last = max(entry.last, ts)
        self.memory.put(where, entry)
        return before < most

    @staticmethod
    def weigh(entry: Seen) -> int:
        """Each sighting counts."""
        return len(entry.times)
