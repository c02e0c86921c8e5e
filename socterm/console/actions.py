"""Every verb of the console, once: keys, words and handler. To add a verb, add an entry here.

Bindings, footer, help, command palette, docs/console.md and the tests are all read from `ACTIONS`; a key that
is not in it cannot be bound, a handler that is missing fails a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from textual.binding import Binding, BindingType

Context = Literal[
    "app", "triage", "rows", "text", "detail", "verdict", "filter", "chat", "dialogue", "help", "sources"
]
"""Where an action's keys count: everywhere, on the Triage screen, in a list, in running text, in the detail,
while a verdict is asked for, in the filter line, in the chat line, in a dialogue,
in the list of keys, on the Sources screen."""

CONTEXTS: dict[Context, str] = {
    "triage": "Triage screen",
    "rows": "Lists (alerts, stream)",
    "text": "Text (detail, chat, help)",
    "detail": "Detail",
    "verdict": "After d",
    "filter": "Filter line",
    "chat": "Chat line",
    "dialogue": "Dialogues",
    "sources": "Sources screen",
    "help": "List of keys",
    "app": "Everywhere",
}


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
        return " ".join(KEY_NAMES.get(key, key.replace("ctrl+", "^")) for key in self.keys)


KEY_NAMES = {
    "slash": "/",
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

Row = (
    tuple[str, str, str, str, str]
    | tuple[str, str, str, str, str, int]
    | tuple[str, str, str, str, str, int, str]
)
"""(id, keys, label, help, handler, place in the footer, what it needs)."""


def _verbs(context: Context, *rows: Row) -> list[Action]:
    return [Action(row[0], tuple(row[1].split()), row[2], row[3], context, *row[4:]) for row in rows]


# fmt: off
ACTIONS: tuple[Action, ...] = (
    *_verbs(
        "triage",
        ("alert.close", "e", "close", "Close as undetermined and go to the next alert", "close", 10),
        ("alert.close_group", "E", "close group", "Close all alerts of this rule and entity", "close_group"),
        ("alert.acknowledge", "a", "ack", "Acknowledge: this alert is mine", "acknowledge", 20),
        ("alert.verdict", "d", "verdict", "Close with a verdict; the next key says which", "verdict", 30),
        ("alert.reopen", "r", "reopen", "Reopen a closed alert", "reopen"),
        ("alert.note", "m", "note", "Write a note on the alert", "note", 60),
        ("triage.undo", "z", "undo", "Take back your last decision", "undo", 90),
        ("triage.redo", "Z", "redo", "Do again what you took back last", "redo"),
        ("mark.one", "x", "mark", "Mark or unmark it; verbs act on all that are marked", "mark"),
        ("mark.range", "v", "range", "Mark from the last mark to the cursor", "mark_range"),
        ("mark.rule", "asterisk", "mark rule", "Mark every alert of this rule", "mark_rule"),
        ("mark.all", "ctrl+a", "mark all", "Mark every alert shown; again: none", "mark_all"),
        ("analyst.explain", "i", "explain", "Explain the alert, with citations", "explain", 40, "analyst"),
        ("analyst.chat", "c", "chat", "Ask about the alert", "chat", 50, "analyst"),
        ("view.filter", "slash", "filter", "Filter the alerts or the stream as you type", "filter", 70),
        ("view.filter_toggle", "F", "filter on/off", "Switch this pane's filter off or on", "toggle_filter"),
        ("view.pause", "space", "pause", "Hold the view still; ingest goes on", "pause", 80),
        ("view.closed", "C", "closed too", "Show closed alerts too, or only open ones", "toggle_closed"),
        ("view.parts", "P", "parts too", "List alerts that are part of others too, or not", "toggle_parts"),
        ("view.order", "O", "order", "Order the alerts by level, newest or count", "next_order"),
        ("view.copy", "y", "copy", "Copy what the cursor is on to the clipboard", "copy"),
        ("view.sources", "L", "sources", "What is read, and whether it is understood", "sources"),
        ("view.zone", "U", "UTC/local", "Show times in UTC, or in this machine's zone again", "toggle_zone"),
        ("view.theme", "T", "theme", "Next theme: night, day, clear (colour-blind)", "next_theme"),
        ("pane.alerts", "1", "alerts", "Go to the alerts", "focus_pane('alerts')"),
        ("pane.detail", "2", "detail", "Go to the detail", "focus_pane('detail')"),
        ("pane.stream", "3", "stream", "Go to the event stream", "focus_pane('stream')"),
        ("pane.chat", "4", "chat pane", "Go to the chat", "focus_pane('chat')"),
        ("pane.next", "tab", "next pane", "Go to the next pane", "next_pane(1)"),
        ("pane.previous", "shift+tab", "previous pane", "Go to the previous pane", "next_pane(-1)"),
        ("pane.open", "enter", "open", "Open what the cursor is on", "open"),
        ("pane.back", "escape", "back", "Back one step; stops an answer that is being written", "back"),
        ("pane.quit", "q", "back, quit", "Back one step; quits from the list", "back_or_quit"),
        ("detail.down", "J", "detail down", "Scroll the detail from wherever you are", "scroll_detail(3)"),
        ("detail.up", "K", "detail up", "Scroll the detail back", "scroll_detail(-3)"),
    ),
    *_verbs(
        "rows",
        ("rows.down", "j down", "down", "Next row", "move(1)"),
        ("rows.up", "k up", "up", "Previous row; in the stream this leaves follow", "move(-1)"),
        ("rows.first", "g home", "first", "First row", "first"),
        ("rows.last", "G end", "last", "Last row; in the stream this follows again", "last"),
        ("rows.page_down", "pagedown", "page down", "One page down", "page(1.0)"),
        ("rows.page_up", "pageup", "page up", "One page up", "page(-1.0)"),
        ("rows.half_down", "ctrl+d", "half down", "Half a page down", "page(0.5)"),
        ("rows.half_up", "ctrl+u", "half up", "Half a page up", "page(-0.5)"),
    ),
    *_verbs(
        "text",
        ("text.down", "j down", "down", "Next value, or scroll down", "move(1)"),
        ("text.up", "k up", "up", "Previous value, or scroll up", "move(-1)"),
        ("text.first", "g home", "top", "To the top", "first"),
        ("text.last", "G end", "end", "To the end", "last"),
        ("text.page_down", "pagedown", "page down", "One page down", "page(1.0)"),
        ("text.page_up", "pageup", "page up", "One page up", "page(-1.0)"),
        ("text.half_down", "ctrl+d", "half down", "Half a page down", "page(0.5)"),
        ("text.half_up", "ctrl+u", "half up", "Half a page up", "page(-0.5)"),
    ),
    *_verbs(
        "detail",
        ("detail.next_tab", "l right", "next tab", "Next tab of the detail", "next_tab(1)"),
        ("detail.previous_tab", "h left", "previous tab", "Previous tab of the detail", "next_tab(-1)"),
    ),
    *_verbs(
        "verdict",
        ("verdict.true", "t", "true", "An attack, and the rule was right", "choose('true_positive')", 1),
        ("verdict.benign", "b", "benign true", "What the rule looks for, but allowed",
         "choose('benign_true_positive')", 2),
        ("verdict.false", "f", "false", "The rule was wrong", "choose('false_positive')", 3),
        ("verdict.duplicate", "d", "duplicate", "Known from another alert", "choose('duplicate')", 4),
        ("verdict.test", "x", "test", "An exercise", "choose('test')", 5),
        ("verdict.cancel", "escape q", "cancel", "No verdict", "cancel", 6),
    ),
    *_verbs(
        "filter",
        ("filter.keep", "enter", "keep", "Keep the filter and go to the list", "keep", 1),
        ("filter.cancel", "escape", "as before", "Put back the filter there was", "cancel", 2),
        ("filter.list", "down", "to the list", "Keep the filter and go to the list", "keep"),
    ),
    *_verbs(
        "chat",
        ("chat.stop", "escape", "stop, back", "Stop the answer, or leave the chat line", "stop", 1),
        ("chat.previous", "up", "last question", "Bring back the question asked before", "recall"),
    ),
    *_verbs(
        "dialogue",
        ("dialogue.close", "escape", "close", "Close without doing anything", "close", 1),
    ),
    *_verbs(
        "help",
        ("help.close", "escape q", "close", "Close the list of keys", "close", 1),
    ),
    *_verbs(
        "sources",
        ("sources.samples", "u", "not understood", "Its latest lines that no format knew", "samples", 1),
        ("sources.open", "enter", "open", "Read about the source; open the line under the cursor", "open", 2),
        ("sources.next", "tab shift+tab", "other pane", "Go to the other pane", "next", 3),
        ("sources.close", "escape q", "back", "Back one step, then to the Triage screen", "close", 4),
    ),
    *_verbs(
        "app",
        ("app.help", "question_mark", "help", "All keys", "help", 100),
        ("app.palette", "ctrl+p", "palette", "Find a verb by its name", "command_palette"),
        ("app.mouse", "f2", "mouse", "Leave the mouse to the terminal, or take it back", "toggle_mouse"),
        ("app.quit", "ctrl+q ctrl+c", "quit", "Leave; ingest of this process ends with it", "quit"),
    ),
)
# fmt: on


def of(*contexts: Context) -> list[Action]:
    """The actions of some contexts, in table order."""
    return [action for action in ACTIONS if action.context in contexts]


def bindings(*contexts: Context) -> list[BindingType]:
    """What a class that serves these contexts binds."""
    return [
        Binding(
            action.binding_keys,
            action.handler,
            action.label,
            id=f"{action.id}",
            priority=action.id == "app.quit",
        )
        for action in of(*contexts)
    ]


def method(action: Action) -> str:
    """The method that carries an action out: `action_close` for the handler `close`."""
    return "action_" + action.handler.partition("(")[0]


def footer(contexts: Iterable[Context], have: frozenset[str] = frozenset()) -> list[Action]:
    """What the footer offers in these contexts, in its order; `have` names what is present ("analyst")."""
    wanted = [
        a for a in ACTIONS if a.footer and a.context in set(contexts) and (not a.needs or a.needs in have)
    ]
    return sorted(wanted, key=lambda action: action.footer)
