"""Alerts that a hunt asked for become alerts: by the ingest that runs, or here where none does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from socterm.alerts.episodes import Episodes
from socterm.alerts.model import EpisodeChange
from socterm.errors import LeaseHeldError
from socterm.pipeline.wouldbe import WouldBe
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.raising import Asked, Raised
from socterm.store.ingest.writer import Writer

TAG = "socterm.hunt"
"""On alerts that were found in the past."""


def asked_of(one: WouldBe) -> Asked:
    """What to ask the ingest for."""
    found = {name: getattr(one, name) for name in Asked.__struct_fields__}
    return Asked(**found | {"info": msgspec.structs.replace(one.info, tags=(*one.info.tags, TAG))})


class Raising:
    """Takes what was asked for, gives it numbers, and says what belongs into the batch."""

    def __init__(self, writer: Writer, episodes: Episodes) -> None:
        self._writer = writer
        self._episodes = episodes
        self._changes: list[EpisodeChange] = []
        self._raised: Raised | None = None

    def look(self) -> bool:
        """Whether there is something for the next batch. One small read where nothing is asked for."""
        asked = self._writer.asked() if self._raised is None else None
        if asked is None:
            return False
        rows, new = asked
        raised = Raised(tuple(rows), {}, {}, {})
        for actor, one in new:
            alert, episode = self._episodes.next_alert, self._episodes.next_episode
            self._episodes.next_alert, self._episodes.next_episode = alert + 1, episode + 1
            self._changes.append(one.change(episode, alert))
            raised.infos[alert], raised.actors[alert] = one.info, actor
            raised.rules[one.rule] = one.info
        self._raised = raised
        return True

    def take(self) -> tuple[list[EpisodeChange], Raised | None]:
        """What belongs into a batch that is about to be committed."""
        changes, raised = self._changes, self._raised
        self._changes, self._raised = [], None
        return changes, raised


def raise_now(path: Path, *, clock: Callable[[], int]) -> int | None:
    """Make the alerts that are asked for; how many. None where another process ingests: it makes them."""
    try:
        writer = Writer.open(path, now=clock())
    except LeaseHeldError:
        return None
    try:
        raising = Raising(writer, Episodes(writer.next_episode_id, writer.next_alert_id))
        if not raising.look():
            return 0
        changes, raised = raising.take()
        writer.commit(Batch(episodes=changes, raised=raised, now=clock()))
        return len(changes)
    finally:
        writer.close()


def raisable(alerts: Iterable[WouldBe]) -> list[Asked]:
    """Of a back-test's alerts those that no stored alert tells of."""
    return [asked_of(one) for one in alerts if not one.covered]
