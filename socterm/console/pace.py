"""How fast a count grows from one look at it to the next. Pure."""

from __future__ import annotations


class Pace:
    """The rate of a count that is looked at now and then.

    >>> pace = Pace()
    >>> [pace.look(1_000_000, 500), pace.look(1_000_000, 530), pace.look(3_000_000, 530)]
    [None, None, 15.0]
    """

    def __init__(self) -> None:
        self._then = self._count = 0

    def look(self, now: int, count: int) -> float | None:
        """What came per second since the last look at another moment (µs); None where there was none."""
        then, known = self._then, self._count
        if now == then:
            return None
        self._then, self._count = now, count
        return (count - known) * 1e6 / (now - then) if now > then > 0 else None
