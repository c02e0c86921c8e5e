"""What was learned on its way to the store and back: plain values."""

from __future__ import annotations

import msgspec

from socterm.event import Event
from socterm.sigma.learning.judge import Course


class RuleMemory(msgspec.Struct):
    """What a rule knows, or what changed of it: entries by key, both JSON; None for what is forgotten.

    `shape` says what it is a memory of. With `anew` all that was known before is void.
    """

    rule: str
    shape: str
    course: Course
    entries: list[tuple[str, str | None]] = []
    anew: bool = False


class LearningChanges(msgspec.Struct):
    """Everything the rules of a batch learned.

    `held` are ids of events that wait to be judged, with the keys of the rules they wait for; `released`
    those that wait no more. `taught` are old logs that rules learned from: (rule, log, how many lines of it).
    `void` are rules whose memories are to be forgotten, before all else.
    """

    rules: list[RuleMemory] = []
    held: list[tuple[int, tuple[str, ...]]] = []
    released: list[int] = []
    taught: list[tuple[str, str, int]] = []
    void: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.rules or self.held or self.released or self.taught or self.void)


class StoredLearning(msgspec.Struct):
    """What the store has of all that."""

    rules: list[RuleMemory] = []
    held: list[tuple[Event, tuple[str, ...]]] = []
    taught: list[tuple[str, str, int]] = []
