"""Small questions over the Triage screen: which verdict, what note, and the list of all keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from socterm.console import actions
from socterm.console.actions import Action, Context, bindings
from socterm.console.keymap import PLAIN, KeyMap, keys_of
from socterm.console.lines import Line, line
from socterm.console.safe import SMALL, SafeInput, fit, safe_text, set_titles
from socterm.console.widgets.footer import Footer
from socterm.console.widgets.text import TextView
from socterm.console.words import plural


class VerdictDialogue(ModalScreen[str], inherit_bindings=False):
    """One line in the footer's place: the next key is the verdict."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = bindings("verdict")
    CSS = "VerdictDialogue { background: transparent; align: left bottom; }"

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def compose(self) -> ComposeResult:
        """The choices."""
        yield Footer(
            ("verdict",),
            lead=f"{plural(self.count, 'alert')} is" if self.count == 1 else f"{self.count} alerts are",
        )

    def action_choose(self, verdict: str) -> None:
        """That one."""
        self.dismiss(verdict)

    def action_cancel(self) -> None:
        """None."""
        self.dismiss(None)


class SnoozeDialogue(VerdictDialogue, inherit_bindings=False):
    """One line in the footer's place: the next key is until when."""

    BINDINGS: ClassVar = bindings("snooze")
    CSS = "SnoozeDialogue { background: transparent; align: left bottom; }"

    def compose(self) -> ComposeResult:
        """The choices."""
        yield Footer(("snooze",), lead=f"{plural(self.count, 'alert')} for")


class NoteDialogue(ModalScreen[str], inherit_bindings=False):
    """A line to write something short in: a note, a name, a time."""

    BINDINGS: ClassVar = bindings("dialogue")
    CSS = """
    NoteDialogue { background: transparent; align: center middle; }
    NoteDialogue Vertical {
        width: 72; max-width: 90%; height: 3;
        border: round $focused; border-title-color: $bright; background: $panel;
    }
    NoteDialogue SafeInput { border: none; height: 1; background: $panel; }
    NoteDialogue SafeInput:focus { border: none; }
    """

    def __init__(self, about: str, what: str = "Note", keeps: str = "keeps", value: str = "") -> None:
        super().__init__()
        self.about = safe_text(about, 60)
        self.what = what
        self.keeps = keeps
        self.value = value

    def compose(self) -> ComposeResult:
        """Title and line."""
        with Vertical() as box:
            set_titles(box, [(f"{self.what} · ", ""), (self.about, "")], f"Enter {self.keeps} · Esc leaves")
            yield SafeInput(self.value, compact=True, max_length=2000)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self.dismiss(event.value.strip() or None)

    def action_close(self) -> None:
        """Leave without a note."""
        self.dismiss(None)


def _help_line(action: Action, keymap: KeyMap, names: int) -> Line:
    keys, label = fit("  " + keymap.shown(action), 12), fit(action.label, names)
    return line((keys, "key"), (label, "title"), (action.help, "dim"), hang=12 + names)


def help_lines(
    keymap: KeyMap = PLAIN,
    here: Sequence[Context] = (),
    *,
    names: int = 20,
    have: Collection[str] | None = None,
) -> list[Line]:
    """Every verb, by where it counts, with the keys a person has; those that count `here` first.

    `names` is how wide the verbs' names are drawn; 0 leaves them out. Verbs that need what is not in `have`
    are left out; None is for all of them.
    """
    out: list[Line] = []
    first = set(here) - {"app"}
    titles = sorted(actions.CONTEXTS.items(), key=lambda item: item[0] not in first)
    for context, title in titles:
        out += [
            line((title, "head")),
            *(
                _help_line(action, keymap, names)
                for action in actions.of(context)
                if have is None or not action.needs or action.needs in have
            ),
            Line(),
        ]
    return out


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """All keys, scrolling. Nothing shines through: what lies beneath would be drawn with every line of it."""

    BINDINGS: ClassVar = bindings("help")
    CSS = """
    HelpScreen { background: $background; align: center middle; }
    HelpScreen TextView {
        width: 100; max-width: 100%; height: 100%; padding: 0 1;
        border: round $focused; border-title-color: $bright; background: $background;
    }
    """

    def __init__(self, here: Sequence[Context] = (), have: Collection[str] | None = None) -> None:
        super().__init__()
        self.here = here
        self.have = have

    def compose(self) -> ComposeResult:
        """The text."""
        view = TextView("help")
        names = 20 if self.app.size.width >= SMALL else 0
        view.show(help_lines(keys_of(self.app), self.here, names=names, have=self.have))
        set_titles(view, [("Keys", "")], "Esc or q closes")
        yield view

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)
