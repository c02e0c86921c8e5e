"""Every verb of the console, once: keys, words and handler. To add a verb, add an entry here.

Bindings, footer, help, command palette, docs/console.md and the tests are all read from `ACTIONS`; a key that
is not in it cannot be bound, a handler that is missing fails a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from textual.binding import Binding

Context = Literal["app", "triage", "rows", "text", "detail", "verdict", "filter", "chat", "dialogue"]
"""Where an action's keys count: everywhere, on the Triage screen, in a list, in running text, in the detail,
while a verdict is asked for, in the filter line, in the chat line, in a dialogue."""

CONTEXTS: dict[Context, str] = {
    "triage": "Triage screen",
    "rows": "Lists (alerts, stream)",
    "text": "Text (detail, chat, help)",
    "detail": "Detail",
    "verdict": "After d",
    "filter": "Filter line",
    "chat": "Chat line",
    "dialogue": "Dialogues",
    "app": "Everywhere",
}


class Action(NamedTuple):
    """One verb. `footer` is its place in the footer (0: not there); `needs` names what must be there."""

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

ACTIONS: tuple[Action, ...] = (
    # decisions
    Action("alert.close", ("e",), "close", "Close as undetermined and go to the next alert", "triage", "close", 10),
    Action("alert.close_group", ("E",), "close group", "Close every open alert of the same rule and entity", "triage", "close_group"),
    Action("alert.acknowledge", ("a",), "ack", "Acknowledge: this alert is mine", "triage", "acknowledge", 20),
    Action("alert.verdict", ("d",), "verdict", "Close with a verdict: t true, b benign true, f false, d duplicate, x test", "triage", "verdict", 30),
    Action("alert.reopen", ("r",), "reopen", "Reopen a closed alert", "triage", "reopen"),
    Action("alert.note", ("m",), "note", "Write a note on the alert", "triage", "note", 60),
    Action("triage.undo", ("z",), "undo", "Take back your last decision", "triage", "undo", 90),
    Action("triage.redo", ("Z",), "redo", "Do again what you took back last", "triage", "redo"),
    # selection
    Action("mark.one", ("x",), "mark", "Mark or unmark the alert; verbs then act on all marked ones", "triage", "mark"),
    Action("mark.range", ("v",), "range", "Mark from the last mark to the cursor", "triage", "mark_range"),
    Action("mark.rule", ("asterisk",), "mark rule", "Mark every alert of this rule", "triage", "mark_rule"),
    Action("mark.all", ("ctrl+a",), "mark all", "Mark every alert shown; again: none", "triage", "mark_all"),
    # analyst
    Action("analyst.explain", ("i",), "explain", "Explain the alert, with citations", "triage", "explain", 40, "analyst"),
    Action("analyst.chat", ("c",), "chat", "Ask about the alert", "triage", "chat", 50, "analyst"),
    # view
    Action("view.filter", ("slash",), "filter", "Filter the alerts or the stream as you type", "triage", "filter", 70),
    Action("view.filter_toggle", ("F",), "filter on/off", "Switch the pane's filter off, or on again", "triage", "toggle_filter"),
    Action("view.pause", ("space",), "pause", "Hold the view still; ingest goes on and is counted", "triage", "pause", 80),
    Action("view.closed", ("C",), "closed too", "Show closed alerts too, or only open ones", "triage", "toggle_closed"),
    Action("view.order", ("O",), "order", "Order the alerts by level, by newest, by count", "triage", "next_order"),
    Action("view.copy", ("y",), "copy", "Copy what the cursor is on to the terminal's clipboard", "triage", "copy"),
    Action("view.theme", ("T",), "theme", "Next theme: night, day, clear (for colour-blind eyes)", "triage", "next_theme"),
    # panes
    Action("pane.alerts", ("1",), "alerts", "Go to the alerts", "triage", "focus_pane('alerts')"),
    Action("pane.detail", ("2",), "detail", "Go to the detail", "triage", "focus_pane('detail')"),
    Action("pane.stream", ("3",), "stream", "Go to the event stream", "triage", "focus_pane('stream')"),
    Action("pane.chat", ("4",), "chat pane", "Go to the chat", "triage", "focus_pane('chat')"),
    Action("pane.next", ("tab",), "next pane", "Go to the next pane", "triage", "next_pane(1)"),
    Action("pane.previous", ("shift+tab",), "previous pane", "Go to the previous pane", "triage", "next_pane(-1)"),
    Action("pane.open", ("enter",), "open", "Open what the cursor is on", "triage", "open"),
    Action("pane.back", ("escape",), "back", "Back one step; stops an answer that is being written", "triage", "back"),
    Action("pane.quit", ("q",), "back, quit", "Back one step; quits from the list", "triage", "back_or_quit"),
    Action("detail.down", ("J",), "detail down", "Scroll the detail from wherever you are", "triage", "scroll_detail(3)"),
    Action("detail.up", ("K",), "detail up", "Scroll the detail back", "triage", "scroll_detail(-3)"),
    # moving in lists
    Action("rows.down", ("j", "down"), "down", "Next row", "rows", "move(1)"),
    Action("rows.up", ("k", "up"), "up", "Previous row; in the stream this leaves follow", "rows", "move(-1)"),
    Action("rows.first", ("g", "home"), "first", "First row", "rows", "first"),
    Action("rows.last", ("G", "end"), "last", "Last row; in the stream this follows again", "rows", "last"),
    Action("rows.page_down", ("pagedown",), "page down", "One page down", "rows", "page(1.0)"),
    Action("rows.page_up", ("pageup",), "page up", "One page up", "rows", "page(-1.0)"),
    Action("rows.half_down", ("ctrl+d",), "half down", "Half a page down", "rows", "page(0.5)"),
    Action("rows.half_up", ("ctrl+u",), "half up", "Half a page up", "rows", "page(-0.5)"),
    # moving in text
    Action("text.down", ("j", "down"), "down", "Next value, or scroll down", "text", "move(1)"),
    Action("text.up", ("k", "up"), "up", "Previous value, or scroll up", "text", "move(-1)"),
    Action("text.first", ("g", "home"), "top", "To the top", "text", "first"),
    Action("text.last", ("G", "end"), "end", "To the end", "text", "last"),
    Action("text.page_down", ("pagedown",), "page down", "One page down", "text", "page(1.0)"),
    Action("text.page_up", ("pageup",), "page up", "One page up", "text", "page(-1.0)"),
    Action("text.half_down", ("ctrl+d",), "half down", "Half a page down", "text", "page(0.5)"),
    Action("text.half_up", ("ctrl+u",), "half up", "Half a page up", "text", "page(-0.5)"),
    Action("detail.next_tab", ("l", "right"), "next tab", "Next tab: Summary, Fields, Raw, History, AI", "detail", "next_tab(1)"),
    Action("detail.previous_tab", ("h", "left"), "previous tab", "Previous tab", "detail", "next_tab(-1)"),
    # the verdict line
    Action("verdict.true", ("t",), "true", "True positive: it happened and it matters", "verdict", "choose('true_positive')", 1),
    Action("verdict.benign", ("b",), "benign true", "Benign true positive: it happened and was allowed", "verdict", "choose('benign_true_positive')", 2),
    Action("verdict.false", ("f",), "false", "False positive: the rule is wrong here", "verdict", "choose('false_positive')", 3),
    Action("verdict.duplicate", ("d",), "duplicate", "Duplicate: handled with another alert", "verdict", "choose('duplicate')", 4),
    Action("verdict.test", ("x",), "test", "Test: an exercise or a trial", "verdict", "choose('test')", 5),
    Action("verdict.cancel", ("escape", "q"), "cancel", "No verdict", "verdict", "cancel", 6),
    # lines to type in
    Action("filter.keep", ("enter",), "keep", "Keep the filter and go to the list", "filter", "keep", 1),
    Action("filter.cancel", ("escape",), "as before", "Put back the filter that was there before", "filter", "cancel", 2),
    Action("filter.list", ("down",), "to the list", "Keep the filter and go to the list", "filter", "keep"),
    Action("chat.stop", ("escape",), "stop, back", "Stop the answer, or leave the chat line", "chat", "stop", 1),
    Action("chat.previous", ("up",), "last question", "Bring back the question asked before", "chat", "recall"),
    Action("dialogue.close", ("escape",), "close", "Close without doing anything", "dialogue", "close", 1),
    # everywhere
    Action("app.help", ("question_mark",), "help", "All keys", "app", "help", 100),
    Action("app.palette", ("ctrl+p",), "palette", "Find a verb by its name", "app", "command_palette"),
    Action("app.mouse", ("f2",), "mouse", "Give the mouse to the terminal (to select text), or take it back", "app", "toggle_mouse"),
    Action("app.quit", ("ctrl+q", "ctrl+c"), "quit", "Leave; ingest of this process ends with it", "app", "quit"),
)  # fmt: skip


def of(*contexts: Context) -> list[Action]:
    """The actions of some contexts, in table order."""
    return [action for action in ACTIONS if action.context in contexts]


def bindings(*contexts: Context) -> list[Binding]:
    """What a class that serves these contexts binds."""
    return [
        Binding(action.binding_keys, action.handler, action.label, id=f"{action.id}", priority=action.id == "app.quit")
        for action in of(*contexts)
    ]


def method(action: Action) -> str:
    """The method that carries an action out: `action_close` for the handler `close`."""
    return "action_" + action.handler.partition("(")[0]


def footer(contexts: Iterable[Context], have: frozenset[str] = frozenset()) -> list[Action]:
    """What the footer offers in these contexts, in its order; `have` names what is present ("analyst")."""
    wanted = [a for a in ACTIONS if a.footer and a.context in set(contexts) and (not a.needs or a.needs in have)]
    return sorted(wanted, key=lambda action: action.footer)


def keys_markdown() -> str:
    """The key tables of docs/console.md; a test compares them with the file."""
    out: list[str] = []
    for context, title in CONTEXTS.items():
        out += [f"### {title}", "", "| key | verb | what it does |", "|---|---|---|"]
        out += [f"| `{a.shown_keys.replace('|', chr(92) + '|')}` | {a.label} | {a.help} |" for a in of(context)]
        out.append("")
    return "\n".join(out)
