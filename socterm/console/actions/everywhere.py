"""Verbs that count everywhere."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "app", "Everywhere",
        ("app.help", "question_mark", "help", "All keys", "help", 100),
        ("app.go", "comma", "go to", "Go to another screen; the next key says which", "go_menu"),
        ("app.command", "colon", "command", "Type a screen, an alert's number or a verb", "command_line"),
        ("app.palette", "ctrl+p", "palette", "Find a verb by its name", "command_palette"),
        ("app.mouse", "f2", "mouse", "Leave the mouse to the terminal, or take it back", "toggle_mouse"),
        ("app.quit", "ctrl+q ctrl+c", "quit", "Leave; ingest of this process ends with it", "quit"),
    ),
)
# fmt: on
