"""The virtual list both lists are made of: ids in an array, only visible rows are drawn.

The cursor belongs to an **id**, never to a row number: whatever comes in above or below, it stays on its
alert or event, and the rows in sight stay where they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from socterm.console.actions import bindings
from socterm.console.lines import Line, strip
from socterm.console.messages import Moved


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """A list of ids. A subclass draws a row (`draw`) and says what its look depends on (`look`)."""

    BINDINGS: ClassVar = bindings("rows")
    DEFAULT_CSS = """
    Rows { height: 1fr; overflow-x: hidden; overflow-y: auto; }
    Rows { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, pane: str, cursor: int = 0) -> None:
        super().__init__(id=f"{pane}-rows")
        self.pane = pane
        self.ids: array[int] = array("q")
        self.cursor = cursor
        self.empty: Sequence[Line] = ()
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(256)

    def draw(self, row: int, cells: int, ground: str) -> Strip:
        """One row, exactly `cells` wide, on a ground."""
        raise NotImplementedError

    def look(self, row: int) -> object:
        """What a row's look depends on beyond width, ground and theme: the strip cache's key."""
        raise NotImplementedError

    def ground(self, row: int) -> str:
        """Which background a row has."""
        return "cursor" if row == self.cursor else "background"

    @property
    def pinned(self) -> bool:
        """Whether the cursor keeps its row when others come."""
        return True

    def position(self, row: int) -> int:
        """Where an id stands in the list; -1 where it does not."""
        try:
            return self.ids.index(row)
        except ValueError:
            return -1

    @property
    def theme_name(self) -> str:
        """The theme to draw in."""
        return self.app.theme

    def render_line(self, y: int) -> Strip:
        """Draw the row at screen line `y`."""
        cells = self.scrollable_content_region.width
        index = y + self.scroll_offset.y
        if not 0 <= index < len(self.ids):
            hint = self.empty[y].spans if not self.ids and y < len(self.empty) else ()
            return strip(hint, cells, self.theme_name)
        row = self.ids[index]
        ground = self.ground(row)
        key = (row, cells, ground, self.theme_name, self.has_focus, row == self.cursor, self.look(row))
        found = self._strips.get(key)
        if found is None:
            found = self._strips[key] = self.draw(row, cells, ground)
        return found

    def forget(self) -> None:
        """Draw every row anew: something all of them show has changed."""
        self._strips.clear()
        self.refresh()

    def in_sight(self, margin: int = 0) -> array[int]:
        """The ids in sight, and `margin` rows beyond either end."""
        top = self.scroll_offset.y
        return self.ids[max(0, top - margin) : top + max(1, self.size.height) + margin]

    def replace(self, ids: Sequence[int]) -> None:
        """Show other ids; the cursor's row stays on its screen line, a lost cursor goes to a neighbour."""
        if not self.pinned:
            self._start_at_top(ids)
        old = self.position(self.cursor)
        line = old - self.scroll_offset.y
        self.ids = array("q", ids)
        self._grow()
        new = self.position(self.cursor)
        if new < 0 and self.ids:
            new = min(max(old, 0), len(self.ids) - 1)
            self._set_cursor(self.ids[new])
        elif not self.ids and self.cursor:
            self._set_cursor(0)
        if old >= 0 and 0 <= line < max(1, self.size.height) and self.scroll_offset.y > 0:
            self.scroll_to(y=new - line, animate=False, force=True)
        self.keep_in_sight()
        self.refresh()

    def _start_at_top(self, ids: Sequence[int]) -> None:
        """Before anybody has pressed a key there is no row to keep: the first one is the one to look at."""
        if ids:
            self._set_cursor(ids[0])

    def _grow(self) -> None:
        """Tell the scrollbar how many rows there are, without laying the whole screen out anew."""
        size = Size(self.size.width, len(self.ids))
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def keep_in_sight(self) -> None:
        """Scroll as little as possible so that the cursor's row can be seen."""
        index = self.position(self.cursor)
        height = self.size.height
        if index < 0 or height <= 0:
            return
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True)

    def _set_cursor(self, row: int) -> None:
        if row == self.cursor:
            return
        self.cursor = row
        self.post_message(Moved(self.pane, row))

    def go(self, index: int) -> None:
        """Put the cursor on a row number, within the list."""
        if not self.ids:
            return
        self._set_cursor(self.ids[max(0, min(index, len(self.ids) - 1))])
        self.keep_in_sight()
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Another width: rows are drawn anew, the cursor stays in sight."""
        self._grow()
        self.keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points."""
        self.go(event.y + self.scroll_offset.y)

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        here = self.position(self.cursor)
        self.go(0 if here < 0 else here + rows)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages of the visible height."""
        self.action_move(int(pages * max(1, self.size.height)) or (1 if pages > 0 else -1))

    def action_first(self) -> None:
        """To the first row."""
        self.go(0)

    def action_last(self) -> None:
        """To the last row."""
        self.go(len(self.ids) - 1)
