"""The Sources screen: is my log being read, and is it understood?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from socterm.console.actions import bindings
from socterm.console.lines import hint
from socterm.console.messages import Moved, ReadFailed
from socterm.console.readers import Store
from socterm.console.safe import say, set_titles
from socterm.console.widgets.footer import Footer
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.widgets.sources import ColumnNames, SourceRows, made_of, samples
from socterm.console.widgets.text import TextView
from socterm.store.rows import EventRow, SourceRow

EVERY = 1.0
"""Seconds between two looks at the counters."""


@dataclass
class SourcesRead(Message):
    """The counters of all sources, and the samples of the one under the cursor."""

    rows: Sequence[SourceRow]


@dataclass
class SamplesRead(Message):
    """What no format knew of one source."""

    source: str
    events: Sequence[EventRow]


class SourcesScreen(Reader, ModalScreen[int], inherit_bindings=False):
    """Sources above, what the one under the cursor is made of below. It ends with an event to open, or 0."""

    BINDINGS: ClassVar = bindings("sources")
    CSS = """
    SourcesScreen { background: $background; layout: vertical; }
    SourcesScreen #list { height: 2fr; min-height: 5; border: round $focused; border-title-color: $bright; }
    SourcesScreen #about { height: 3fr; padding: 0 1; border: round $quiet; border-title-color: $dim; }
    SourcesScreen #about:focus-within { border: round $focused; border-title-color: $bright; }
    """

    def __init__(self, store: Store, *, clock: Callable[[], int]) -> None:
        super().__init__()
        self.store = store
        self.clock = clock
        self.list = SourceRows(clock=clock)
        self.about = TextView("source")
        self.undecoded = False
        self._events: dict[str, Sequence[EventRow]] = {}

    def compose(self) -> ComposeResult:
        """List, text, footer."""
        with Vertical(id="list") as box:
            set_titles(box, [("Sources", "")], "")
            yield ColumnNames()
            yield self.list
        with Vertical(id="about"):
            yield self.about
        yield Footer(("sources", "app"))

    def on_mount(self) -> None:
        """Begin to look."""
        self.list.empty = hint("No source has been read into this store.")
        self.set_focus(self.list)
        self.read_sources()
        self.set_interval(EVERY, self.read_sources)

    @in_thread("sources")
    def read_sources(self) -> None:
        """Read the counters."""
        self.post_message(SourcesRead(self.store.triage.sources()))

    @in_thread("samples")
    def read_samples(self, source: str, ids: tuple[int, ...]) -> None:
        """Read the lines behind a source's samples."""
        self.post_message(SamplesRead(source, self.store.events.get(ids)))

    @on(SourcesRead)
    def take(self, message: SourcesRead) -> None:
        """Show the counters."""
        self.list.show(message.rows)
        self.render_about(keep=True)
        self._ask()

    @on(SamplesRead)
    def take_samples(self, message: SamplesRead) -> None:
        """Show the lines."""
        self._events[message.source] = message.events
        self.render_about(keep=True)

    @on(ReadFailed)
    def failed(self, message: ReadFailed) -> None:
        """Say why nothing is shown."""
        say(self.app, message.error, "warning")

    @on(Moved)
    def moved(self, _message: Moved) -> None:
        """Another source."""
        self.render_about()
        self._ask()

    def _ask(self) -> None:
        current = self.list.current
        if self.undecoded and current is not None:
            self.read_samples(current.name, current.samples)

    def render_about(self, *, keep: bool = False) -> None:
        """Write the lower pane."""
        current = self.list.current
        box = self.query_one("#about")
        if current is None:
            self.about.show(())
            set_titles(box, [("", "")], "")
        elif self.undecoded:
            set_titles(box, [("Not understood · ", ""), (current.name, "")], "the latest lines")
            self.about.show(samples(self._events.get(current.name, ())), keep=keep)
        else:
            set_titles(box, [(current.name, "")], "")
            self.about.show(made_of(current, self.clock()), keep=keep)

    def action_samples(self) -> None:
        """Lines no format knew, or back to the counters."""
        self.undecoded = not self.undecoded
        self.render_about()
        self._ask()

    def action_open(self) -> None:
        """From the list to the text; from a line of the text to its event."""
        if self.focused is self.list:
            self.set_focus(self.about)
        elif self.about.current is not None and self.about.current.event:
            self.dismiss(self.about.current.event)

    def action_next(self) -> None:
        """To the other pane."""
        self.set_focus(self.about if self.focused is self.list else self.list)

    def action_close(self) -> None:
        """One step back, or leave."""
        if self.focused is self.about:
            self.set_focus(self.list)
        else:
            self.dismiss(0)
