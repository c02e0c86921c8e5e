"""How the Triage screen stays true to the store: one timer, reads in threads, messages back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC
from typing import NamedTuple

from textual import events, on
from textual.timer import Timer

from socterm.console.ingest import LOADING
from socterm.console.lines import Line, line
from socterm.console.messages import (
    AlertsRead,
    FilterTyped,
    FollowChanged,
    HeaderRead,
    Moved,
    ReadFailed,
    StreamRead,
    TabShown,
)
from socterm.console.readers import FEW, MOST_ALERTS, amended, read_alerts, vital_signs
from socterm.console.safe import say
from socterm.console.screens.layout import Layout
from socterm.console.state import Order
from socterm.console.widgets.alerts import in_order
from socterm.console.widgets.reader import Reader, in_thread
from socterm.errors import QueryError
from socterm.store.rows import AlertRow

SOONEST = 0.1
"""Seconds between two looks, however fast ingest commits."""


class Asks(NamedTuple):
    """What a read of the alert list is asked: since which change, through which filter, in which order.

    `amend` says that the list shown need only be amended. The list itself is not in here: what a thread was
    asked lives until the collector's next round, and a hundred thousand rows with it.
    """

    version: int
    since: int
    text: str
    now: int
    closed: bool
    parts: bool
    order: Order
    amend: bool
    asked: bool


class Reading(Reader, Layout):
    """Polls, takes what was read, keeps titles up to date."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._version = 0
        self._change = -1
        self._busy = False
        self._slow = 0.0
        self._held_at = 0
        self._rate_from = (0, 0)
        self._looked = 0.0
        self._wake: Timer | None = None
        self._changed: set[int] = set()
        self._hold = False
        self._hinted: set[str] = set()
        self._reloads = 0
        self._trouble = ""
        self._more = False
        self._not_before = 0.0

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
        then, count = self._rate_from
        if self.ingest is not None:
            status = self.ingest.status()
            self.header.rate = status.rate
            for hint in status.hints:
                if hint not in self._hinted:
                    self._hinted.add(hint)
                    say(self.app, hint, "warning")
            self._hinted &= set(status.hints)  # what is mended and breaks again is said again
            if status.reloads != self._reloads:
                self._reloads = status.reloads
                say(self.app, f"rules loaded anew: {status.reloaded}")
        elif now > then > 0:
            self.header.rate = (newest - count) * 1e6 / (now - then)
        self._rate_from = (now, newest)
        if not self.paused:
            self.histogram.load()
        if self._changed:
            self.stream.fetch(again=True)
            shown = self.detail.shown or self.alerts.cursor
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
        self.alerts.empty = self.welcome()
        self.header.changed()

    def look_for_changes(self) -> None:
        """Ask in a thread whether alerts changed."""
        now = time.monotonic()
        if self.in_front and not self._busy and not self.paused and now >= self._not_before:
            self._looked = now
            self._busy = True
            self.read_changes(self._asks(self._change))

    def reload_alerts(self, *, hold: bool = False, amend: bool = False) -> None:
        """Read the alerts anew, because a filter or a decision asks for it.

        `hold` keeps new ones out; `amend` says that only what changed in the store need be read.
        """
        self._version += 1
        self._hold = hold
        self._busy = True
        self.read_changes(self._asks(self._change if amend else -1, asked=True))

    def _asks(self, since: int, *, asked: bool = False) -> Asks:
        mine = self.state
        amend = since >= 0 and not mine.alerts.active and not self._more
        text, asked = mine.alerts.active, asked or since < 0
        closed, parts = mine.show_closed, mine.show_parts
        return Asks(self._version, since, text, self.clock(), closed, parts, mine.order, amend, asked)

    @in_thread("alerts")
    def read_changes(self, asks: Asks) -> None:
        """Read the alert list if anything changed since, or somebody asked."""
        began = time.monotonic()
        known: Mapping[int, AlertRow] = self.alerts.alerts if asks.amend else {}
        self.store.snoozes.wake(asks.now)
        change, ids = self.store.triage.changes(max(0, asks.since))
        if not ids and not asks.asked:
            self.post_message(AlertsRead(asks.version, -1, [], {}))
            return
        how = {"closed": asks.closed, "parts": asks.parts}
        try:
            if known and len(ids) <= FEW:
                rows = amended(self.store, known, ids, **how)
            else:
                rows = read_alerts(self.store, asks.text, asks.now, **how)
        except QueryError as wrong:
            self.post_message(
                AlertsRead(asks.version, asks.since, [], {}, error=str(wrong), position=wrong.position)
            )
            return
        rows = in_order(rows, asks.order)
        counts, took = self.store.triage.counts(), time.monotonic() - began
        self.post_message(
            AlertsRead(
                asks.version, change, rows, counts, frozenset(ids), asks.asked,
                order=asks.order, more=len(rows) >= MOST_ALERTS, took=took,
            )
        )  # fmt: skip

    @on(AlertsRead)
    def take_alerts(self, message: AlertsRead) -> None:
        """Show the alerts that were read."""
        if message.version != self._version:
            return
        self._busy = False
        if message.position >= 0 or message.error:
            self.filter_bar("alerts").mistake(message.error, message.position)
            return
        if message.change < 0:
            return
        self._change = message.change
        rows = message.rows
        if self._hold:
            rows = [row for row in rows if row.id in self.alerts.alerts]
        self._more = message.more
        self._not_before = time.monotonic() + 3 * message.took
        self.alerts.show(rows if message.order == self.state.order else in_order(rows, self.state.order))
        self.header.counts = message.counts
        self.header.changed()
        self.titles()
        self._changed |= message.changed
        self._trouble = ""
        if message.asked and not self.detail.lone:
            self.detail.load_alert(self.alerts.cursor)

    def read_failed(self) -> None:
        """Look again with the next tick."""
        self._busy = False

    @on(ReadFailed)
    def failed(self, message: ReadFailed) -> None:
        """Say it, once as long as it stays the same."""
        if message.error != self._trouble:
            self._trouble = message.error
            say(self.app, message.error, "error")

    @on(StreamRead)
    def take_stream(self, message: StreamRead) -> None:
        """Say what is wrong with the stream's filter, or that nothing is."""
        if message.version == self.stream.version:
            self.count_behind()
            if message.error:
                self.filter_bar("stream").mistake(message.error, message.position)
            self.titles()

    @on(Moved)
    def moved(self, message: Moved) -> None:
        """Show what the cursor is on."""
        if message.pane == "alerts":
            self.state.selected_alert = message.row
            if self.state.focus != "stream":
                self.detail.load_alert(message.row)
            self.titles()
        else:
            self.state.selected_event = message.row
            if self.state.focus == "stream" and not self.stream.follow:
                self.detail.load_event(message.row)

    @on(FollowChanged)
    def follow_changed(self, message: FollowChanged) -> None:
        """Say so in the header."""
        self.state.follow = self.header.follow = message.follow
        self.count_behind()

    @on(FilterTyped)
    def filter_typed(self, message: FilterTyped) -> None:
        """Filter as typed; a kept filter gives the focus back to its list."""
        mine = self.state.filter_of(message.pane)
        if mine.text != message.text or not mine.on:
            mine.text, mine.on = message.text, True
            self.apply_filter(message.pane)
        if message.final:
            self.focus_on("stream" if message.pane == "stream" else "alerts")

    def apply_filter(self, pane: str) -> None:
        """Read a list anew through its filter."""
        if pane == "stream":
            self.stream.narrow(self.state.stream.active)
        else:
            self.reload_alerts()
        self.titles()

    @on(TabShown)
    def tab_shown(self) -> None:
        """Name the open tab in the title."""
        self.pane("detail").label(self.detail.tab_title())

    def pane_changed(self) -> None:
        """The detail follows the focus between the lists."""
        if self.state.focus == "alerts" and self.detail.alone:
            self.detail.load_alert(self.alerts.cursor)
        self.titles()

    def titles(self) -> None:
        """Titles and subtitles of the panes."""
        if not self.is_mounted:
            return
        mine, marked = self.state.alerts, len(self.alerts.marked)
        bits = [f"{marked:,} marked"] if marked else []
        bits += (
            [f"{len(self.alerts.unseen):,} new {self.alerts.where_unseen()}"] if self.alerts.unseen else []
        )
        bits += [self._how_many()]
        bits += ["parts too"] if self.state.show_parts else []
        bits += [f"by {self.state.order}"] if self.state.order != "level" else []
        bits += [f"{mine.text}{'' if mine.on else ' (off)'}"] if mine.text else []
        self.pane("alerts").label("Alerts", " · ".join(bits))
        ours = self.state.stream
        said = f"{ours.text}{'' if ours.on else ' (off)'}" if ours.text else ""
        self.pane("stream").label("Stream", f"{said} · searching …" if self.stream.searching else said)

    def _how_many(self) -> str:
        """How many alerts the list holds; where it cannot hold all, of how many."""
        held, closed = len(self.alerts.ids), self.state.show_closed
        if self._more and not closed and not self.state.alerts.active:
            return f"{held:,} of {sum(self.header.counts.values()):,} open"
        return f"{'the first ' if self._more else ''}{held:,} {'shown' if closed else 'open'}"

    def welcome(self) -> list[Line]:
        """What an empty alert list says: what is followed, and what to press."""
        if self.state.alerts.active:
            return [line(("  No alert passes the filter. F switches it off.", "dim"))]
        status = self.ingest.status() if self.ingest else None
        sources = [(s.name, s.note) for s in status.sources] if status else []
        sources = sources or [(s[0], s[3]) for s in self.header.read.sources]
        loading = status is not None and status.mode == LOADING and not status.error
        said = "Nothing matched a rule yet." if sources else "No source is followed."
        out = [line(("  No alerts. ", "text"), ("Loading rules …" if loading else said, "dim"))]
        out += [
            line(("  following ", "dim"), (name, "text"), (f"  {note}" if note else "", "count"))
            for name, note in sources[:4]
        ]
        if not sources and not loading:
            out.append(
                line(
                    ("  socterm --tail FILE", "key"),
                    (" follows a log, ", "dim"),
                    ("socterm demo", "key"),
                    (" plays an attack.", "dim"),
                )
            )
        out.append(
            line(
                ("  ?", "key"),
                (" all keys   ", "dim"),
                ("3", "key"),
                (" stream   ", "dim"),
                ("/", "key"),
                (" filter   ", "dim"),
                ("q", "key"),
                (" quit", "dim"),
            )
        )
        return out

    def hold(self, paused: bool) -> None:
        """Pause the view, or let it go on."""
        self.paused = self.stream.paused = self.header.paused = paused
        self._held_at = self.stream.newest
        self.count_behind()
        if not paused:
            self.reload_alerts()
            self.stream.poll()
