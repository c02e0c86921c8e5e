"""The dialogue after `d f` and `p s`: the exception offered; and the verbs of the Exceptions screen."""

from socterm.console.actions.model import Group, group

# fmt: off
GROUPS: tuple[Group, ...] = (
    group(
        "offer", "Exception (after d f, p s)",
        ("offer.save", "enter", "with this exception", "Except this from now on; after d f it is closed, too",
         "save", 1),
        ("offer.without", "f", "without", "Close it as a false positive; the next one alerts again",
         "without", 2, "verdict"),
        ("offer.scope", "r", "which rules", "This rule and those of its parts, this rule, all rules",
         "turn('scope')", 4),
        ("offer.width", "w", "wider", "The address, the networks around it", "turn('width')", 5),
        ("offer.until", "t", "until when", "7, 30, 90, 365 days, never", "turn('until')", 6),
        ("offer.reason", "n", "reason", "Say why, for whoever reads it in a year", "reason", 7),
        ("offer.one", "1", "first field", "Ask for the first suggested field, or not", "add_field(0)"),
        ("offer.two", "2", "second field", "Ask for the second", "add_field(1)"),
        ("offer.three", "3", "third field", "Ask for the third", "add_field(2)"),
        ("offer.four", "4", "fourth field", "Ask for the fourth", "add_field(3)"),
        ("offer.five", "5", "fifth field", "Ask for the fifth", "add_field(4)"),
        ("offer.cancel", "escape q", "neither", "Decide nothing", "cancel", 3),
    ),
    group(
        "exceptions", "Exceptions screen",
        ("exceptions.end", "e", "end", "End it: what comes from now on alerts again", "end", 1),
        beside=("list",),
    ),
)
# fmt: on
