"""What header, footer and histogram are made of: one line of parts that give way by rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.strip import Strip
from textual.widget import Widget

from socterm.console.lines import Span, strip
from socterm.console.safe import width

BLOCKS = "▁▂▃▄▅▆▇█"


class Part(NamedTuple):
    """A piece of a bar. Where there is too little room the highest `rank` goes first; 0 stays."""

    spans: tuple[Span, ...]
    rank: int = 0

    @property
    def cells(self) -> int:
        """How wide it is."""
        return sum(width(span.text) for span in self.spans)


def fitting(parts: Sequence[Part], cells: int) -> list[Part]:
    """The parts that fit into `cells`, in their order."""
    kept = [part for part in parts if part.spans]
    while sum(part.cells for part in kept) > cells:
        worst = max(kept, key=lambda part: part.rank)
        if worst.rank == 0:
            break
        kept.remove(worst)
    return kept


def sparkline(values: Sequence[int], most: int = 0) -> str:
    """Numbers as blocks; a value above nothing is never drawn as nothing."""
    top = max([most, *values, 1])
    return "".join(" " if value <= 0 else BLOCKS[min(7, value * 7 // top)] for value in values)


class Bar(Widget, can_focus=False):
    """One line of parts on the bar's ground."""

    DEFAULT_CSS = "Bar { height: 1; }"

    ground = "bar"
    _drawn: Sequence[Part] = ()

    def parts(self) -> Sequence[Part]:
        """What stands on it now."""
        raise NotImplementedError

    def changed(self) -> None:
        """Draw it anew where something on it is different."""
        parts = list(self.parts())
        if parts != self._drawn:
            self._drawn = parts
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw it."""
        cells = self.size.width
        spans = [span for part in fitting(self.parts(), cells) for span in part.spans]
        return strip(spans if y == 0 else (), cells, self.app.theme, self.ground)
