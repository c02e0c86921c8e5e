"""Verbs of the Hunt screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "hunt", "Hunt screen",
        ("hunt.by", "b", "group by", "Count the values of a field among the hits; none: the lines", "by", 10),
        ("hunt.time", "at", "time", "Which time: 7d, 2026-11-01..2026-11-14; nothing: all of it", "time", 20),
        ("hunt.rule", "B", "back-test", "What a rule would have raised: id, title or file", "rule", 30),
        ("hunt.raise", "A", "make alerts", "Make alerts of what the rule would have raised and nobody knows",
         "raise"),
        ("hunt.sql", "S", "SQL", "One SELECT over events, alerts, minutes, rules, sources …", "sql", 40),
        ("hunt.like", "tilde", "in plain words", "Lines by what they mean: failed logins, who became root",
         "like", 50),
        ("hunt.stop", "x", "stop", "Stop what is under way; what was found stays", "stop"),
        ("hunt.views", "V", "views", "Saved views: open one, save this one", "views"),
        ("hunt.export", "w", "export", "Write all hits, or the rows shown, to a file", "export",
         0, "files"),
        beside=("list",),
    ),
)
# fmt: on
