"""Verbs of the Triage screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "triage", "Triage screen",
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
        ("view.keep", "equals_sign", "keep", "Keep what has the value under the cursor", "keep_value"),
        ("view.exclude", "minus", "exclude", "Leave out what has that value", "exclude_value"),
        ("view.pivot", "p", "pivot", "What else there is about the value under the cursor", "pivot"),
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
)
# fmt: on
