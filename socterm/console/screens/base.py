"""What screens with a list and a detail are made of: a subclass says what is read and how it is written.

Reads happen in threads, once a second and when ingest commits; the cursor stays on its id; the detail follows
it. How to add such a screen is told in CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.widget import Widget

from socterm.console.frame import Frame
from socterm.console.lines import Line, hint
from socterm.console.messages import AboutRead, ItemsRead, Moved
from socterm.console.pivots import Spot
from socterm.console.screens.panes import TwoPanes
from socterm.console.widgets.reader import in_thread
from socterm.console.widgets.table import Column, ColumnNames, TableRows
from socterm.errors import QueryError

T = TypeVar("T")


class ListScreen(TwoPanes, Generic[T], inherit_bindings=False):
    """A list and what is known of the row under the cursor.

    A subclass gives `COLUMNS`, `read_items` and `about_lines`; the rest has defaults.
    """

    WORDS = True
    COLUMNS: ClassVar[Sequence[Column[Any]]] = ()
    EMPTY: ClassVar[str] = "Nothing here yet."

    def __init__(self, frame: Frame, argument: str = "") -> None:
        super().__init__(frame, argument)
        self.shown = 0
        self._version = 0
        self._busy = False
        self._stamp: object = None
        self._wrong = False
        self._anchor = 0
        self._about_asked = self._about_told = 0

    list: TableRows[T]

    # what a screen says of itself

    @staticmethod
    def key(item: T) -> int:
        """A thing's id: a positive number that stays with it."""
        found: int = item.id  # type: ignore[attr-defined]
        return found

    def make_list(self) -> TableRows[T]:
        """The list."""
        return TableRows("list", self.COLUMNS, self.key, self.view.selected)

    def stamp(self) -> object:
        """What the list depends on, read first, in a thread: while it stays the same the list is not read.

        None: the list is read each time.
        """
        return None

    def read_items(self, text: str, now: int) -> Sequence[T]:
        """The things that pass a filter line, in the order shown. Runs in a thread; QueryError is shown."""
        raise NotImplementedError

    def read_about(self, item: T) -> Any:  # noqa: ARG002
        """What the detail needs beyond the row. Runs in a thread."""
        return None

    def about_lines(self, item: T, found: Any) -> Sequence[Line]:
        """The detail's text."""
        raise NotImplementedError

    def about_title(self, item: T) -> str | Sequence[tuple[str, str]]:  # noqa: ARG002
        """The detail's title."""
        return "Detail"

    def list_title(self) -> str:
        """What stands at the foot of the list: how many there are."""
        return f"{len(self.list.ids):,}"

    def open_item(self, item: T) -> None:  # noqa: ARG002
        """Enter on a row: to the detail, unless the screen knows better."""
        self.focus_on("about")

    def values(self, item: T) -> dict[str, str]:  # noqa: ARG002
        """The fields a row stands for: what pivots and `=` `-` act on from the list."""
        return {}

    def when(self, item: T) -> int:  # noqa: ARG002
        """When a row happened (µs), for the pivot to what was around it; 0 for never."""
        return 0

    def text_of(self, item: T) -> str:
        """What `y` copies of a row."""
        return "  ".join(str(text) for column in self.COLUMNS if (text := column.value(item)[0]))

    def above(self) -> Iterable[Widget]:
        """The filter line and the names of the columns."""
        yield from super().above()
        yield ColumnNames(self.COLUMNS)

    def begin(self) -> None:
        """Nothing has been read yet."""
        super().begin()
        self.list.empty = hint("Reading …")

    # reading

    def look(self) -> None:
        """Read the list anew, unless that is under way or the filter is wrong."""
        if not self._busy and not self._wrong:
            self._busy = True
            self.read_list(self._version, self.view.filter.active, self.frame.clock(), self._stamp)

    def again(self) -> None:
        """Read the list anew because a person asked for it: another filter, another order."""
        self._version += 1
        self._busy = self._wrong = False
        self._stamp = None
        self.look()

    @in_thread("list")
    def read_list(self, version: int, text: str, now: int, known: object) -> None:
        """Read it."""
        stamp = self.stamp()
        if stamp is not None and stamp == known:
            self.post_message(ItemsRead(version, stamp=stamp, same=True))
            return
        try:
            found = self.read_items(text, now)
        except QueryError as wrong:
            self.post_message(ItemsRead(version, error=str(wrong), position=wrong.position))
        else:
            self.post_message(ItemsRead(version, found, stamp))

    def read_failed(self) -> None:
        """Look again with the next second."""
        self._busy = False

    @on(ItemsRead)
    def take_items(self, message: ItemsRead) -> None:
        """Show what was read."""
        if message.version != self._version:
            return
        self._busy = False
        if message.error:
            self._wrong = True
            self.filter_bar.wrong(self.view.filter.text, message.error, message.position)
        elif not message.same:
            self._stamp = message.stamp
            passing = "Nothing passes · F switches the filter off."
            self.list.empty = hint(passing if self.view.filter.active else self.EMPTY)
            self.list.show(message.items)
            self.load_about()
        self.titles()

    def load_about(self) -> None:
        """Read what the detail shows of the row under the cursor."""
        item = self.list.current
        if item is None:
            self.shown = 0
            self.about.show(())
            self.pane("about").label("Detail")
        else:
            self._about_asked += 1
            self.read_detail(self.key(item), self._about_asked, item)

    @in_thread("about")
    def read_detail(self, row: int, asked: int, item: T) -> None:
        """Read it."""
        self.post_message(AboutRead(row, asked, self.read_about(item)))

    @on(AboutRead)
    def take_about(self, message: AboutRead) -> None:
        """Show it, unless the cursor has moved on or what was asked later is shown; the same row again keeps
        scroll and cursor."""
        item = self.list.current
        if item is not None and self.key(item) == message.row and message.asked > self._about_told:
            self._about_told = message.asked
            self.about.show(self.about_lines(item, message.found), keep=self.shown == message.row)
            self.shown = message.row
            self.pane("about").label(self.about_title(item))

    @on(Moved)
    def moved(self, message: Moved) -> None:
        """The detail follows the cursor."""
        self.view.selected = message.row
        self.load_about()
        self.titles()

    def zone_changed(self) -> None:
        """Draw rows and detail anew."""
        self.list.forget()
        if self.is_mounted:
            self.load_about()

    def titles(self) -> None:
        """What stands at the foot of the list."""
        if not self.is_mounted:
            return
        marked = len(self.list.marked)
        bits = [f"{marked:,} marked"] if marked else []
        bits += [self.list_title()]
        bits += [f"by {self.view.order}"] if self.view.order else []
        bits += self.filter_said
        self.pane("list").label(self.header.place, " · ".join(bits))

    def step_back(self) -> bool:
        """From the detail to the list, then marks away."""
        if super().step_back():
            return True
        if self.list.marked:
            self.list.marked.clear()
            self._marks_changed()
            return True
        return False

    def open_row(self) -> None:
        """Enter on a row."""
        if self.list.current is not None:
            self.open_item(self.list.current)

    def row_spot(self) -> Spot:
        """What the row under the cursor stands for."""
        item = self.list.current
        if item is None:
            return Spot()
        fields = {name: value for name, value in self.values(item).items() if value}
        return Spot(fields, self.when(item), text=self.text_of(item))

    # marks, for screens whose OFFERS has "marks"

    def action_mark(self) -> None:
        """Mark or unmark, and go on."""
        if self.list.cursor:
            self.list.marked ^= {self.list.cursor}
            self._anchor = self.list.cursor
            self.list.action_move(1)
        self._marks_changed()

    def action_mark_range(self) -> None:
        """From the last mark to here."""
        start, end = self.list.position(self._anchor), self.list.position(self.list.cursor)
        if end >= 0:
            low, high = sorted((end if start < 0 else start, end))
            self.list.marked |= set(self.list.ids[low : high + 1])
            self._anchor = self.list.cursor
        self._marks_changed()

    def action_mark_all(self) -> None:
        """All, or none."""
        every = set(self.list.ids)
        self.list.marked = set() if self.list.marked == every else every
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.list.refresh()
        self.titles()
