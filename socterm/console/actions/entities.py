"""Verbs of the Entities screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "entity", "Entities screen",
        ("entity.alerts", "a", "alerts", "Its open alerts, in Triage", "alerts", 1),
        ("entity.lines", "e", "lines", "All its lines, in Events", "lines", 2),
        beside=("list",),
    ),
)
# fmt: on
