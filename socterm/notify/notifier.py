"""Tells new alerts beside the ingest: a thread a channel, so that one that hangs holds up no other.

Each looks once a second. Nothing of it waits within the ingest: what both share is the store, in transactions
of a few rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from socterm import amounts
from socterm.config import ChannelConfig, NotifyConfig
from socterm.errors import SoctermError
from socterm.notify.channels.base import Channel
from socterm.notify.channels.opening import open_channel
from socterm.notify.choose import Limits
from socterm.notify.retry import DEAD
from socterm.notify.rounds import Round, Terms
from socterm.store import Store, open_store

LOOK: Final = 1.0
"""Seconds between two looks."""

MISHAP: Final = 60.0
"""Seconds to the next look after something that nobody thought of."""

GRACE: Final = 5.0
"""Seconds that what is being sent gets when all is to end; the rest is sent after the next start."""


class _Work:
    """A channel as it was configured, and the thread that tells it."""

    def __init__(self, settings: ChannelConfig, terms: Terms, channel: Channel) -> None:
        self.asked = (settings, terms)
        self.terms = terms
        self.channel = channel
        self.name = channel.name
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None
        self.before: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()


class Notifier:
    """Tells what is new on every channel. `note` names those that do not take messages.

    Raises SoctermError for a channel that lacks something here.
    """

    def __init__(
        self,
        path: Path,
        config: NotifyConfig,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], int],
        host: str,
    ) -> None:
        self._path = path
        self._environ = environ
        self._clock = clock
        self._host = host
        self._asked = self._opened(config)
        self._works: dict[str, _Work] = {}
        self._taking = threading.Lock()
        self._closed = False
        self._telling = threading.Lock()
        self._notes: dict[str, str] = {}
        self.note = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The channels that are told."""
        return tuple(self._asked)

    def start(self) -> None:
        """Tell what comes from now on; returns when that is on record.

        Channels that the configuration no longer has are forgotten.
        """
        self._take(self._asked)

    def renewed(self, config: NotifyConfig) -> Callable[[], None]:
        """What has a changed configuration taken. A channel whose settings are the same goes on undisturbed.

        One that changed ends what it is sending first, in its own time. Raises as the start does.
        """
        asked = self._opened(config)
        return lambda: self._take(asked)

    def close(self) -> None:
        """End, after what is being sent, if that ends soon."""
        with self._taking:
            self._closed = True
            works = list(self._works.values())
        for work in works:
            work.stop.set()
        end = time.monotonic() + GRACE
        for work in works:
            if work.thread is not None:
                work.thread.join(max(0.0, end - time.monotonic()))

    def _opened(self, config: NotifyConfig) -> dict[str, _Work]:
        terms = terms_of(config)
        return {
            name: _Work(settings, terms[name], open_channel(name, settings, self._environ))
            for name, settings in (config.channels.items() if config.on else ())
        }

    def _take(self, asked: dict[str, _Work]) -> None:
        with self._taking:
            if self._closed:
                return
            self._asked = asked
            for name, work in self._works.items():
                if name not in asked or asked[name].asked != work.asked:
                    work.stop.set()
            busy = {name for name, work in self._works.items() if work.alive}
            begun = [
                new for name, new in asked.items() if name not in busy or self._works[name].stop.is_set()
            ]
            self._on_record(busy, [work.name for work in begun if work.name not in busy])
            for work in begun:
                self._begin(work, self._works[work.name].thread if work.name in busy else None)

    def _begin(self, work: _Work, before: threading.Thread | None) -> None:
        work.before = before
        work.thread = threading.Thread(
            target=self._run, args=(work,), name=f"notify-{work.name}", daemon=True
        )
        self._works[work.name] = work
        work.thread.start()

    def _on_record(self, busy: set[str], new: list[str]) -> None:
        """Forget what is not configured any more, but for what is just being sent; begin what is new."""
        try:
            with open_store(self._path) as store:
                store.outbox.keep_only({*self._asked, *busy}, self._clock())
                for name in new:
                    store.outbox.begin(name, self._clock())
            self._say("", "")
        except SoctermError as error:
            self._say("", f"notify: {error}")

    # -- the thread of a channel -----------------------------------------------------------

    def _run(self, work: _Work) -> None:
        if work.before is not None:
            work.before.join()
        while not work.stop.is_set():
            pause = LOOK
            try:
                with open_store(self._path) as store:
                    self._say("", "")  # what hindered the start does so no more
                    if work.before is not None:  # what is mended is tried at once
                        store.outbox.begin(work.name, self._clock(), hurry=True)
                        work.before = None
                    self._rounds(work, store)
            except SoctermError as error:  # a store that is busy, full or away: the next look is soon
                self._say(work.name, f"notify: {work.name} is not told of alerts: {error}")
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave it silent for months
                pause = MISHAP
                self._say(work.name, f"notify: {work.name} is not told of alerts: {type(error).__name__}")
            work.stop.wait(pause)
        self._leave(work)

    def _rounds(self, work: _Work, store: Store) -> None:
        rounds = Round(store, work.channel, work.terms, clock=self._clock, host=self._host)
        while not work.stop.is_set():
            try:
                rounds.turn(work.stop)
                self._say(work.name, trouble(store, work.name, self._clock()))
            except SoctermError as error:
                self._say(work.name, f"notify: {work.name}: {error}")
            work.stop.wait(LOOK)

    def _leave(self, work: _Work) -> None:
        """Of a channel that is not configured any more nothing is left, also of what it was sending."""
        if work.name in self._asked:
            return
        try:
            with open_store(self._path) as store:
                store.outbox.keep_only(self._asked, self._clock())
            self._say(work.name, "")
        except SoctermError as error:
            self._say(work.name, f"notify: {work.name} is not forgotten yet: {error}")

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
