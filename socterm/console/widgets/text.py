"""Running text that scrolls: the detail, the chat's log and the help are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from socterm.console.actions import bindings
from socterm.console.lines import Line, Row, strip, wrap
from socterm.console.theme import style


class TextView(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines, wrapped to the width. Where lines carry values the cursor steps from value to value."""

    BINDINGS: ClassVar = bindings("text")
    DEFAULT_CSS = """
    TextView { height: 1fr; overflow-x: hidden; overflow-y: auto; }
    TextView { scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, name: str) -> None:
        super().__init__(id=f"{name}-text")
        self.lines: Sequence[Line] = ()
        self.rows: list[Row] = []
        self.cursor = -1
        self._width = 0

    def show(self, lines: Sequence[Line], *, keep: bool = False) -> None:
        """Show other text; `keep` leaves scroll and cursor where they are."""
        if keep and lines == self.lines:
            return
        self.lines = lines
        if not keep:
            self.cursor = -1
            self.scroll_to(y=0, animate=False, force=True)
        elif self.cursor >= len(lines):
            self.cursor = -1
        self._wrap()

    def _wrap(self) -> None:
        if not self.size.width:  # not laid out, or hidden: wrapped when it is seen
            self._width = 0
            return
        self._width = max(4, self.scrollable_content_region.width)
        self.rows = wrap(self.lines, self._width)
        self._grow()
        self.refresh()

    def _grow(self) -> None:
        """Tell the scrollbar how many rows there are, without laying the whole screen out anew."""
        size = Size(self._width, len(self.rows))
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    @property
    def current(self) -> Line | None:
        """The line the cursor is on."""
        return self.lines[self.cursor] if 0 <= self.cursor < len(self.lines) else None

    def to_end(self) -> None:
        """Scroll to the last line."""
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def to_line(self, number: int) -> None:
        """Scroll so that a line is the first in sight, as far as there is text below it."""
        row = next((y for y, row in enumerate(self.rows) if row.line >= number), 0)
        self.scroll_to(y=min(row, self.max_scroll_y), animate=False, force=True)

    def in_sight(self, number: int) -> bool:
        """Whether all of a line can be read now, or as much of it as there is room for."""
        rows = [y for y, row in enumerate(self.rows) if row.line == number]
        top, height = self.scroll_offset.y, max(1, self.size.height)
        return bool(rows) and (rows[0] == top or (rows[0] > top and rows[-1] < top + height))

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        cells, theme = self.scrollable_content_region.width, self.app.theme
        index = y + self.scroll_offset.y
        if index >= len(self.rows):
            return Strip.blank(cells, style(theme, "text"))
        row = self.rows[index]
        ground = "cursor" if row.line == self.cursor and self.has_focus else "background"
        return strip(row.spans, cells, theme, ground)

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap to the new width."""
        if self.scrollable_content_region.width != self._width:
            self._wrap()

    def on_show(self, _event: events.Show) -> None:
        """Wrap what was given while it was hidden: no resize comes where the size is the same again."""
        if not self._width:
            self._wrap()

    def action_move(self, step: int) -> None:
        """To the next line with a value, or scroll by a row where there is none."""
        live = [number for number, line in enumerate(self.lines) if line.live]
        further = [n for n in live if (n > self.cursor if step > 0 else n < self.cursor)] if live else []
        if further:
            self.cursor = further[0] if step > 0 else further[-1]
            self._to_cursor()
            self.refresh()
        else:
            self.scroll_relative(y=step, animate=False, force=True)

    def _to_cursor(self) -> None:
        numbers = [number for number, row in enumerate(self.rows) if row.line == self.cursor]
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if numbers and numbers[0] < top:
            self.scroll_to(y=numbers[0], animate=False, force=True)
        elif numbers and numbers[-1] >= top + height:
            self.scroll_to(y=numbers[-1] - height + 1, animate=False, force=True)

    def action_page(self, pages: float) -> None:
        """Scroll by pages of the visible height."""
        self.scroll_relative(y=int(pages * max(1, self.size.height)), animate=False, force=True)

    def action_first(self) -> None:
        """To the top."""
        self.cursor = -1
        self.scroll_to(y=0, animate=False, force=True)
        self.refresh()

    def action_last(self) -> None:
        """To the end."""
        self.to_end()
