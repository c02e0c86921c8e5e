"""Small lists of keys: where to go (after `,`) and what else there is about a value (after `p`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from socterm.console.actions import Action, Context, bindings, of
from socterm.console.keymap import keys_of
from socterm.console.lines import Line, line, wrap
from socterm.console.pivots import BY_NAME, Spot
from socterm.console.safe import cut, fit, safe_text, set_titles
from socterm.console.widgets.text import TextView

WIDE = 68

BOX = 70
"""Columns of the box, where there is room for it."""

AROUND = 5
"""Columns that are the box's border, padding and scrollbar."""


class Menu(ModalScreen[str], inherit_bindings=False):
    """A box over the lower left of the screen: a key and what it does, line by line. Ends with the choice."""

    AUTO_FOCUS = ""
    CONTEXT: ClassVar[Context] = "go"
    TITLE_TEXT: ClassVar[str] = ""
    DEFAULT_CSS = f"""
    Menu {{ background: transparent; align: left bottom; }}
    Menu Vertical {{
        width: {BOX}; max-width: 100%; height: auto; max-height: 90%; margin: 0 0 1 0; padding: 0 1;
        border: round $focused; border-title-color: $bright; border-subtitle-color: $dim;
        background: $background;
    }}
    Menu TextView {{ height: auto; }}
    """

    def offered(self) -> Sequence[tuple[Action, str]]:
        """What can be chosen now, each with what it is about."""
        return [(action, action.help) for action in of(self.CONTEXT) if action.handler != "cancel"]

    def lines(self) -> list[Line]:
        """The list."""
        return [
            line(
                (fit(keys_of(self.app).first(action), 3), "key"),
                (fit(action.label, 17), "title"),
                (said, "dim"),
            )
            for action, said in self.offered()
        ]

    def compose(self) -> ComposeResult:
        """Box and list."""
        lines = self.lines()
        view = TextView("menu")
        view.can_focus = False
        view.styles.height = len(wrap(lines, min(BOX, self.app.size.width) - AROUND))
        with Vertical() as box:
            set_titles(box, [(self.TITLE_TEXT, "")], "Esc stays here")
            yield view
        view.show(lines)

    def action_choose(self, name: str) -> None:
        """That one."""
        self.dismiss(name)

    def action_cancel(self) -> None:
        """None."""
        self.dismiss(None)


class GoMenu(Menu):
    """Which screen."""

    BINDINGS: ClassVar = bindings("go")
    CONTEXT = "go"
    TITLE_TEXT = "Go to"


class PivotMenu(Menu):
    """What to do with a value. Keys that do not fit it do nothing."""

    BINDINGS: ClassVar = bindings("pivot")
    CONTEXT = "pivot"
    TITLE_TEXT = "Pivot"

    def __init__(self, spot: Spot) -> None:
        super().__init__()
        self.spot = spot

    def offered(self) -> Sequence[tuple[Action, str]]:
        """The pivots that fit, each with what it would be about."""
        out = []
        for action in of("pivot"):
            pivot = BY_NAME.get(action.id.partition(".")[2])
            if pivot is not None and (about := pivot.fits(self.spot)):
                out.append((action, cut(safe_text(about), WIDE - 26)))
        return out

    def action_choose(self, name: str) -> None:
        """That one, where it fits."""
        if BY_NAME[name].fits(self.spot):
            self.dismiss(name)
