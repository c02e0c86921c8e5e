"""The filter line of a list: filters as one types, says under the mistake what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input

from socterm.console.actions import bindings
from socterm.console.lines import sp
from socterm.console.messages import FilterTyped
from socterm.console.readers import parse_filter
from socterm.console.safe import SafeInput, safe_text
from socterm.console.widgets.bars import Bar, Part
from socterm.errors import QueryError

DEBOUNCE = 0.12
"""Seconds without a key before a filter is tried."""


class Mistake(Bar):
    """What is wrong with the filter, at the character where it went wrong."""

    ground = "background"

    def __init__(self) -> None:
        super().__init__(classes="mistake")
        self.text = ""
        self.at = 0

    def parts(self) -> list[Part]:
        """A caret under the character, and the reason."""
        return [Part((sp(" " * (self.at + 1)), sp("^ " + self.text, "error")))] if self.text else []


class FilterBar(Vertical):
    """Hidden until asked for. Sends `FilterTyped`; says itself what is wrong with the text that stands there.

    What only the store can find wrong with it the pane's reader tells by `mistake`.
    """

    BINDINGS: ClassVar = bindings("filter")
    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; }
    FilterBar SafeInput { border: none; height: 1; padding: 0 1; background: $panel; }
    FilterBar SafeInput:focus { border: none; background: $panel; }
    FilterBar .mistake { display: none; }
    FilterBar .mistake.-wrong { display: block; }
    """

    def __init__(self, pane: str, *, now: Callable[[], int]) -> None:
        super().__init__(id=f"{pane}-filter")
        self.pane = pane
        self.now = now
        self._before = ""
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The line, and the place for what is wrong with it."""
        yield SafeInput(placeholder="words, user.name:root, source.ip:10.0.0.0/8, and or not")
        yield Mistake()

    @property
    def line(self) -> Input:
        """The text field."""
        return self.query_one(SafeInput)

    def open(self, text: str) -> None:
        """Start typing, from the filter there is."""
        self._before = text
        self.display = True
        self.mistake("", 0)
        self.line.value = safe_text(text)
        self.line.cursor_position = len(self.line.value)
        self.screen.set_focus(self.line)

    def mistake(self, text: str, position: int) -> None:
        """Say what is wrong, or that nothing is (an empty text)."""
        bar = self.query_one(Mistake)
        bar.text, bar.at = text, max(0, position)
        bar.set_class(bool(text), "-wrong")
        bar.refresh()

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

    def check(self) -> None:
        """Say what is wrong with the text as it stands, or nothing."""
        try:
            parse_filter(self.line.value, self.now())
        except QueryError as wrong:
            self.mistake(str(wrong), wrong.position)
        else:
            self.mistake("", 0)

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
        self._close()

    def action_keep(self) -> None:
        """Keep the filter and go to the list."""
        self._close()

    def action_cancel(self) -> None:
        """Put back the filter there was."""
        self.line.value = self._before
        self._close()
