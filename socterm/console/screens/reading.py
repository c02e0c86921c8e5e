"""How the Triage screen stays true to the store: reads in threads, messages back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from textual import on

from socterm.console.messages import (
    AlertsRead,
    FilterTyped,
    FollowChanged,
    Moved,
    ReadFailed,
    StreamRead,
    TabShown,
)
from socterm.console.readers import FEW, MOST_ALERTS, amended, doubts_of, read_alerts
from socterm.console.safe import say
from socterm.console.screens.beat import Beat
from socterm.console.state import Order
from socterm.console.widgets.alerts import in_order
from socterm.console.widgets.reader import in_thread
from socterm.errors import QueryError
from socterm.store.rows import AlertRow


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


class Reading(Beat):
    """Reads alerts, takes what was read, keeps titles up to date."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._version = 0
        self._change = -1
        self._busy = False
        self._hold = False
        self._trouble = ""
        self._more = False
        self._not_before = 0.0

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
        doubts = [] if rows else doubts_of(asks.text, asks.now)
        counts, took = self.store.triage.counts(), time.monotonic() - began
        self.post_message(
            AlertsRead(
                asks.version, change, rows, counts, frozenset(ids), asks.asked,
                order=asks.order, more=len(rows) >= MOST_ALERTS, took=took, doubts=doubts,
            )
        )  # fmt: skip

    @on(AlertsRead)
    def take_alerts(self, message: AlertsRead) -> None:
        """Show the alerts that were read."""
        if message.version != self._version:
            return
        self._busy = False
        if message.position >= 0 or message.error:
            self.filter_bar("alerts").wrong(self.state.alerts.text, message.error, message.position)
            return
        if message.change < 0:
            return
        self._change = message.change
        rows = message.rows
        if self._hold:
            rows = [row for row in rows if row.id in self.alerts.alerts]
        self._more, self.doubts = message.more, message.doubts
        self._not_before = time.monotonic() + 3 * message.took
        self.alerts.show(rows if message.order == self.state.order else in_order(rows, self.state.order))
        self.header.counts = message.counts
        self.header.changed()
        self.titles()
        self._changed |= message.changed
        self._trouble = ""
        if message.asked and not self.detail.lone:
            self.detail.load_alert(self.shown_alert())

    def back_to_the_list(self) -> None:
        """The list's own alert counts."""

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
                self.filter_bar("stream").wrong(self.state.stream.text, message.error, message.position)
            self.titles()

    @on(Moved)
    def moved(self, message: Moved) -> None:
        """Show what the cursor is on."""
        if message.pane == "alerts":
            self.state.selected_alert = message.row
            self.back_to_the_list()
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
        if self.state.focus == "alerts" and (self.detail.alone or self.shown_alert() != self.alerts.cursor):
            self.back_to_the_list()
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
