"""What all rules that remember have in common: a key, a course since their first event, an answer."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from socterm.event import Event
from socterm.sigma.learning.memory import LIMIT, Entry, Memory
from socterm.sigma.learning.values import Key, key_reader
from socterm.sigma.model import Rule

E = TypeVar("E", bound=Entry)
T = TypeVar("T")

FIRES: Final = ""
LACKS: Final = "the event lacks its key or field"
LEARNING: Final = "the rule is still learning"
TAUGHT: Final = "only learned from"
"""Answers of `Judge.see`: "" where the rule fires, else why it does not."""


class Course(msgspec.Struct):
    """How a rule fared since its first event.

    `start` is the time (µs) of that event, None before; `live` that of the first one that was not only
    learned from. Counted since then: events judged (`seen`), those that came after the watermark (`late`),
    those without key or field (`skipped`), entries that had to go (`evicted`).
    """

    start: int | None = None
    live: int | None = None
    seen: int = 0
    late: int = 0
    skipped: int = 0
    evicted: int = 0


class Judge(Generic[T, E]):
    """One rule that remembers. Subclasses say what an entry is, and whether an event fires."""

    form: ClassVar[Any]

    def __init__(self, rule: Rule, terms: T, *, limit: int = LIMIT) -> None:
        self.rule = rule.key
        self.terms = terms
        self.course = Course()
        self.moved = False
        """Whether the course changed since it was last stored."""
        self.memory: Memory[E] = Memory(self.form, limit, self.weigh)
        self.due: list[tuple[int, Key]] = []
        """Times (µs) at which `ring` wants to be asked about a key; whoever keeps time takes them away."""
        self.learn: int = getattr(terms, "learn", 0)
        self.key = key_reader(getattr(terms, "key", ()), rule.logsource)

    weigh: Any = None
    """How many things an entry holds; None where it is one."""

    def see(self, event: Event, *, mute: bool = False) -> str:
        """Take an event: "" where the rule fires, else why not. All but late ones come in their order.

        `mute`: only learn from it.
        """
        course = self.course
        course.seen += 1
        self.moved = True
        ts = event.ts
        if course.start is None or (mute and ts < course.start):
            course.start = ts
        if not mute and course.live is None:
            course.live = ts
        key = self.key(event)
        answer = LACKS if key is None else self._judge(event, key)
        if answer is LACKS:
            course.skipped += 1
        if mute:
            return TAUGHT
        return LEARNING if answer is FIRES and self.learning(ts) else answer

    def at_once(self, _event: Event) -> bool:
        """Take an event without waiting for its turn, where that changes nothing; False where it has to wait.

        Only for a rule that is the only one to hear of the event. It does not fire.
        """
        return False

    def learning(self, ts: int) -> bool:
        """Whether the rule only learns at that time."""
        start = self.course.start
        return start is not None and ts < start + self.learn

    def _judge(self, event: Event, key: Key) -> str:
        raise NotImplementedError

    def waits_for(self, _key: Key) -> bool:
        """Whether it still wants to be asked about a key; if not it forgets that it did."""
        return False

    def ring(self, _at: int, _key: Key) -> Event | None:
        """The time that was asked for has come: the event that fires now, if one does."""
        return None

    def rest(self) -> None:
        """The log that was learned from is over."""

    def rewind(self, high: int) -> None:
        """The clock was wrong and is turned back: nothing can have been seen after `high` (µs)."""
        if self.course.start is not None and self.course.start > high:
            self.course.start = high
        for key, entry in self.memory.items():
            if entry.last > high:
                self._rewind(key, entry, high)

    def _rewind(self, key: Key, _entry: E, _high: int) -> None:
        self.memory.drop(key)

    def take_over(self, former: Judge[T, E]) -> None:
        """Know what the rule's judge knew before the rules were loaded anew."""
        self.course = former.course
        self.memory = former.memory

    def restore(self, course: Course, rows: list[tuple[str, str]]) -> None:
        """Go on from what the store has."""
        self.course = course
        self.memory.evicted = course.evicted
        self.memory.restore(rows)
