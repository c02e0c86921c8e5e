"""A pane: a quiet border that brightens when something in it has the focus."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import Vertical
from textual.widget import Widget

from socterm.console.safe import set_titles


class Pane(Vertical):
    """Border, title (number and name) and a subtitle that says what is shown."""

    DEFAULT_CSS = """
    Pane { border: round $quiet; background: $background; }
    Pane { border-title-color: $dim; border-subtitle-color: $dim; }
    Pane:focus-within { border: round $focused; border-title-color: $bright; }
    """

    def __init__(self, name: str, number: int, title: str, *children: Widget) -> None:
        super().__init__(*children, id=name)
        self.pane = name
        self.number = number
        self._shown: tuple[Sequence[tuple[str, str]], str] = ((), "")
        self.label(title)

    def label(self, title: str | Sequence[tuple[str, str]], subtitle: str = "") -> None:
        """Write title and subtitle; a title may be (text, style) pairs."""
        parts = [(title, "")] if isinstance(title, str) else title
        if (parts, subtitle) == self._shown:
            return
        self._shown = (parts, subtitle)
        set_titles(self, [(f"{self.number} ", ""), *parts], subtitle)
