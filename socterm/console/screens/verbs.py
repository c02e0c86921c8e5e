"""Verbs every screen has: what comes of the value under the cursor, and taking decisions back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socterm.console.decisions import Decision
from socterm.console.messages import Decided
from socterm.console.pivots import Spot, clause
from socterm.console.safe import say
from socterm.console.words import plural

if TYPE_CHECKING:
    from socterm.console.decisions import Decisions
    from socterm.console.going import Going


class Verbs:
    """For a screen that knows its `spot`, can `narrow` what it shows, and writes `decisions`."""

    if TYPE_CHECKING:
        decisions: Decisions

        @property
        def console(self) -> Going:
            """The application."""

        def spot(self) -> Spot:
            """The value under the cursor."""

        def narrow(self, clause: str) -> None:
            """Add a clause to the filter."""

    def action_pivot(self) -> None:
        """What else there is about the value under the cursor."""
        self.console.pivot(self.spot())

    def suppress(self, spot: Spot) -> None:
        """Offer an exception for what has the value; it is this screen's decision."""
        from socterm.console.offering import for_value  # looks back with sigma's eyes, as the dialogue does
        from socterm.console.screens.excepting import Chosen, ExceptionDialogue

        def chosen(choice: Chosen | None) -> None:
            if choice is not None and choice.made is not None:
                details = {"made": choice.made, "expires": choice.expires, "alert": spot.alert}
                self.decisions.submit(Decision("except", "in force", (), details, noun="exception"))

        frame = self.console.frame
        self.console.push_screen(ExceptionDialogue(frame, lambda store: for_value(store, spot)), chosen)

    def action_keep_value(self) -> None:
        """Keep what has the value."""
        self._by_value("")

    def action_exclude_value(self) -> None:
        """Leave out what has it."""
        self._by_value("not ")

    def _by_value(self, how: str) -> None:
        field, value = self.spot().first()
        if field:
            self.narrow(f"{how}{clause(field, value)}")
        else:
            say(self.console, "no value under the cursor")

    def action_undo(self) -> None:
        """Take back the last decision."""
        self.decisions.undo()

    def action_redo(self) -> None:
        """Do it again."""
        self.decisions.redo()

    def tell(self, message: Decided, noun: str) -> None:
        """Say what was decided of how many of them, or why nothing was."""
        if message.error:
            say(self.console, message.error, "warning")
        elif message.count:
            again = "" if message.verb in {"undo", "redo"} else " · z takes it back"
            say(self.console, f"{plural(message.count, message.noun or noun)} {message.done}{again}")
        else:
            say(self.console, f"nothing to {message.verb}")
