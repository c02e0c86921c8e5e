"""Verbs of the Sources screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "sources", "Sources screen",
        ("sources.samples", "u", "not understood", "Its latest lines that no format knew", "samples", 1),
        beside=("list",),
    ),
)
# fmt: on
