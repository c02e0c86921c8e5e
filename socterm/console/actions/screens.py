"""Verbs that every screen with a list and a detail has, and those of lists in which one can mark."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "list", "Every screen but Triage",
        ("list.filter", "slash", "filter", "Filter as you type", "filter", 60),
        ("list.filter_toggle", "F", "filter on/off", "Switch the filter off or on", "toggle_filter"),
        ("list.keep", "equals_sign", "keep", "Keep what has the value under the cursor", "keep_value"),
        ("list.exclude", "minus", "exclude", "Leave out what has that value", "exclude_value"),
        ("list.pivot", "p", "pivot", "What else there is about the value under the cursor", "pivot", 50),
        ("list.copy", "y", "copy", "Copy what the cursor is on to the clipboard", "copy"),
        ("list.undo", "z", "undo", "Take back your last decision", "undo"),
        ("list.redo", "Z", "redo", "Do again what you took back last", "redo"),
        ("list.zone", "U", "UTC/local", "Show times in UTC, or in this machine's zone again", "toggle_zone"),
        ("list.theme", "T", "theme", "Next theme: night, day, clear (colour-blind)", "next_theme"),
        ("list.list", "1", "list", "Go to the list", "focus_pane('list')"),
        ("list.detail", "2", "detail", "Go to the detail", "focus_pane('about')"),
        ("list.next", "tab shift+tab", "other pane", "Go to the other pane", "next_pane"),
        ("list.open", "enter", "open", "Open what the cursor is on", "open", 70),
        ("list.back", "escape q", "back", "Back one step, in the end to Triage", "back", 80),
        ("list.detail_down", "J", "detail down", "Scroll the detail from the list", "scroll_detail(3)"),
        ("list.detail_up", "K", "detail up", "Scroll the detail back", "scroll_detail(-3)"),
    ),
    group(
        "marks", "Lists in which one can mark",
        ("marks.one", "x", "mark", "Mark or unmark it; verbs act on all that are marked", "mark"),
        ("marks.range", "v", "range", "Mark from the last mark to the cursor", "mark_range"),
        ("marks.all", "ctrl+a", "mark all", "Mark all that are shown; again: none", "mark_all"),
        beside=("list",),
    ),
)
# fmt: on
