"""Tells new alerts beside the ingest: a thread a channel, so that one that hangs holds up no other.

Each looks once a second. Nothing of it waits within the ingest: what both share is the store, in transactions
of a few rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from socterm import amounts
from socterm.config import NotifyConfig
from socterm.errors import SoctermError
from socterm.notify.channels.base import Channel
from socterm.notify.choose import Limits
from socterm.notify.retry import DEAD
from socterm.notify.rounds import Round, Terms
from socterm.store import Store, open_store

LOOK: Final = 1.0
"""Seconds between two looks."""

GRACE: Final = 5.0
"""Seconds that what is being sent gets when all is to end; the rest is sent after the next start."""


class Notifier:
    """Tells what is new on every channel. `note` names those that do not take messages."""

    def __init__(
        self,
        path: Path,
        channels: Sequence[Channel],
        terms: Mapping[str, Terms],
        *,
        clock: Callable[[], int],
        host: str,
    ) -> None:
        self._path = path
        self._channels = channels
        self._terms = terms
        self._clock = clock
        self._host = host
        self.note = ""
        self._notes: dict[str, str] = {}
        self._telling = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Tell what comes from now on; returns when that is on record.

        Channels that the configuration no longer has are forgotten.
        """
        try:
            with open_store(self._path) as store:
                store.outbox.keep_only([channel.name for channel in self._channels], self._clock())
                for channel in self._channels:
                    store.outbox.begin(channel.name, self._clock())
        except SoctermError as error:
            self._say("", f"notify: {error}")
        for channel in self._channels:
            thread = threading.Thread(
                target=self._run, args=(channel,), name=f"notify-{channel.name}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End, after what is being sent, if that ends soon."""
        self._stop.set()
        end = time.monotonic() + GRACE
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _run(self, channel: Channel) -> None:
        try:
            with open_store(self._path) as store:
                work = Round(store, channel, self._terms[channel.name], clock=self._clock, host=self._host)
                while True:
                    self._one(work, store, channel.name)
                    if self._stop.wait(LOOK):
                        return
        except SoctermError as error:
            self._say(channel.name, f"notify: {channel.name} is not told of alerts: {error}")
        finally:
            if not self._stop.is_set() and not self._notes.get(channel.name):
                self._say(channel.name, f"notify: {channel.name} is not told of alerts: restart socterm")

    def _one(self, work: Round, store: Store, name: str) -> None:
        try:
            work.turn(self._stop)
            self._say(name, trouble(store, name, self._clock()))
        except SoctermError as error:  # a store that is busy or full: the next look is soon
            self._say(name, f"notify: {name}: {error}")

    def _say(self, name: str, text: str) -> None:
        with self._telling:
            self._notes[name] = text
            self.note = "; ".join(note for note in self._notes.values() if note)


def forget(path: Path, now: int) -> None:
    """Note that nothing is told for now: what comes until it is switched on again is no news then."""
    with open_store(path) as store:
        store.outbox.keep_only((), now)


def trouble(store: Store, name: str, now: int) -> str:
    """What is wrong with a channel; the same words as long as the same is wrong."""
    row = store.outbox.health(name)
    found = []
    if row.fails:
        found.append(f"does not take messages ({row.note}), they wait")
    if row.last_dead and 0 <= now - row.last_dead < DEAD and row.last_dead > row.last_sent:
        found.append("messages were given up after a day")
    return f"notify: {name} {' and '.join(found)}: see socterm notify status" if found else ""


def terms_of(config: NotifyConfig) -> dict[str, Terms]:
    """What each channel of a configuration is told of."""
    limits = Limits(config.each, amounts.span(config.within), config.most, amounts.span(config.digest))
    older = amounts.span(config.older)
    return {
        name: Terms(settings.about, settings.level or config.level, older, limits)
        for name, settings in config.channels.items()
    }
