"""Which new alerts are told outside the console, and in how many words. Pure: time and alerts are passed in.

A thousand alerts in a minute are at most `most` messages and one summary: what rings all day is switched off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from socterm.console.safe import join
from socterm.console.theme import LEVELS, SHORT
from socterm.console.words import entity_text
from socterm.store.rows import AlertRow

WINDOW = 60_000_000
"""µs over which messages are counted."""


class Limits(NamedTuple):
    """From which level on alerts are told; messages a minute, and those about one rule and entity."""

    level: str = "high"
    most: int = 5
    each: int = 1


USUAL = Limits()
"""What counts where nothing is configured."""


class Announcer:
    """Takes new alerts, gives the messages due. What is left out is summed up when its minute ends."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._began = 0
        self._told = 0
        self._groups: Counter[tuple[str, str]] = Counter()
        self._left: Counter[str] = Counter()

    def take(self, alerts: Iterable[AlertRow], now: int) -> list[str]:
        """The messages about some new alerts, and the summary of the minute before where one is due."""
        out = self.due(now)
        wanted = LEVELS[: LEVELS.index(self.limits.level) + 1]
        grave = [alert for alert in alerts if alert.level in wanted and not alert.part_of]
        for alert in sorted(grave, key=lambda alert: (LEVELS.index(alert.level), alert.id)):
            if now - self._began >= WINDOW:
                self._began, self._told = now, 0
                self._groups.clear()
            group = alert.rule, repr(sorted(alert.entity.items()))
            if self._told >= self.limits.most or self._groups[group] >= self.limits.each:
                self._left[alert.level] += 1
                continue
            self._told += 1
            self._groups[group] += 1
            out.append(join([SHORT[alert.level], " ", alert.title, " · ", entity_text(alert.entity)]))
        return out

    def due(self, now: int) -> list[str]:
        """The summary of what was left out, once its minute is over."""
        if not self._left or now - self._began < WINDOW:
            return []
        said = ", ".join(f"{self._left[level]:,} {level}" for level in LEVELS if self._left[level])
        total = self._left.total()
        self._left.clear()
        return [f"{total:,} more {'alert' if total == 1 else 'alerts'}: {said}"]
