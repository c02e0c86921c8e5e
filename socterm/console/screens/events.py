"""The Events screen: every stored line, filtered as one types; beside it the event under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.widget import Widget

from socterm.console.actions import bindings
from socterm.console.frame import Frame
from socterm.console.messages import FollowChanged, Moved, StreamRead, TabShown
from socterm.console.pivots import Spot
from socterm.console.screens.panes import TwoPanes
from socterm.console.summary import PIVOTS
from socterm.console.widgets.detail import Detail
from socterm.console.widgets.histogram import Histogram
from socterm.console.widgets.stream import StreamRows


class EventsScreen(TwoPanes, inherit_bindings=False):
    """The stream over the whole store."""

    PLACE = "events"
    OFFERS = ("list", "app")
    BINDINGS: ClassVar = bindings("list")

    list: StreamRows
    about: Detail

    def __init__(self, frame: Frame, argument: str = "") -> None:
        super().__init__(frame, argument)
        self.histogram = Histogram(frame.store, now=frame.clock, tz=frame.tz)

    def make_list(self) -> StreamRows:
        """The stream; it follows unless a row was left."""
        frame, left = self.frame, self.view.selected
        return StreamRows(frame.store, now=frame.clock, tz=frame.tz, follow=not left, cursor=left)

    def make_about(self) -> Detail:
        """The event in tabs."""
        return Detail(self.store, self.frame.state, actor=self.frame.actor, tz=self.frame.tz)

    def above(self) -> Iterable[Widget]:
        """Filter line and bars."""
        yield from super().above()
        yield self.histogram

    def begin(self) -> None:
        """Begin to read."""
        super().begin()
        self.again()

    def look(self) -> None:
        """Newer lines."""
        self.list.poll()
        self.histogram.load()

    def again(self) -> None:
        """Read the lines anew."""
        self.list.narrow(self.view.filter.active)

    def titles(self) -> None:
        """What is shown of how much."""
        if self.is_mounted:
            searching = ["searching …"] if self.list.searching else []
            said = [f"{len(self.list.ids):,}", *self.filter_said, *searching]
            self.pane("list").label("Events", " · ".join(said))

    def zone_changed(self) -> None:
        """Times in another zone."""
        for part in (self.list, self.about, self.histogram):
            part.tz = self.tz
        self.list.forget()
        self.histogram.refresh()
        if self.is_mounted:
            self.about.render_tab(keep=True)

    def row_spot(self) -> Spot:
        """The event's user, address and host."""
        event = self.list.events.get(self.list.cursor)
        if event is None:
            return Spot()
        fields = {name: str(event.fields[name]) for name in PIVOTS if name in event.fields}
        return Spot(fields, event.ts, event.id, 0, event.raw)

    @on(StreamRead)
    def stream_read(self, message: StreamRead) -> None:
        """Say what is wrong with the filter, or that nothing is."""
        if message.version == self.list.version and message.error:
            self.filter_bar.mistake(message.error, message.position)
        self.titles()

    @on(Moved)
    def moved(self, message: Moved) -> None:
        """The detail follows the cursor."""
        self.view.selected = 0 if self.list.follow else message.row
        self.about.load_event(message.row)

    @on(FollowChanged)
    def follow_changed(self, message: FollowChanged) -> None:
        """A row that is followed is not kept."""
        self.view.selected = 0 if message.follow else self.list.cursor

    @on(TabShown)
    def tab_shown(self) -> None:
        """Name the open tab in the title."""
        self.pane("about").label(self.about.tab_title())
