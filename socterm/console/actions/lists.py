"""Moving in lists and in text, the detail's tabs, the filter line: the same on every screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "rows", "Lists (alerts, stream)",
        ("rows.down", "j down", "down", "Next row", "move(1)"),
        ("rows.up", "k up", "up", "Previous row; in the stream this leaves follow", "move(-1)"),
        ("rows.first", "g home", "first", "First row", "first"),
        ("rows.last", "G end", "last", "Last row; in the stream this follows again", "last"),
        ("rows.page_down", "pagedown", "page down", "One page down", "page(1.0)"),
        ("rows.page_up", "pageup", "page up", "One page up", "page(-1.0)"),
        ("rows.half_down", "ctrl+d", "half down", "Half a page down", "page(0.5)"),
        ("rows.half_up", "ctrl+u", "half up", "Half a page up", "page(-0.5)"),
    ),
    group(
        "text", "Text (detail, chat, help)",
        ("text.down", "j down", "down", "Next value, or scroll down", "move(1)"),
        ("text.up", "k up", "up", "Previous value, or scroll up", "move(-1)"),
        ("text.first", "g home", "top", "To the top", "first"),
        ("text.last", "G end", "end", "To the end", "last"),
        ("text.page_down", "pagedown", "page down", "One page down", "page(1.0)"),
        ("text.page_up", "pageup", "page up", "One page up", "page(-1.0)"),
        ("text.half_down", "ctrl+d", "half down", "Half a page down", "page(0.5)"),
        ("text.half_up", "ctrl+u", "half up", "Half a page up", "page(-0.5)"),
    ),
    group(
        "detail", "Detail",
        ("detail.next_tab", "l right", "next tab", "Next tab of the detail", "next_tab(1)"),
        ("detail.previous_tab", "h left", "previous tab", "Previous tab of the detail", "next_tab(-1)"),
    ),
    group(
        "filter", "Filter line",
        ("filter.keep", "enter", "keep", "Keep the filter and go to the list", "keep", 1),
        ("filter.cancel", "escape", "as before", "Put back the filter there was", "cancel", 2),
        ("filter.list", "down", "to the list", "Keep the filter and go to the list", "keep"),
    ),
)
# fmt: on
