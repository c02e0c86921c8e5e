"""Verbs of the Rules screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "rules", "Rules screen",
        ("rules.switch", "o", "on/off", "Switch it off, with a reason, or on again", "switch", 1),
        ("rules.test", "t", "test", "Run the tests inside it", "test", 2),
        ("rules.backtest", "b", "back-test", "What it would have found in the past", "backtest", 3),
        ("rules.coverage", "v", "coverage", "What all rules cover of ATT&CK; again: the rule", "matrix", 4),
        ("rules.exceptions", "e", "exceptions", "Its exceptions", "exceptions", 5),
        beside=("list",),
    ),
)
# fmt: on
