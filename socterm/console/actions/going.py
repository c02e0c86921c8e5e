"""The keys after `,` and after `p`, made from the tables of screens and of pivots; and the `:` line."""

from socterm.console.actions.model import Action, Group, group
from socterm.console.pivots import PIVOTS
from socterm.console.places import PLACES

CANCEL = "Stay here"


def _go() -> Group:
    rows = [
        Action(f"go.{place.name}", (place.key,), place.name, place.help, "go",
               f"choose('{place.name}')")
        for place in PLACES
    ]  # fmt: skip
    return Group(
        "go", "After ,", (*rows, Action("go.cancel", ("escape", "q"), "stay", CANCEL, "go", "cancel"))
    )


def _pivot() -> Group:
    rows = [
        Action(
            f"pivot.{pivot.name}", (pivot.key,), pivot.label, pivot.help, "pivot", f"choose('{pivot.name}')"
        )
        for pivot in PIVOTS
    ]
    leave = Action("pivot.cancel", ("escape", "q"), "stay", CANCEL, "pivot", "cancel")
    return Group("pivot", "After p", (*rows, leave))


# fmt: off
GROUPS: tuple[Group, ...] = (
    _go(),
    _pivot(),
    group(
        "command", "Command line",
        ("command.complete", "tab", "complete", "Complete what is typed", "complete"),
        ("command.next", "down", "next", "The next suggestion", "step(1)"),
        ("command.previous", "up", "previous", "The suggestion before, or the last command", "step(-1)"),
        ("command.close", "escape", "leave", "Leave without doing anything", "close"),
    ),
)
# fmt: on
