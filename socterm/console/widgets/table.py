"""A list of things in columns: the rows of every screen but Triage's own lists are made of it.

A column says what stands in it and how wide it is; narrow screens drop columns by rank.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from textual.strip import Strip

from socterm.console.lines import sp, strip
from socterm.console.safe import SafeText, fit, join, safe_text
from socterm.console.widgets.bars import Bar, Part
from socterm.console.widgets.rows import Rows

T = TypeVar("T")

GAP = 2
"""Cells between two columns."""

LEAST = 16
"""Cells below which the column that takes what is left is not squeezed: others give way first."""


class Column(NamedTuple, Generic[T]):
    """A column. `value` gives (text, style name); `cells` 0 takes what is left; `rank` 0 never gives way.

    Of several columns without room the one with the highest rank goes first. A second column with 0 cells
    shares what is left with the first, half and half. `keep_end` cuts what is too long at its start: paths
    differ at their ends. `least` is how narrow a column with 0 cells becomes before others give way.
    """

    title: str
    cells: int
    value: Callable[[T], tuple[object, str]]
    right: bool = False
    rank: int = 0
    keep_end: bool = False
    least: int = LEAST


def widths(columns: Sequence[Column[T]], cells: int) -> list[tuple[Column[T], int]]:
    """The columns there is room for, each with its width."""
    kept = list(columns)

    def left() -> int:
        return cells - 1 - sum(column.cells for column in kept) - GAP * (len(kept) - 1)

    def free() -> int:
        return sum(not column.cells for column in kept)

    while left() < sum(column.least for column in kept if not column.cells):
        worst = max(kept, key=lambda column: column.rank)
        if worst.rank == 0:
            break
        kept.remove(worst)
    rest, shares = max(0, left()), free()
    out: list[tuple[Column[T], int]] = []
    for column in kept:
        share = column.cells
        if not share:
            share = rest // shares
            rest, shares = rest - share, shares - 1
        out.append((column, share))
    return out


class TableRows(Rows, Generic[T]):
    """Things, each one row. `key` is a thing's id: a positive number that stays with it."""

    def __init__(
        self, pane: str, columns: Sequence[Column[T]], key: Callable[[T], int], cursor: int = 0
    ) -> None:
        super().__init__(pane, cursor)
        self.columns = columns
        self.key = key
        self.items: dict[int, T] = {}
        self.marked: set[int] = set()
        self._restored = cursor
        self.touched = False

    def point(self, row: int) -> None:
        """Put the cursor on a thing by its id, which may only come with the next reading."""
        self.cursor = self._restored = row

    def show(self, items: Iterable[T]) -> None:
        """Show these, in the order they come in; the cursor stays on its id."""
        self.items = {self.key(item): item for item in items}
        self.marked &= self.items.keys()
        self.replace(list(self.items))

    @property
    def pinned(self) -> bool:
        """Until a key is pressed, or a cursor was restored, the top is the place to be."""
        return self.touched or self._restored in self.items

    def go(self, index: int) -> None:
        """From the first move on the cursor keeps its row."""
        self.touched = True
        super().go(index)

    @property
    def current(self) -> T | None:
        """The thing under the cursor."""
        return self.items.get(self.cursor)

    def chosen(self) -> list[T]:
        """What a verb acts on: what is marked, in list order, else what is under the cursor."""
        marked = [self.items[row] for row in self.ids if row in self.marked]
        return marked or [item for item in (self.current,) if item is not None]

    def ground(self, row: int) -> str:
        """Marked rows have a ground of their own."""
        return "cursor" if row == self.cursor else "marked" if row in self.marked else "background"

    def look(self, row: int) -> object:
        """A row looks different when anything in it does."""
        return (row in self.marked, *(column.value(self.items[row]) for column in self.columns))

    def draw(self, row: int, cells: int, ground: str) -> Strip:
        """One row."""
        sign = "✓" if row in self.marked else "▌" if row == self.cursor else " "
        sign_style = "accent" if row in self.marked else "primary" if self.has_focus else "dim"
        spans = [sp(sign, sign_style)]
        for number, (column, room) in enumerate(widths(self.columns, cells)):
            text, look = column.value(self.items[row])
            spans.append(sp(" " * GAP if number else ""))
            shown = _tail(safe_text(text), room) if column.keep_end else text
            spans.append(sp(fit(shown, room, right=column.right), look))
        return strip(spans, cells, self.theme_name, ground)


def _tail(text: SafeText, room: int) -> SafeText:
    """The end of a long text."""
    return text if len(text) <= room else join(["…", text[len(text) - room + 1 :]])


class ColumnNames(Bar, Generic[T]):
    """What the columns of a list are."""

    ground = "background"

    def __init__(self, columns: Sequence[Column[T]]) -> None:
        super().__init__(classes="column-names")
        self.columns = columns

    def parts(self) -> Sequence[Part]:
        """Over the columns, in their widths; the list has a scrollbar beside it."""
        spans = [sp(" ")]
        for number, (column, room) in enumerate(widths(self.columns, self.size.width - 1)):
            spans.append(sp(" " * GAP if number else ""))
            spans.append(sp(fit(column.title, room, right=column.right), "dim"))
        return [Part(tuple(spans))]
