"""The Sources screen: is my log being read, and is it understood?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from socterm.console.actions import bindings
from socterm.console.lines import Line
from socterm.console.screens.base import ListScreen
from socterm.console.widgets.sources import columns, made_of, samples
from socterm.console.widgets.table import TableRows
from socterm.store.rows import EventRow, SourceRow

Source = tuple[int, SourceRow]
"""A source and its place in the list, from 1."""


class SourcesScreen(ListScreen[Source], inherit_bindings=False):
    """Sources above, what the one under the cursor is made of below; a key shows the lines nobody knew."""

    PLACE = "sources"
    OFFERS = ("sources", "list", "app")
    BINDINGS: ClassVar = bindings("sources", "list")
    STACKED = True
    EMPTY = "No source has been read into this store."
    undecoded = False

    @staticmethod
    def key(item: Source) -> int:
        """Its place."""
        return item[0]

    def make_list(self) -> TableRows[Source]:
        """Counters as of now."""
        self.COLUMNS = columns(self.frame.clock)  # type: ignore[misc]
        return super().make_list()

    def read_items(self, text: str, now: int) -> Sequence[Source]:  # noqa: ARG002
        """The counters of all sources whose name holds what is typed."""
        found = [row for row in self.store.triage.sources() if text.lower() in row.name.lower()]
        return list(enumerate(found, 1))

    def read_about(self, item: Source) -> Sequence[EventRow]:
        """The lines no format knew."""
        return self.store.events.get(item[1].samples) if self.undecoded else ()

    def about_lines(self, item: Source, found: Sequence[EventRow]) -> Sequence[Line]:
        """The counters, or the lines."""
        return samples(found) if self.undecoded else made_of(item[1], self.frame.clock())

    def about_title(self, item: Source) -> str:
        """Which source."""
        return f"Not understood · {item[1].name}" if self.undecoded else item[1].name

    def text_of(self, item: Source) -> str:
        """Its name."""
        return item[1].name

    def action_samples(self) -> None:
        """Lines no format knew, or back to the counters."""
        self.undecoded = not self.undecoded
        if self.has_class("-tiny"):
            self.focus_on("about" if self.undecoded else "list")
        self.load_about()
