"""What all windows share: those that answer at once, and those that wait for the watermark.

A window is a pure function of the set of hits it was given, whatever their order of arrival within the
lateness bound. The window of a hit h holds the hits up to h in key order with ts > h.ts − span.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Final

from socterm.alerts.model import Hit, key_of
from socterm.event import Key

BEHIND: Final[list[Hit]] = []
"""The answer to a hit that is kept aside until `catch_up`; the caller has to ask for that before a commit."""

FEW_LATE: Final = 32
"""Hits a window may hold for a late one to be put in its place there and then."""

MOST_WAITING: Final = 100_000
"""Hits one waiting window keeps; beyond that the oldest go and are counted."""

State = dict[str, int]
NOTHING: Final[State] = {}
"""The state before any hit; a window that goes on from it takes a copy."""


class Counts:
    """What one rule had to leave out: events lacking a field, values that are no number, state let go."""

    __slots__ = ("evicted", "not_numbers", "skipped")

    def __init__(self) -> None:
        self.skipped = 0
        self.not_numbers = 0
        self.evicted = 0


class Window:
    """A window that answers at once: its condition can only be confirmed by what still comes.

    Hits in order take the short way (`_step`). In a flood late ones are collected in `late` and put in their
    places together by `catch_up`, so that each costs about as much as one in order. `span` and `lateness`
    are µs. Subclasses keep their running state in attributes that `_save` and `_load` copy; `base` is that
    state before the first hit of `buf`. When `buf` has outgrown `room`, what no late hit may change any more
    is folded away.
    """

    TRIM = 512
    waits = False
    __slots__ = ("buf", "late", "lateness", "room", "span")

    def __init__(self, span: int, lateness: int) -> None:
        self.span = span
        self.lateness = lateness
        self.buf: list[Hit] = []
        self.late: list[Hit] | None = None
        self.room = self.TRIM

    def order(self, hit: Hit) -> tuple[Key, int]:
        """The hit's place in this window: one event may bring several, by the rule each comes from."""
        return (key_of(hit), 0)

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """Take a hit; answer the hits at which the window newly satisfies its rule, or `BEHIND`."""
        buf = self.buf
        if buf:
            last = buf[-1]
            if hit.ts < last.ts or (hit.ts == last.ts and self.order(hit) < self.order(last)):
                return self._late(hit)
        buf.append(hit)
        fired = self._step(hit)
        if len(buf) > self.room:
            return self._made_room(hit, fired=fired)
        return (hit,) if fired else ()

    def inside(self, fired: Hit) -> list[Hit]:
        """The hits of the window that ends at this one, as far as they are still kept."""
        end, start = key_of(fired), fired.ts - self.span
        return [hit for hit in self.buf if hit.ts > start and key_of(hit) <= end]

    def catch_up(self) -> Sequence[Hit]:
        """Put the late hits in their places; answer the hits at which the rule is newly satisfied."""
        late, self.late = self.late, None
        if not late:
            return ()
        self.room += len(late)
        late.sort(key=self.order)
        return self._insert(late)

    def due(self) -> int | None:
        """The watermark (µs) at which there is something to decide; None where nothing waits."""
        return None

    def advance(self, watermark: int) -> Sequence[Hit]:  # noqa: ARG002
        """Decide what the watermark has passed: the hits at which the rule is satisfied, oldest first."""
        return ()

    def _late(self, hit: Hit) -> Sequence[Hit]:
        late = self.late
        if late is None:
            late = self.late = []
        late.append(hit)
        # Kept aside it takes as much room: when something is folded away does not depend on `catch_up`.
        self.room -= 1
        size = len(self.buf)
        if size > self.room:
            return self._made_room(hit, fired=False)
        if size <= FEW_LATE or len(late) > size:
            return self.catch_up()
        return BEHIND

    def _insert(self, late: list[Hit]) -> list[Hit]:
        before = {id(h) for h in self._replay()}
        buf = self.buf
        if len(late) == 1:
            insort(buf, late[0], key=self.order)
        else:
            at = bisect_left(buf, self.order(late[0]), key=self.order)
            buf[at:] = sorted(buf[at:] + late, key=self.order)
        return [h for h in self._replay() if id(h) not in before]

    def _replay(self) -> list[Hit]:
        self._load()
        return [hit for hit in self.buf if self._step(hit)]

    def _made_room(self, hit: Hit, *, fired: bool) -> Sequence[Hit]:
        """Trim, and not again before as many came as were left: a flood is not gone through at each hit."""
        newly = [hit] if fired else []
        if self.late:
            newly += self.catch_up()
        self._trim(hit.ts - self.lateness)
        self.room = max(self.TRIM, 2 * len(self.buf))
        return newly

    def _trim(self, before: int) -> None:
        """Fold hits older than `before` into the base state."""
        self._load()
        buf = self.buf
        n = 0
        while n < len(buf) and buf[n].ts < before:
            self._step(buf[n])
            n += 1
        del buf[:n]
        self._save()
        for hit in buf:
            self._step(hit)

    def _step(self, hit: Hit) -> bool:
        """Go on by one hit in order; True where the rule is satisfied at it."""
        raise NotImplementedError

    def _save(self) -> None:
        """Make the present state the base."""
        raise NotImplementedError

    def _load(self) -> None:
        """Go back to the base."""
        raise NotImplementedError


class WaitingWindow(Window):
    """A window whose condition later hits can undo: nothing fires before the watermark has decided it.

    `buf` holds, in order, the hits not yet decided.
    """

    waits = True
    __slots__ = ("counts",)

    def __init__(self, span: int, lateness: int, counts: Counts) -> None:
        super().__init__(span, lateness)
        self.counts = counts

    def feed(self, hit: Hit) -> Sequence[Hit]:
        """Take a hit; nothing fires yet."""
        self._keep(hit)
        return ()

    def _keep(self, hit: Hit) -> None:
        buf = self.buf
        if buf and self.order(hit) < self.order(buf[-1]):
            insort(buf, hit, key=self.order)
        else:
            buf.append(hit)
        if len(buf) > MOST_WAITING:
            gone = MOST_WAITING // 10
            del buf[:gone]
            self.counts.evicted += gone
