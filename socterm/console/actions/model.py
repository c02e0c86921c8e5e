"""What a verb of the console is, and how the tables of verbs are written down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Context = str
"""Where an action's keys count: on a screen, in a list, in running text, in a dialogue, everywhere.

The names are those of the groups in the tables beside this file; a test knows every one that is used.
"""


class Action(NamedTuple):
    """One verb. `footer` is its place in the footer (0: not there); `needs` names what must be present.

    `handler` is the action Textual runs: the method `action_…` of the class that serves the context.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    context: Context
    handler: str
    footer: int = 0
    needs: str = ""

    @property
    def binding_keys(self) -> str:
        """The keys as Textual writes them."""
        return ",".join(self.keys)

    @property
    def shown_keys(self) -> str:
        """The keys as people write them."""
        return shown(self.keys)


class Group(NamedTuple):
    """The verbs of one context. `beside` are the contexts that are in force together with it."""

    context: Context
    title: str
    actions: tuple[Action, ...]
    beside: tuple[Context, ...] = ()


KEY_NAMES = {
    "slash": "/",
    "comma": ",",
    "colon": ":",
    "equals_sign": "=",
    "minus": "-",
    "at": "@",
    "tilde": "~",
    "apostrophe": "'",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "question_mark": "?",
    "asterisk": "*",
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "⇧Tab",
    "f2": "F2",
}


def shown(keys: Iterable[str]) -> str:
    """Keys as people write them: `^d PgDn`."""
    return " ".join(KEY_NAMES.get(key) or _written(key) for key in keys)


def _written(key: str) -> str:
    return key.upper() if key[:1] == "f" and key[1:].isdigit() else key.replace("ctrl+", "^")


Row = (
    tuple[str, str, str, str, str]
    | tuple[str, str, str, str, str, int]
    | tuple[str, str, str, str, str, int, str]
)
"""(id, keys, label, help, handler, place in the footer, what it needs)."""


def group(context: Context, title: str, *rows: Row, beside: tuple[Context, ...] = ()) -> Group:
    """A context's verbs out of plain rows."""
    made = [Action(row[0], tuple(row[1].split()), row[2], row[3], context, *row[4:]) for row in rows]
    return Group(context, title, tuple(made), beside)
