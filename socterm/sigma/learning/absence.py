"""A key that is not there any more (`silence`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from socterm.event import Event
from socterm.sigma.entity import DEFAULT
from socterm.sigma.fields import text
from socterm.sigma.learning.judge import Course, Judge
from socterm.sigma.learning.memory import LIMIT, Entry
from socterm.sigma.learning.terms import Silence
from socterm.sigma.learning.values import LONGEST, SOURCE, Key, short
from socterm.sigma.model import Rule

WAITS: Final = "it fires when the key stays away"
_KEPT: Final = 64
"""Fields that are kept of an event."""

_ALIKE: Final = 1_000
"""Combinations of fields that are remembered; then it starts anew."""

_MOST: Final = 1 << 53
"""Numbers from here on, and such as are none, are kept as text: the store's JSON would change them."""


class Last(Entry):
    """The last event of a key: where it stands, and the fields an alert or a correlation asks it for.

    `told`: that it stays away has been said, or is not to be said.
    """

    source: bytes
    position: int
    event: int
    seen: int
    fields: dict[str, Any]
    told: bool = False


class Absence(Judge[Silence, Last]):
    """`silence`. What fires is the key's last event, at the time at which it has been away for long enough.

    `asked` are the fields that correlations on the rule read.
    """

    form = Last

    def __init__(
        self, rule: Rule, terms: Silence, *, limit: int = LIMIT, asked: tuple[str, ...] = ()
    ) -> None:
        super().__init__(rule, terms, limit=limit)
        self._asked = tuple(dict.fromkeys((*rule.entity, *DEFAULT, *asked)))[:_KEPT]
        self._armed: set[Key] = set()
        self._known: dict[tuple[Any, ...], dict[str, Any]] = {}

    def at_once(self, event: Event) -> bool:
        """One more sign of a key that is not missed: whichever came first, it was there."""
        key = self.key(event)
        entry = None if key is None else self.memory.get(key)
        start = self.course.start
        if key is None or entry is None or entry.told or start is None or event.ts < start:
            return False
        if abs(event.ts - entry.last) >= self.terms.span:
            return False
        self.course.seen += 1
        self.moved = True
        self._note(event, key, entry)
        return True

    def _judge(self, event: Event, key: Key) -> str:
        entry = self.memory.get(key)
        if entry is None:
            entry = Last(0, event.ts, b"", 0, 0, 0, {})
        self._note(event, key, entry)
        return WAITS

    def _note(self, event: Event, key: Key, entry: Last) -> None:
        entry.seen += 1
        ts = event.ts
        if ts >= entry.last:
            entry.last = ts
            entry.source = named(event)
            entry.position = event.position
            entry.event = event.id
            entry.fields = self._fields(event)
            entry.told = False
            self._arm(key, ts + self.terms.span)
        self.memory.put(key, entry)

    def _fields(self, event: Event) -> dict[str, Any]:
        """What is kept of an event's fields. Events alike share it: nobody changes it."""
        get = event.fields.get
        found = tuple([event.source if name == SOURCE else get(name) for name in self._asked])
        try:
            known = self._known.get(found)
        except TypeError:  # a list
            known = None
        if known is None:
            known = dict(_kept(self._asked, found))
            if all(value is None or (value.__class__ is str and len(value) <= LONGEST) for value in found):
                if len(self._known) >= _ALIKE:
                    self._known.clear()
                self._known[found] = known
        return known

    def _arm(self, key: Key, due: int) -> None:
        if key not in self._armed:
            self._armed.add(key)
            self.due.append((due, key))

    def _rewind(self, key: Key, entry: Last, high: int) -> None:
        self._armed.discard(key)
        super()._rewind(key, entry, high)

    def waits_for(self, key: Key) -> bool:
        """As long as the key is remembered."""
        if self.memory.get(key) is not None:
            return True
        self._armed.discard(key)
        return False

    def ring(self, at: int, key: Key) -> Event | None:
        """Fires, unless the key has been seen in the meantime, or too seldom to be missed."""
        self._armed.discard(key)
        entry = self.memory.get(key)
        if entry is None or entry.told:
            return None
        due = entry.last + self.terms.span
        if due > at:
            self._arm(key, due)
            return None
        entry.told = True
        self.memory.note(key)
        if entry.seen < self.terms.after_seen or self.learning(due):
            return None
        source = entry.source.decode("utf-8", "surrogatepass")
        return Event(due, source, entry.position, "", dict(entry.fields), id=entry.event)

    def rest(self) -> None:
        """What an old log knows and this one does not is not missed."""
        for key, entry in self.memory.items():
            entry.told = True
            self.memory.note(key)

    def restore(self, course: Course, rows: list[tuple[str, str]]) -> None:
        """As any; and wait on for the keys that are waited for."""
        super().restore(course, rows)
        self._wait_on()

    def take_over(self, former: Judge[Silence, Last]) -> None:
        """As any; and wait on for the keys that are waited for."""
        super().take_over(former)
        self._wait_on()

    def _wait_on(self) -> None:
        for key, entry in self.memory.items():
            if not entry.told:
                self._arm(key, entry.last + self.terms.span)


def _kept(names: Iterable[str], found: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for name, value in zip(names, found, strict=True):
        first = value
        if isinstance(value, tuple | list):
            first = value[0] if value else None
        if isinstance(first, str):
            yield name, short(first)
        elif isinstance(first, int | float):
            yield name, first if abs(first) < _MOST else text(first)


def named(event: Event) -> bytes:
    """The source's name as it can be written down: file names need not be UTF-8."""
    return event.source.encode("utf-8", "surrogatepass")
