"""Verbs of the Metrics screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "metrics", "Metrics screen",
        ("metrics.longer", "right_square_bracket", "longer", "Over a longer period", "period(1)", 1),
        ("metrics.shorter", "left_square_bracket", "shorter", "Over a shorter period", "period(-1)", 2),
        ("metrics.alerts", "a", "its alerts", "List the rule's open alerts in Triage", "alerts", 3),
        beside=("list",),
    ),
)
# fmt: on
