"""The filter line of a list: filters as one types, says under the mistake what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from socterm.console.actions import bindings
from socterm.console.lines import sp, strip
from socterm.console.messages import FilterTyped
from socterm.console.readers import parse_filter
from socterm.console.safe import SafeInput, safe_text, width
from socterm.errors import QueryError
from socterm.query.parse import MAX_LENGTH

DEBOUNCE = 0.12
"""Seconds without a key before a filter is tried."""


QUERY = "words, user.name:root, source.ip:10.0.0.0/8, and or not"
WORDS = "what stands in a row"


class Mistake(Widget, can_focus=False):
    """What is wrong with the filter, under the character where it went wrong.

    The reason stands beside the caret where there is room for it, right of it or left, else below.
    """

    DEFAULT_CSS = "Mistake { height: auto; }"

    def __init__(self, line: Input) -> None:
        super().__init__(classes="mistake")
        self.line = line
        self.text = ""
        self.at = 0

    def say(self, text: str, at: int) -> None:
        """A reason, and at which character; nothing is wrong with an empty one."""
        self.text, self.at = text, max(0, at)
        self.set_class(bool(text), "-wrong")
        self.refresh(layout=True)

    def rows(self, cells: int) -> list[str]:
        """Caret and reason within so many cells."""
        before = width(safe_text(self.line.value[: self.at], len(self.line.value)))
        column = max(0, min(before - int(self.line.scroll_offset.x), cells - 3)) + 1
        reason = safe_text(self.text)
        if column + 2 + width(reason) < cells:
            return [" " * column + "^ " + reason]
        if width(reason) + 2 <= column:
            return [" " * (column - width(reason) - 1) + reason + " ^"]
        return [" " * column + "^", *(" " + part for part in wrap(reason, max(8, cells - 2)))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """As many rows as it takes."""
        return len(self.rows(width))

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        rows = self.rows(self.size.width)
        spans = (sp(rows[y], "error"),) if y < len(rows) else ()
        return strip(spans, self.size.width, self.app.theme, "background")


class FilterBar(Vertical):
    """Hidden until asked for. Sends `FilterTyped`; says itself what is wrong with the text that stands there.

    With `words` it is no query: nothing is wrong with any text. What only the store can find wrong with a
    query the pane's reader tells by `wrong`.
    """

    BINDINGS: ClassVar = bindings("filter")
    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar SafeInput { border: none; height: 1; padding: 0 1; background: $panel; }
    FilterBar SafeInput:focus { border: none; background: $panel; }
    FilterBar .mistake { display: none; }
    FilterBar .mistake.-wrong { display: block; }
    """

    def __init__(self, pane: str, *, now: Callable[[], int], words: bool = False) -> None:
        super().__init__(id=f"{pane}-filter")
        self.words = words
        self.pane = pane
        self.now = now
        self._before = ""
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The line, and the place for what is wrong with it."""
        line = SafeInput(placeholder=WORDS if self.words else QUERY, max_length=MAX_LENGTH)
        yield line
        yield Mistake(line)

    @property
    def line(self) -> Input:
        """The text field."""
        return self.query_one(SafeInput)

    def open(self, text: str) -> None:
        """Start typing, from the filter there is."""
        self._before = text
        self.display = True
        self.mistake("", 0)
        self.line.value = safe_text(text, MAX_LENGTH)
        self.line.cursor_position = len(self.line.value)
        self.screen.set_focus(self.line)

    def mistake(self, text: str, position: int) -> None:
        """Say what is wrong, or that nothing is (an empty text)."""
        self.query_one(Mistake).say(text, position)

    def wrong(self, text: str, reason: str, position: int) -> None:
        """A filter from elsewhere cannot be used: it stands there to be mended, Esc takes it away."""
        if not self.display:
            with self.line.prevent(Input.Changed):
                self.open(text)
            self._before = ""
        self.mistake(reason, position)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Wait until no key has come for a moment, then try the filter."""
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        if self.query_one(Mistake).text:
            self.check()
        if self.display:
            self._timer = self.set_timer(DEBOUNCE, lambda: self._send(final=False))

    def check(self) -> bool:
        """Say what is wrong with the text as it stands, or nothing; whether it can be used."""
        try:
            parse_filter("" if self.words else self.line.value, self.now())
        except QueryError as wrong:
            self.mistake(str(wrong), wrong.position)
            return False
        self.mistake("", 0)
        return True

    def _send(self, *, final: bool) -> None:
        self.check()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.post_message(FilterTyped(self.pane, self.line.value, final=final))

    def _close(self) -> None:
        self.display = False
        self._send(final=True)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Keep the filter and go to the list; one that is wrong stays to be mended."""
        if self.check():
            self._close()

    def action_cancel(self) -> None:
        """Put back the filter there was."""
        self.line.value = self._before
        self._close()
