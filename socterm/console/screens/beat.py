"""The beat of the Triage screen: one timer, a wake-up after commits, what the header shows."""

from __future__ import annotations

import time
from datetime import UTC

from textual import events, on
from textual.timer import Timer

from socterm.console.ingest import LOADING, of_its_own
from socterm.console.messages import HeaderRead
from socterm.console.pace import Pace
from socterm.console.readers import vital_signs
from socterm.console.safe import say
from socterm.console.screens.layout import Layout
from socterm.console.welcome import welcome
from socterm.console.widgets.reader import Reader, in_thread

SOONEST = 0.1
"""Seconds between two looks, however fast ingest commits."""


class Beat(Reader, Layout):
    """Says when to look; who derives from it looks for alerts."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._slow = 0.0
        self._held_at = 0
        self._pace = Pace()
        self._looked = 0.0
        self._wake: Timer | None = None
        self._changed: set[int] = set()
        self._hinted: set[str] = set()
        self._reloads = 0
        self.doubts: list[str] = []

    def look_for_changes(self) -> None:
        """Ask in a thread whether alerts changed."""
        raise NotImplementedError

    def shown_alert(self) -> int:
        """The alert the detail is to show."""
        return self.alerts.cursor

    def reload_alerts(self, *, hold: bool = False, amend: bool = False) -> None:
        """Read the alerts anew."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Restore the view and start to look."""
        self.header.follow = self.state.follow
        # Counted from here: what was stored before this console opened is no news to it.
        self._held_at = self.stream.newest = self.store.events.newest_id()
        self.focus_on(self.state.focus)
        self.reload_alerts()
        self.stream.narrow(self.state.stream.active)
        self.slow_tick()
        self.set_interval(1 / self.fps, self.tick)

    @property
    def in_front(self) -> bool:
        """Whether no dialogue is open over the screen."""
        return self.is_current and self.app.screen is self

    def woken(self) -> None:
        """Ingest committed: look for alerts now, but not more often than every 100 ms."""
        wait = self._looked + SOONEST - time.monotonic()
        if wait <= 0:
            self.look_for_changes()
        elif self._wake is None:
            self._wake = self.set_timer(wait, self._look_late)

    def _look_late(self) -> None:
        self._wake = None
        self.look_for_changes()

    def tick(self) -> None:
        """The one timer: look for lines and alerts; nothing here waits for the store.

        Beneath a dialogue it rests: whatever is drawn there has the whole screen drawn anew.
        """
        if not self.in_front:
            return
        self.stream.poll()
        self.look_for_changes()
        self.header.changed()
        if time.monotonic() - self._slow >= 1.0:
            self.slow_tick()

    @on(events.ScreenResume)
    def resumed(self) -> None:
        """A dialogue was closed: catch up."""
        if self.is_mounted:
            if self.tz is not (UTC if self.state.utc else self.local):
                self.show_zone()
            self.tick()

    def count_behind(self) -> None:
        """How many lines came since the view stands still."""
        since = self._held_at if self.paused else self.stream.left
        self.header.behind = max(0, self.stream.newest - since)
        self.header.changed()

    def slow_tick(self) -> None:
        """Once a second: bars, rate, sources, the stream's marks."""
        self._slow = time.monotonic()
        now = self.clock()
        newest = self.stream.newest
        pace = self._pace.look(now, newest)
        status = self.ingest.status() if self.ingest is not None else None
        if status is not None:
            for hint in status.hints:
                if hint not in self._hinted:
                    self._hinted.add(hint)
                    say(self.app, hint, "warning")
            self._hinted &= set(status.hints)  # what is mended and breaks again is said again
            if status.reloads != self._reloads:
                self._reloads = status.reloads
                say(self.app, f"rules loaded anew: {status.reloaded}")
        if status is not None and of_its_own(status):
            self.header.rate = status.rate
        elif pace is not None:
            self.header.rate = pace
        if not self.paused:
            self.histogram.load()
        if self._changed:
            self.stream.fetch(again=True)
            shown = self.shown_alert()
            if not self.detail.lone and shown in self._changed:
                self.detail.load_alert(shown)
            self._changed = set()
        self.read_header(now)
        self.alerts.refresh()

    @in_thread("header")
    def read_header(self, now: int) -> None:
        """Read what the header shows of sources and file."""
        self.post_message(vital_signs(self.store, now))

    @on(HeaderRead)
    def take_header(self, message: HeaderRead) -> None:
        """Show it; what the model is comes from elsewhere."""
        message.model, message.model_ok = self.header.read.model, self.header.read.model_ok
        self.header.read = message
        status = self.ingest.status() if self.ingest else None
        sources = [(source.name, source.note) for source in status.sources] if status else []
        self.alerts.empty = welcome(
            sources or [(source[0], source[3]) for source in message.sources],
            filtered=bool(self.state.alerts.active),
            doubts=self.doubts,
            loading=status is not None and status.mode == LOADING and not status.error,
        )
        self.header.changed()

    def hold(self, paused: bool) -> None:
        """Pause the view, or let it go on."""
        self.paused = self.stream.paused = self.header.paused = paused
        self._held_at = self.stream.newest
        self.count_behind()
        if not paused:
            self.reload_alerts()
            self.stream.poll()
