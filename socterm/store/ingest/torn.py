"""Whether stories whose links changed can have come apart, without reading all of them.

An alert that comes between two others takes the place of their link: nearby everything still hangs together.
A story of thousands of alerts must not be worked out anew for that at each commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from typing import Final

from socterm.alerts.incidents import Link, holds
from socterm.store.ingest.things import some

HOPS: Final = 3
"""Links that are followed from the ends of those that went."""

MOST: Final = 2000
"""Alerts looked at on the way; where that is not enough the stories are worked out anew."""

_FROM: Final = "SELECT alert, other FROM alert_links WHERE alert IN (%s)"
_TO: Final = "SELECT alert, other FROM alert_links WHERE other IN (%s)"


class Torn:
    """Links that went, with the alerts that went; the links that came are on record already."""

    def __init__(self, db: sqlite3.Connection, links: Collection[Link], gone: Collection[int]) -> None:
        self._db = db
        self._links = links
        self._gone = set(gone)

    def holds(self, stories: Mapping[int, int]) -> bool:
        """Whether it is certain that no story came apart; `stories` are those of the alerts at the ends.

        A story that is named by an alert which is gone needs another name, so it is no longer the same.
        """
        if any(stories.get(alert) == alert for alert in self._gone):
            return False
        seen = {end for link in self._links for end in (link.alert, link.other)} - self._gone
        left: set[Link] = set()
        edge = seen
        for _ in range(HOPS):
            pairs = [*some(self._db, _FROM, edge), *some(self._db, _TO, edge)]
            left |= {Link(alert, "", "", other) for alert, other in pairs}
            if holds(self._links, left, self._gone):
                return True
            edge = {end for pair in pairs for end in pair} - seen - self._gone
            seen |= edge
            if not edge or len(seen) > MOST:
                return False
        return False
