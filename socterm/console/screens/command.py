"""The `:` line: suggestions above it, what is wrong with it below them, the commands typed before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from socterm.console.actions import Action, bindings
from socterm.console.commands import completed, suggestions, understand
from socterm.console.lines import Line, line
from socterm.console.safe import SafeInput, fit, set_titles
from socterm.console.widgets.text import TextView
from socterm.errors import UsageError

SHOWN = 8
"""Suggestions in sight."""


class CommandLine(ModalScreen[str], inherit_bindings=False):
    """A line to type a command in. Ends with a command that was understood, or None."""

    BINDINGS: ClassVar = bindings("command")
    CSS = """
    CommandLine { background: transparent; align: left bottom; }
    CommandLine Vertical {
        width: 100%; max-width: 110; height: auto;
        border: round $focused; border-title-color: $bright; border-subtitle-color: $dim;
        background: $background;
    }
    CommandLine TextView { height: auto; max-height: 8; padding: 0 1; }
    CommandLine SafeInput { border: none; height: 1; background: $panel; }
    CommandLine SafeInput:focus { border: none; }
    """

    def __init__(self, verbs: Sequence[Action], past: Sequence[str]) -> None:
        super().__init__()
        self.verbs = verbs
        self.past = past
        self.chosen = -1
        self.back = 0
        self._wrong = ""
        self._given = ""

    def compose(self) -> ComposeResult:
        """Suggestions and line."""
        view = TextView("command")
        view.can_focus = False
        with Vertical() as box:
            set_titles(box, [(":", "")], "Enter does it · Tab completes · Esc leaves")
            yield view
            yield SafeInput(placeholder="events, 42, undo …", compact=True, max_length=2000)

    def on_mount(self) -> None:
        """Show what there is."""
        self.query_one(SafeInput).focus()
        self.draw()

    def draw(self) -> None:
        """The suggestions, or what is wrong."""
        view, lines = self.query_one(TextView), self.lines()
        view.styles.height = max(1, len(lines))
        view.show(lines)

    def lines(self) -> list[Line]:
        """What stands above the line."""
        if self._wrong:
            return [line((self._wrong, "error"))]
        found = suggestions(self.query_one(SafeInput).value if self.chosen < 0 else self._given, self.verbs)
        first = max(0, self.chosen - SHOWN + 1)
        return [
            line(
                ("▌" if number == self.chosen else " ", "primary"),
                (fit(name, 24), "title" if number == self.chosen else "key"), (said, "dim"),
            )._replace(most=1)
            for number, (name, said) in enumerate(found[first : first + SHOWN], first)
        ]  # fmt: skip

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Other suggestions; what was wrong is forgotten."""
        event.stop()
        if self.chosen < 0 or event.value != self._suggested():
            self.chosen, self._wrong = -1, ""
        self.draw()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Do it, where it is understood."""
        event.stop()
        try:
            understand(event.value, self.verbs)
        except UsageError as wrong:
            self._wrong = str(wrong)
            self.draw()
        else:
            self.dismiss(event.value)

    def _suggested(self) -> str:
        found = suggestions(self._given, self.verbs)
        return found[self.chosen][0] if 0 <= self.chosen < len(found) else ""

    def _write(self, text: str) -> None:
        field = self.query_one(SafeInput)
        field.value = text
        field.cursor_position = len(text)

    def action_complete(self) -> None:
        """Complete what is typed."""
        self.chosen = -1
        self._write(completed(self.query_one(SafeInput).value, self.verbs))

    def action_step(self, step: int) -> None:
        """Through the suggestions; up from an empty line through what was typed before."""
        field = self.query_one(SafeInput)
        if step < 0 and self.chosen < 0 and self.back < len(self.past) and field.value in {"", *self.past}:
            self.back += 1
            self._write(self.past[-self.back])
            return
        if self.chosen < 0:
            self._given = field.value
        found = suggestions(self._given, self.verbs)
        self.chosen = max(-1, min(self.chosen + step, len(found) - 1))
        self._write(self._suggested() if self.chosen >= 0 else self._given)

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)
