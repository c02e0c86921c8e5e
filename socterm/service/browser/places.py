"""Who has a window open: so many at a time, shared between people."""

from __future__ import annotations

import asyncio
from collections import Counter


class Place:
    """Room for one window. `leave` is set when somebody else needs it, `gone` when it is free again."""

    def __init__(self, name: str, before: Place | None) -> None:
        self.name = name
        self.ending = False
        """Its browser is gone, its console is about to be."""
        self.leave = asyncio.Event()
        self.gone = asyncio.Event()
        self._before = before

    async def free(self) -> None:
        """Wait until the window that made room is gone."""
        if self._before is not None:
            await self._before.gone.wait()
            self._before = None


class Places:
    """`most` windows at a time.

    Where all are taken, somebody who has two fewer than another gets a place of that one's: the one that was
    typed into longest ago. So nobody keeps others out by opening windows, and nobody loses the only one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: list[Place] = []
        """The one used longest ago first."""

    def __len__(self) -> int:
        """How many are taken."""
        return len(self._held)

    def take(self, name: str) -> Place | None:
        """A place for one more window of somebody, which may yet have to become free; None for none."""
        before = None
        if len(self._held) >= self._most:
            before = self._next_to_go(name)
            if before is None:
                return None
            before.leave.set()
            self._held.remove(before)
        place = Place(name, before)
        self._held.append(place)
        return place

    def used(self, place: Place) -> None:
        """Somebody typed into its window."""
        if place in self._held:
            self._held.remove(place)
            self._held.append(place)

    def release(self, place: Place) -> None:
        """Its window is gone."""
        if place in self._held:
            self._held.remove(place)
        place.gone.set()

    def _next_to_go(self, name: str) -> Place | None:
        ending = next((place for place in self._held if place.ending), None)
        if ending is not None:
            return ending
        have = Counter(place.name for place in self._held)
        whose, most = have.most_common(1)[0]
        if most < have[name] + 2:
            return None
        return next(place for place in self._held if place.name == whose)
