"""The Events screen's shape: lines in columns with bars above them, the event under the cursor beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, cast

from textual import on
from textual.widget import Widget

from socterm.console.actions import Context
from socterm.console.frame import Frame
from socterm.console.messages import FollowChanged, Moved, StreamRead, TabShown
from socterm.console.pivots import ADDRESSES, HOSTS, USERS, Spot
from socterm.console.screens.panes import TwoPanes
from socterm.console.state import EventsView
from socterm.console.widgets.detail import Detail
from socterm.console.widgets.eventbars import EventBars
from socterm.console.widgets.eventrows import AroundRead, CellMoved, EventNames, EventRows
from socterm.console.widgets.filter_bar import FilterBar
from socterm.console.words import plural

TELLING = (*USERS, *ADDRESSES, *HOSTS)
"""Fields a line as a whole stands for, the most telling first."""


class EventsPanes(TwoPanes, inherit_bindings=False):
    """The list with its bars, the detail, and the value under the cursor."""

    PLACE = "events"
    OFFERS: ClassVar[tuple[Context, ...]] = ("events", "list", "app")

    under_way = ""
    """What is said of something that takes a while."""

    list: EventRows
    about: Detail

    def __init__(self, frame: Frame, argument: str = "") -> None:
        super().__init__(frame, argument)
        self.histogram = EventBars(frame.store, now=frame.clock, tz=frame.tz)
        self.names = EventNames(self.list)
        self.list.chosen = tuple(self.view.columns)
        self.list.marked = frozenset(self.view.bookmarks)

    @property
    def view(self) -> EventsView:
        """What this screen remembers."""
        return cast("EventsView", super().view)

    def make_list(self) -> EventRows:
        """The lines; they are followed unless one was left."""
        frame, left = self.frame, self.view.selected
        return EventRows(frame.store, now=frame.clock, tz=frame.tz, follow=not left, cursor=left)

    def make_about(self) -> Detail:
        """The event in tabs."""
        return Detail(self.store, self.frame.state, actor=self.frame.actor, tz=self.frame.tz)

    def above(self) -> Iterable[Widget]:
        """Filter line, search line, bars, names of the columns."""
        yield from super().above()
        yield FilterBar("search", now=self.frame.clock)
        yield self.histogram
        yield self.names

    @property
    def filter_bar(self) -> FilterBar:
        """The filter line."""
        return self.query_one("#list-filter", FilterBar)

    @property
    def search_bar(self) -> FilterBar:
        """The line for what is looked for without hiding the rest."""
        return self.query_one("#search-filter", FilterBar)

    def begin(self) -> None:
        """Begin to read."""
        super().begin()
        self.again()

    def look(self) -> None:
        """Newer lines, newer bars."""
        self.list.poll()
        if not self.list.paused:
            self.histogram.load()

    def again(self) -> None:
        """Read the lines anew."""
        self.list.narrow(self.view.filter.active)
        self.histogram.narrow(self.view.filter.active)

    def choose_columns(self, columns: Sequence[str]) -> None:
        """Show these columns; none stands for those that fit the lines."""
        self.view.columns = [*columns]
        self.list.chosen = tuple(columns)
        self.list.cell = -1
        self.list.forget()
        self.names.refresh()

    def titles(self) -> None:
        """Whether new lines are followed, and what is shown."""
        if not self.is_mounted:
            return
        said = [*self.filter_said, *(["searching …"] if self.list.searching else [])]
        said += [self.under_way] if self.under_way else []
        said += [f"? {self.view.search}"] if self.view.search else []
        self.pane("list").label("Events", " · ".join([self._where(), *said]))

    def _where(self) -> str:
        rows = self.list
        behind = max(0, rows.newest - rows.left)
        if rows.paused:
            return "paused"
        if rows.follow:
            return f"following · {plural(len(rows.ids), 'line')}" if self.view.filter.active else "following"
        return f"+{behind:,} below · G follows" if behind else "G follows"

    def zone_changed(self) -> None:
        """Times in another zone."""
        for part in (self.list, self.about, self.histogram):
            part.tz = self.tz
        self.list.forget()
        self.histogram.refresh()
        if self.is_mounted:
            self.about.render_tab(keep=True)

    def row_spot(self) -> Spot:
        """The value under the cursor; of the line as a whole its user, address and host."""
        event = self.list.events.get(self.list.cursor)
        if event is None:
            return Spot()
        field, value = self.list.under_cursor
        fields = {name: str(event.fields[name]) for name in TELLING if name in event.fields}
        if field:
            return Spot({field: value}, event.ts, event.id, 0, value)
        return Spot(fields, event.ts, event.id, 0, event.raw)

    @on(StreamRead)
    @on(AroundRead)
    def stream_read(self, message: StreamRead | AroundRead) -> None:
        """Say what is wrong with the filter, or that nothing is."""
        if isinstance(message, StreamRead) and message.version == self.list.version and message.error:
            self.filter_bar.wrong(self.view.filter.text, message.error, message.position)
        self.titles()

    @on(Moved)
    def moved(self, message: Moved) -> None:
        """The detail follows the cursor."""
        self.view.selected = 0 if self.list.follow else message.row
        self.about.load_event(message.row)
        self.names.refresh()
        self._show_place()

    def _show_place(self) -> None:
        """Mark on the bars where the cursor is."""
        event = self.list.events.get(self.list.cursor)
        if event is not None:
            self.histogram.cursor_ts = event.ts
            self.histogram.refresh()

    @on(FollowChanged)
    def follow_changed(self, message: FollowChanged) -> None:
        """A line that is followed is not kept."""
        self.view.selected = 0 if message.follow else self.list.cursor
        self.titles()

    @on(CellMoved)
    def cell_moved(self) -> None:
        """Another column is under the cursor."""
        self.names.refresh()

    @on(TabShown)
    def tab_shown(self) -> None:
        """Name the open tab in the title."""
        self.pane("about").label(self.about.tab_title())
