"""Verbs of the Events screen, and of choosing from a short list."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "events", "Events screen",
        ("events.next_alerted", "right_square_bracket", "next alerted", "Next event that alerted",
         "next_alerted(1)", 10),
        ("events.previous_alerted", "left_square_bracket", "previous alerted", "Previous event that alerted",
         "next_alerted(-1)"),
        ("events.search", "ctrl+f", "search", "Look for something without hiding the rest", "search", 20),
        ("events.next_hit", "n", "next hit", "Next line the search finds", "next_hit(1)"),
        ("events.previous_hit", "N", "previous hit", "Previous line the search finds", "next_hit(-1)"),
        ("events.jump", "at", "to a time", "Go to a time: 10:42, 2h ago, +10m from here", "jump", 30),
        ("events.columns", "o", "columns", "Choose the columns", "columns", 40),
        ("events.bookmark", "b", "bookmark", "Bookmark the line, or forget the bookmark", "bookmark"),
        ("events.bookmarks", "apostrophe", "bookmarks", "Go to a bookmarked line", "bookmarks"),
        ("events.export", "w", "export", "Write what passes the filter to a file; again: stop", "export",
         0, "files"),
        ("events.views", "V", "views", "Saved views: open one, save this one", "views"),
        ("events.pause", "space", "pause", "Hold the view still; ingest goes on", "pause"),
        beside=("list",),
    ),
    group(
        "columns", "Columns of Events",
        ("columns.next", "l right", "next column", "To the value on the right", "cell(1)"),
        ("columns.previous", "h left", "previous column", "To the value on the left", "cell(-1)"),
    ),
    group(
        "picker", "Choosing from a list",
        ("picker.choose", "enter", "choose", "Take it", "choose", 1),
        ("picker.mark", "x space", "mark", "Mark it; in a list of things to have", "mark", 2),
        ("picker.add", "s", "save", "Save what is shown now under a name", "add", 3),
        ("picker.forget", "d delete", "forget", "Forget it; in a list of saved things", "forget", 4),
        ("picker.none", "a", "automatic", "None of them: what fits best", "automatic", 5),
        ("picker.cancel", "escape q", "leave", "Leave without choosing", "cancel", 6),
    ),
)
# fmt: on
