"""Which news are told by themselves, and which are summed up. Pure: the past is passed in.

A thousand alerts in a minute are at most `most` messages and one digest on each channel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from socterm.store.doors.outbox_rows import News, Told

MINUTE: Final = 60_000_000


class Limits(msgspec.Struct, frozen=True):
    """`each` messages of one group `within` a span, `most` a minute; what is left out every `digest` (µs)."""

    each: int
    within: int
    most: int
    digest: int


def choose(news: Sequence[News], told: Told, limits: Limits) -> tuple[list[News], list[News]]:
    """(what is told by itself, what waits for the digest), each in the order given, gravest first."""
    queued: list[News] = []
    held: list[News] = []
    groups = Counter(told.groups)
    for one in sorted(news, key=lambda one: -one.rank):
        if told.minute + len(queued) >= limits.most or groups[one.group] >= limits.each:
            held.append(one)
        else:
            groups[one.group] += 1
            queued.append(one)
    return queued, held


def digest_due(told: Told, limits: Limits, now: int) -> bool:
    """Whether it is time to sum up: so long after the first that was held back, and after the last digest."""
    if not told.held_since or told.summing:
        return False
    # What lies ahead of now was written before the clock was set back.
    return not any(0 <= now - since < limits.digest for since in (told.held_since, told.digest))
