"""Verbs of the Incidents screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "incidents", "Incidents screen",
        ("incidents.close", "e", "close", "Close it as undetermined, and its open alerts", "close", 1),
        ("incidents.verdict", "d", "verdict", "Close it, and its open alerts, with a verdict", "verdict", 2),
        ("incidents.start", "a", "work", "Work on it has begun, and it is mine", "start", 3),
        ("incidents.note", "m", "note", "Write a note on it", "note", 4),
        ("incidents.reopen", "O", "reopen", "Open a closed one again", "reopen"),
        ("incidents.merge", "M", "merge", "Put the marked ones into the one under the cursor", "merge", 5),
        ("incidents.split", "S", "split", "Take the alert under the detail's cursor out of it", "split", 6),
        ("incidents.analyse", "i", "analyse", "Have the analyst look at it", "analyse", 0, "analyst"),
        ("incidents.apply", "A", "proposals", "Show what they propose; the next key does one", "apply"),
        ("incidents.report", "R", "report", "Write a report on it to a file", "report", 0, "files"),
        ("incidents.over", "c", "closed too", "Closed and merged ones too, or open ones only", "over", 7),
        beside=("list",),
    ),
)
# fmt: on
