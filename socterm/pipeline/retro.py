"""Indicators that were listed today, looked for in what happened before: once each, beside the ingest.

When a list grows, its new entries are looked for in stored events, through the full-text index where they
are words that stand in a line. What is found becomes an alert at the time of its events (see `raising`), and
which entries were looked for is on record in the same transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from socterm.alerts.model import Entity, RuleInfo
from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.enrich.indicators import Feed, Indicators
from socterm.enrich.lookups import MATCHED, THREAT
from socterm.errors import SoctermError
from socterm.event import Event, Key
from socterm.pipeline.ruleexplain import stored
from socterm.query import Query, parse, quote
from socterm.store import Store, open_store
from socterm.store.doors.history import Stretch
from socterm.store.ingest.raising import Asked
from socterm.store.rows import EventRow

RULE: Final = "socterm.retro.indicator"
"""What its alerts name as their rule; no document stands behind it."""

TITLE: Final = "An indicator is in events from before it was listed"
TAG: Final = "socterm.retro"

FEW: Final = 200
"""New entries that are looked for by their words; of more, one reading of everything is cheaper."""

AT_ONCE: Final = 40
MOST_ENTITIES: Final = 1_000
MOST_EVENTS: Final = 100_000
"""Of one alert. Of what is beyond either the number is told."""

PAUSE: Final = 0.02
"""Seconds between two reads: the ingest goes first."""

Feeds = Mapping[str, Feed]
Stop = Callable[[], bool]


class _Listed(DataFiles):
    """Some entries and nothing else to enrich with."""

    files = True

    def __init__(self, feeds: Iterable[Feed]) -> None:
        super().__init__()
        self.indicators = Indicators(feeds)


class _Seen:
    """The events of one entity that an entry fits."""

    def __init__(self) -> None:
        self.events: dict[int, int] = {}
        self.first: Key = (1 << 62, "", 0)
        self.last: Key = (-(1 << 62), "", 0)
        self.said: dict[str, None] = {}
        self.left = 0

    def add(self, event: Event, said: str) -> None:
        self.said[said] = None
        if event.id in self.events:
            return
        self.first, self.last = min(self.first, event.key), max(self.last, event.key)
        if len(self.events) < MOST_EVENTS:
            self.events[event.id] = event.repeat
        else:
            self.left += 1

    def asked(self, entity: Entity) -> Asked:
        ids = tuple(sorted(self.events))
        what = "; ".join(list(self.said)[:5])
        more = f" {self.left:,} more lines of it are not counted." if self.left else ""
        info = RuleInfo(RULE, TITLE, "high", f"Listed later: {what}.{more}", (TAG,))
        weights = tuple(self.events[ident] for ident in ids)
        return Asked(RULE, info, entity, self.first, self.last, sum(weights), len(ids), ids, weights)


class _Search:
    """What fits entries of some feeds in a stretch, an alert an entity.

    Events that were found to fit when they came are left out. `left` counts findings about entities beyond
    the most.
    """

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self.left = 0
        self._feeds = feeds
        self._enricher = Enricher(_Listed(feeds))
        self._seen: dict[Entity, _Seen] = {}

    def run(self, store: Store, stretch: Stretch, stop: Stop) -> list[Asked] | None:
        """The alerts; None where it was stopped."""
        for query in _queries(self._feeds):
            for portion in store.history.portions(stretch, query):
                for row in portion.rows:
                    self._look_at(row)
                if stop():
                    return None
        return [one.asked(entity) for entity, one in self._seen.items()]

    def _look_at(self, row: EventRow) -> None:
        event = stored(row)
        before = {name: event.fields.pop(name, None) for name in MATCHED}
        own = _several(before[THREAT])
        self._enricher.apply([event])
        columns = [_several(event.fields.get(name)) for name in MATCHED]
        for _, name, feed, field in zip(*columns, strict=False):
            if name in own:
                continue
            value = event.fields.get(field)
            entity: Entity = ((field, value if isinstance(value, str) else name),)
            if entity not in self._seen and len(self._seen) >= MOST_ENTITIES:
                self.left += 1
            else:
                self._seen.setdefault(entity, _Seen()).add(event, f"{name} in {feed}")


def _queries(feeds: Sequence[Feed]) -> list[Query | None]:
    """By words where there are few entries and each is of words; else all events."""
    words = [entry for feed in feeds for entry in entries_of(feed)]
    if len(words) > FEW or not all(map(_is_of_words, words)):
        return [None]
    groups = [words[at : at + AT_ONCE] for at in range(0, len(words), AT_ONCE)]
    return [parse(" or ".join(map(quote, group)), now=0) for group in groups]


def _is_of_words(entry: str) -> bool:
    """Whether lines have it as it is written: no network, no spelling of IPv6, no other alphabet."""
    return entry.isascii() and not any(sign in entry for sign in ("/", ":", "xn--"))


def entries_of(feed: Feed) -> list[str]:
    """All entries of a list as it has them."""
    return [*feed.networks.values(), *feed.domains, *feed.hashes]


def _several(value: Any) -> tuple[Any, ...]:
    return () if value is None else value if isinstance(value, tuple) else (value,)


class Retro:
    """Looks, beside the ingest, for what lists have more of. `note` says what is under way or went wrong."""

    def __init__(self, path: Path, *, clock: Callable[[], int], actor: str = "socterm") -> None:
        self.note = ""
        self._kept = ""
        self._path = path
        self._clock = clock
        self._actor = actor
        self._known: dict[str, Feed] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self, feeds: Feeds) -> None:
        """Begin where a list is another than at the last call; one after the other. Costs next to nothing."""
        if self._thread is not None and self._thread.is_alive():
            return
        fresh = {path: feed for path, feed in feeds.items() if self._known.get(path) is not feed}
        if fresh:
            self._known.update(fresh)
            self._thread = threading.Thread(target=self._run, args=(fresh,), name="retro", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End; what was not finished is looked for after the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, feeds: Feeds) -> None:
        self._kept = ""
        try:
            with open_store(self._path) as store:
                retro(
                    store, feeds, actor=self._actor, clock=self._clock, stop=self._enough, tell=self._tell,
                    left=self._left,
                )  # fmt: skip
            self.note = self._kept
        except (SoctermError, OSError) as error:
            self._known.clear()  # so that it is tried again
            self.note = f"new indicators could not be looked for in stored events: {error}"

    def _tell(self, number: int) -> None:
        self.note = f"looking for {number:,} new indicators in stored events"

    def _left(self, number: int) -> None:
        self._kept = (
            f"new indicators are in the events of more than {MOST_ENTITIES:,} addresses, names and hashes: "
            f"{number:,} findings raised no alert"
        )

    def _enough(self) -> bool:
        return self._stop.wait(PAUSE)


def retro(
    store: Store,
    feeds: Feeds,
    *,
    actor: str,
    clock: Callable[[], int],
    stop: Stop = lambda: False,
    tell: Callable[[int], None] = lambda _: None,
    left: Callable[[int], None] = lambda _: None,
) -> int:
    """Look for the entries that are new since the last time, and ask for an alert of each entity found.

    How many were asked for; `left` hears how many findings were too many for that. Entries are on record as
    looked for in the same transaction, or, where it was stopped, not at all.
    """
    new = store.hunts.new_entries({path: entries_of(feed) for path, feed in feeds.items()})
    if not new:
        return 0
    number = sum(map(len, new.values()))
    stretch = store.history.stretch()
    found: list[Asked] | None = []
    if number and stretch.size:
        tell(number)
        search = _Search([_only(feeds[path], new[path]) for path in new if new[path]])
        found = search.run(store, stretch, stop)
        if search.left:
            left(search.left)
    if found is None:
        return 0
    looked = {path: entries_of(feed) for path, feed in feeds.items() if path in new}
    return store.hunts.ask_for(found, actor=actor, now=clock(), looked_for=looked)


def _only(feed: Feed, entries: frozenset[str]) -> Feed:
    """A list with some of its entries."""
    part = Feed(feed.name)
    part.networks = {network: text for network, text in feed.networks.items() if text in entries}
    part.domains = feed.domains & entries
    part.hashes = feed.hashes & entries
    return part
