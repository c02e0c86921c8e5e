"""Choosing from a short list over a screen: columns, bookmarks, saved views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from socterm.console.actions import bindings, of
from socterm.console.keymap import keys_of
from socterm.console.lines import hint
from socterm.console.safe import say, set_titles
from socterm.console.widgets.table import Column, TableRows
from socterm.errors import SoctermError


class Choice(NamedTuple):
    """Something to choose: its number (above 0), what it is, what is said of it."""

    id: int
    name: str
    said: str = ""


class Picked(NamedTuple):
    """What came of it: the row (0 for none), and for a list of many all that is marked, in the order marked.

    `add` says that what is shown now is to be saved.
    """

    row: int = 0
    marked: tuple[int, ...] = ()
    add: bool = False


class Picker(ModalScreen[Picked], inherit_bindings=False):
    """A list in a box; `many` lets one mark several, `forget` makes `d` forget one,
    `adding` says what `s` does.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = bindings("picker")
    DEFAULT_CSS = """
    Picker { background: transparent; align: center middle; }
    Picker Vertical {
        width: 86; max-width: 96%; height: 70%; padding: 0 1;
        border: round $focused; border-title-color: $bright; border-subtitle-color: $dim;
        background: $background;
    }
    """

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        many: Sequence[int] | None = None,
        forget: Callable[[int], None] | None = None,
        adding: str = "",
        empty: str = "Nothing here yet.",
    ) -> None:
        super().__init__()
        self.about = title
        self.choices = list(choices)
        self.order = list(many or ())
        self.many = many is not None
        self.forget_one = forget
        self.adding = adding
        columns: tuple[Column[Choice], ...] = (
            Column("name", 30, lambda choice: (choice.name, "text")),
            Column("said", 0, lambda choice: (choice.said, "dim"), rank=1),
        )
        self.list: TableRows[Choice] = TableRows("picker", columns, lambda choice: choice.id)
        self.list.empty = hint(empty)

    def compose(self) -> ComposeResult:
        """The list in its box."""
        with Vertical() as box:
            set_titles(box, [(self.about, "")], " · ".join(self.offered()))
            yield self.list

    def offered(self) -> list[str]:
        """The keys that count in this list."""
        here = {"choose", "cancel"}
        here |= {"mark", "automatic"} if self.many else set()
        here |= {"forget"} if self.forget_one is not None else set()
        here |= {"add"} if self.adding else set()
        keys = keys_of(self.app)
        said = {"add": self.adding}
        return [f"{keys.first(a)} {said.get(a.handler, a.label)}" for a in of("picker") if a.handler in here]

    def on_mount(self) -> None:
        """Show the choices."""
        self.set_focus(self.list)
        self.draw()

    def draw(self) -> None:
        """The list as it is now."""
        self.list.show(self.choices)
        self.list.marked = set(self.order)
        self.list.forget()

    def action_mark(self) -> None:
        """Mark or unmark, and go on."""
        if self.many and self.list.cursor:
            row = self.list.cursor
            self.order = (
                [one for one in self.order if one != row] if row in self.order else [*self.order, row]
            )
            self.draw()
            self.list.action_move(1)

    def action_choose(self) -> None:
        """Take it."""
        self.dismiss(Picked(self.list.cursor, tuple(self.order)))

    def action_add(self) -> None:
        """Save what is shown now."""
        if self.adding:
            self.dismiss(Picked(add=True))

    def action_automatic(self) -> None:
        """None of them."""
        if self.many:
            self.dismiss(Picked())

    def action_forget(self) -> None:
        """Forget it."""
        if self.forget_one is not None and self.list.cursor:
            row = self.list.cursor
            try:
                self.forget_one(row)
            except SoctermError as wrong:  # a store that is busy, or open for reading only
                say(self.app, str(wrong), "warning")
                return
            self.choices = [choice for choice in self.choices if choice.id != row]
            self.draw()

    def action_cancel(self) -> None:
        """Leave."""
        self.dismiss(None)
