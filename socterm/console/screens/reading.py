"""How the Triage screen stays true to the store: one timer, reads in threads, messages back."""

from __future__ import annotations

import time

from textual import on, work
from textual.timer import Timer

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
from socterm.console.readers import bars, octets_of, parse_filter, read_alerts
from socterm.console.safe import say
from socterm.console.screens.layout import Layout
from socterm.console.widgets.reader import Reader
from socterm.errors import QueryError

MINUTE = 60_000_000

SOONEST = 0.1
"""Seconds between two looks, however fast ingest commits."""


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
        self._trouble = ""

    def on_mount(self) -> None:
        """Restore the view and start to look."""
        self.header.follow = self.state.follow
        self._held_at = self.store.events.newest_id()
        self.focus_on(self.state.focus)
        self.reload_alerts()
        self.stream.narrow(self.state.stream.active)
        self.slow_tick()
        self.set_interval(1 / self.fps, self.tick)

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
        """The one timer: look for lines and alerts; nothing here waits for the store."""
        self.stream.poll()
        self.look_for_changes()
        self.header.changed()
        if time.monotonic() - self._slow >= 1.0:
            self.slow_tick()

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
            self.header.rate = self.ingest.status().rate
        elif now > then > 0:
            self.header.rate = (newest - count) * 1e6 / (now - then)
        self._rate_from = (now, newest)
        if not self.paused:
            self.histogram.load()
        if self._changed:
            self.stream.fetch(again=True)
            if not self.detail.alone and self.alerts.cursor in self._changed:
                self.detail.load_alert(self.alerts.cursor)
            self._changed = set()
        self.read_header(now)
        self.alerts.refresh()

    @work(thread=True, exclusive=True, exit_on_error=False, group="header")
    def read_header(self, now: int) -> None:
        """Read what the header shows of sources and file."""
        rows = self.store.triage.sources()
        buckets, _ = bars(self.store, now, 8 * MINUTE, 8)
        names = tuple((row.name, row.lines, row.decoded, row.note) for row in rows)
        recent = tuple(bucket.events for bucket in buckets)
        self.post_message(HeaderRead(names, recent, octets=octets_of(self.store.path)))

    @on(HeaderRead)
    def take_header(self, message: HeaderRead) -> None:
        """Show it; what the model is comes from elsewhere."""
        message.model, message.model_ok = self.header.read.model, self.header.read.model_ok
        self.header.read = message
        self.alerts.empty = self.welcome()
        self.header.changed()

    def look_for_changes(self) -> None:
        """Ask in a thread whether alerts changed."""
        if not self._busy and not self.paused:
            self._looked = time.monotonic()
            self._busy = True
            self.read_changes(self._version, self._change, self.state.alerts.active, self.clock())

    def reload_alerts(self, *, hold: bool = False) -> None:
        """Read the alerts anew, because a filter or a decision asks for it; `hold` keeps new ones out."""
        self._version += 1
        self._hold = hold
        self._busy = True
        self.read_changes(self._version, -1, self.state.alerts.active, self.clock())

    @work(thread=True, exclusive=True, exit_on_error=False, group="alerts")
    def read_changes(self, version: int, since: int, text: str, now: int) -> None:
        """Read the alert list if anything changed since."""
        try:
            parse_filter(text, now)
        except QueryError as wrong:
            self.post_message(AlertsRead(version, since, [], {}, error=str(wrong), position=wrong.position))
            return
        change, ids = self.store.triage.changes(max(0, since))
        if ids or since < 0:
            rows = read_alerts(self.store, text, now, closed=self.state.show_closed)
            counts = self.store.triage.counts()
            self.post_message(AlertsRead(version, change, rows, counts, frozenset(ids), since < 0))
        else:
            self.post_message(AlertsRead(version, -1, [], {}))

    @on(AlertsRead)
    def take_alerts(self, message: AlertsRead) -> None:
        """Show the alerts that were read."""
        if message.version != self._version:
            return
        self._busy = False
        if message.position >= 0 or message.error:
            self.filter_bar("alerts").mistake(message.error, message.position)
            return
        self.filter_bar("alerts").mistake("", 0)
        if message.change < 0:
            return
        self._change = message.change
        rows = message.rows
        if self._hold:
            rows = [row for row in rows if row.id in self.alerts.alerts]
        self.alerts.show(rows, self.state.order)
        self.header.counts = message.counts
        self.header.changed()
        self.titles()
        self._changed |= message.changed
        self._trouble = ""
        if message.asked and not self.detail.alone:
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
        bits = [f"{marked} marked"] if marked else []
        bits += [f"{len(self.alerts.unseen)} new ↑"] if self.alerts.unseen else []
        bits += [f"{len(self.alerts.ids)} {'shown' if self.state.show_closed else 'open'}"]
        bits += [f"by {self.state.order}"] if self.state.order != "level" else []
        bits += [f"{mine.text}{'' if mine.on else ' (off)'}"] if mine.text else []
        self.pane("alerts").label("Alerts", " · ".join(bits))
        ours = self.state.stream
        self.pane("stream").label("Stream", f"{ours.text}{'' if ours.on else ' (off)'}" if ours.text else "")

    def welcome(self) -> list[Line]:
        """What an empty alert list says: what is followed, and what to press."""
        if self.state.alerts.active:
            return [line(("  No alert passes the filter. F switches it off.", "dim"))]
        sources = [(s.name, s.note) for s in self.ingest.status().sources] if self.ingest else []
        sources = sources or [(s[0], s[3]) for s in self.header.read.sources]
        out = [
            line(
                ("  No alerts. ", "text"),
                ("Nothing matched a rule yet." if sources else "No source is followed.", "dim"),
            )
        ]
        out += [
            line(("  following ", "dim"), (name, "text"), (f"  {note}" if note else "", "count"))
            for name, note in sources[:4]
        ]
        if not sources:
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
