"""What one rule remembers: so many entries and no more, the longest untouched go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

import msgspec

from socterm.sigma.learning.values import Key

LIMIT: Final = 100_000
"""Things one rule remembers: values, sightings, arrivals, buckets."""


class Entry(msgspec.Struct, array_like=True):
    """What is known under one key. `turn` counts the touches of all; `last` (µs) is when it was seen."""

    turn: int
    last: int


E = TypeVar("E", bound=Entry)


class Memory(Generic[E]):
    """Entries by key, in the order of their last touch; what changed since the last `changes`.

    `weigh` says how many things an entry holds. `evicted` counts entries that had to go for want of room.
    """

    def __init__(self, form: type[E], limit: int = LIMIT, weigh: Callable[[E], int] | None = None) -> None:
        self.form = form
        self.limit = limit
        self.evicted = 0
        self._weigh = weigh
        # Not a plain dict: its first key is ever farther to find where keys go at the front all the time.
        self._entries: OrderedDict[Key, E] = OrderedDict()
        self._weights: dict[Key, int] = {}
        self._held = 0
        self._turn = 0
        self._changed: dict[Key, None] = {}
        self._encode = msgspec.json.Encoder().encode

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> E | None:
        """What is known under a key."""
        return self._entries.get(key)

    def items(self) -> Iterator[tuple[Key, E]]:
        """All entries, the longest untouched first."""
        return iter(list(self._entries.items()))

    @property
    def held(self) -> int:
        """How many things are remembered, all in all."""
        return self._held if self._weigh is not None else len(self._entries)

    def put(self, key: Key, entry: E) -> None:
        """Keep an entry, new or changed in place, as the one touched last."""
        entries = self._entries
        entries.pop(key, None)
        self._turn += 1
        entry.turn = self._turn
        entries[key] = entry
        self._changed[key] = None
        self._weigh_anew(key, entry)
        while self.held > self.limit and len(entries) > 1:
            self.drop(next(iter(entries)))
            self.evicted += 1

    def note(self, key: Key) -> None:
        """An entry was changed in place, but nobody has seen its key anew."""
        self._changed[key] = None

    def _weigh_anew(self, key: Key, entry: E) -> None:
        if self._weigh is not None:
            weight = self._weigh(entry)
            self._held += weight - self._weights.get(key, 0)
            self._weights[key] = weight

    def drop(self, key: Key) -> None:
        """Forget a key."""
        del self._entries[key]
        self._held -= self._weights.pop(key, 0)
        self._changed[key] = None

    def expire(self, before: int) -> None:
        """Forget what was last seen before a time (µs): as far as the oldest entries go."""
        entries = self._entries
        while entries:
            key = next(iter(entries))
            if entries[key].last >= before:
                return
            self.drop(key)

    @property
    def changed(self) -> bool:
        """Whether `changes` has anything to say."""
        return bool(self._changed)

    def changes(self) -> list[tuple[str, str | None]]:
        """Key and entry as JSON of what changed since the last call, None for what was forgotten."""
        changed, self._changed = self._changed, {}
        found: list[tuple[str, str | None]] = []
        for key in changed:
            entry = self._entries.get(key)
            found.append(
                (self._encode(key).decode(), None if entry is None else self._encode(entry).decode())
            )
        return found

    def restore(self, rows: list[tuple[str, str]]) -> None:
        """Take back what `changes` gave away; a row that cannot be read is forgotten."""
        found: list[tuple[Key, E]] = []
        for key, value in rows:
            try:
                entry = msgspec.json.decode(value, type=self.form)
                found.append((msgspec.json.decode(key, type=tuple[str, ...]), entry))
            except (msgspec.DecodeError, UnicodeError):
                self.evicted += 1
        found.sort(key=lambda item: item[1].turn)
        self._entries = OrderedDict(found)
        for where, entry in found:
            self._weigh_anew(where, entry)
        self._turn = found[-1][1].turn if found else 0
