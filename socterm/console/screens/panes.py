"""A screen with a list and, beside or below it, a detail: filter line, focus, going back, the value under
the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.containers import Container
from textual.widget import Widget

from socterm.console.actions import Context
from socterm.console.frame import Frame
from socterm.console.lines import Line
from socterm.console.messages import FilterTyped
from socterm.console.pivots import Spot, both
from socterm.console.safe import say
from socterm.console.screens.page import Page
from socterm.console.widgets.filter_bar import FilterBar
from socterm.console.widgets.pane import Pane
from socterm.console.widgets.rows import Rows
from socterm.console.widgets.text import TextView

PAGES = """
Page { layout: vertical; background: $background; }
Page #page { layout: horizontal; height: 1fr; }
Page #list { width: 3fr; height: 1fr; }
Page #about { width: 2fr; height: 1fr; padding: 0 1; }
Page.-stacked #page, Page.-narrow #page, Page.-tiny #page { layout: vertical; }
Page.-stacked #list, Page.-narrow #list { width: 1fr; height: 3fr; }
Page.-stacked #about, Page.-narrow #about { width: 1fr; height: 2fr; }
Page.-tiny #list, Page.-tiny #about { display: none; width: 1fr; height: 1fr; }
Page.-tiny #list.-here, Page.-tiny #about.-here { display: block; }
"""
"""How list and detail share the room; the app loads it, because a screen's CSS cannot speak of the screen."""


class TwoPanes(Page, inherit_bindings=False):
    """A list and a detail. A subclass makes both before it calls this constructor's parent, and reads them.

    `STACKED` puts the detail below the list at any width. Below 80 columns one pane is to be seen at a time.
    """

    STACKED: ClassVar[bool] = False
    WORDS: ClassVar[bool] = False
    """Whether its filter is words to be found in a row, and no query."""

    def __init__(self, frame: Frame, argument: str = "") -> None:
        super().__init__(frame, argument)
        self.list: Rows = self.make_list()
        self.about: TextView = self.make_about()
        self.set_class(self.STACKED, "-stacked")

    # what a screen says of itself

    def make_list(self) -> Rows:
        """The list."""
        raise NotImplementedError

    def make_about(self) -> TextView:
        """The detail."""
        return TextView("about")

    def above(self) -> Iterable[Widget]:
        """What stands above the list in its pane: the filter line."""
        yield FilterBar("list", now=self.frame.clock, words=self.WORDS)

    def again(self) -> None:
        """Read the list anew because a person asked for it: another filter, another order."""
        raise NotImplementedError

    def titles(self) -> None:
        """What stands at the border of the panes."""

    def open_row(self) -> None:
        """Enter on a row: to the detail, unless the screen knows better."""
        self.focus_on("about")

    def row_spot(self) -> Spot:
        """What the row under the cursor stands for."""
        return Spot()

    def arrive(self, argument: str) -> None:
        """What comes after the screen's name is a filter."""
        if argument:
            self.set_filter(argument)

    # making it

    def body(self) -> Iterable[Widget]:
        """List and detail."""
        yield Container(
            Pane("list", 1, self.header.place, *self.above(), self.list),
            Pane("about", 2, "Detail", self.about),
            id="page",
        )

    def begin(self) -> None:
        """The focus where it was left."""
        self.focus_on(self.view.pane if self.app.size.width >= 80 else "list")

    def pane(self, name: str) -> Pane:
        """`list` or `about`."""
        return self.query_one(f"#{name}", Pane)

    @property
    def filter_bar(self) -> FilterBar:
        """The filter line."""
        return self.query_one(FilterBar)

    # the filter

    def set_filter(self, text: str) -> None:
        """Narrow the list; a filter that is wrong is said under the filter line."""
        self.view.filter.text, self.view.filter.on = text, True
        if self.is_mounted:
            self.again()
            self.titles()

    def narrow(self, clause: str) -> None:
        """Add a clause to the filter."""
        self.set_filter(both(self.view.filter.active, clause))

    @property
    def filter_said(self) -> list[str]:
        """What a title says of the filter."""
        mine = self.view.filter
        return [f"{mine.text}{'' if mine.on else ' (off)'}"] if mine.text else []

    @on(FilterTyped)
    def filter_typed(self, message: FilterTyped) -> None:
        """Filter as typed; a kept filter gives the focus back to the list."""
        if message.pane != "list":
            self.typed_elsewhere(message)
            return
        mine = self.view.filter
        if mine.text != message.text or not mine.on:
            self.set_filter(message.text)
        if message.final:
            self.focus_on("list")

    def typed_elsewhere(self, message: FilterTyped) -> None:
        """Something was typed in a line of the screen's own."""

    def action_filter(self) -> None:
        """Type a filter."""
        self.show_pane("list")
        self.filter_bar.open(self.view.filter.text)

    def action_toggle_filter(self) -> None:
        """Filter off or on."""
        mine = self.view.filter
        if not mine.text:
            say(self.app, "no filter here; / writes one")
            return
        mine.on = not mine.on
        self.again()
        self.titles()

    # panes

    def focus_on(self, name: str) -> None:
        """Give list or detail the focus."""
        self.view.pane = "about" if name == "about" else "list"
        self.show_pane(name)
        self.set_focus(self.about if name == "about" else self.list)

    def show_pane(self, name: str) -> None:
        """Make a pane the one in front: the only one of a tiny screen."""
        for pane in self.query(Pane):
            pane.set_class(pane.pane == name, "-here")

    @on(events.DescendantFocus)
    def focused_pane(self, event: events.DescendantFocus) -> None:
        """Offer the keys that count where the focus is."""
        self.footer.offer(self.contexts(event.widget))

    def contexts(self, widget: Widget | None) -> tuple[Context, ...]:
        """Which keys count while a widget has the focus."""
        return ("filter",) if widget is not None and isinstance(widget.parent, FilterBar) else self.OFFERS

    @property
    def reading(self) -> bool:
        """Whether the detail has the focus."""
        return self.focused is self.about

    def step_back(self) -> bool:
        """From the detail to the list; False from there."""
        if self.reading:
            self.focus_on("list")
            return True
        return False

    def action_focus_pane(self, name: str) -> None:
        """Go to a pane."""
        self.focus_on(name)

    def action_next_pane(self) -> None:
        """To the other pane."""
        self.focus_on("list" if self.reading else "about")

    def action_open(self) -> None:
        """Open the row, or what the line under the cursor names."""
        if not self.reading:
            self.open_row()
        elif self.about.current is not None:
            self.open_line(self.about.current)

    def open_line(self, line: Line) -> None:
        """Open the alert or event a line of the detail names."""
        if line.alert:
            self.console.open_alert(line.alert)
        elif line.event:
            self.console.open_event(line.event)

    def action_scroll_detail(self, rows: int) -> None:
        """Scroll the detail from anywhere."""
        self.about.scroll_relative(y=rows, animate=False, force=True)

    def spot(self) -> Spot:
        """The value under the cursor: of the detail's line, else of the row."""
        row, line = self.row_spot(), self.about.current if self.reading else None
        if line is None:
            return row
        fields = {line.field: line.value} if line.field else {}
        return Spot(fields, row.ts, line.event, line.alert, line.value)
