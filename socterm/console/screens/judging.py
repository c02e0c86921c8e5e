"""Triage verbs that say why an alert is closed; a false positive offers an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from socterm.console.decisions import Decision, Decisions
from socterm.console.screens.dialogues import VerdictDialogue
from socterm.console.screens.escalating import Escalating
from socterm.console.words import VERDICTS
from socterm.store.rows import AlertRow


class Judging(Escalating):
    """Verdicts; who derives from it keeps the decisions and the list."""

    decisions: Decisions

    def left_behind(self, ids: Sequence[int]) -> None:
        """These are not open any more."""
        raise NotImplementedError

    def action_verdict(self) -> None:
        """Ask which verdict, then close with it."""
        ids = self.targets()
        if not ids:
            return

        def chosen(verdict: str | None) -> None:
            alert = self.row_of(ids[0])
            if verdict == "false_positive" and len(ids) == 1 and alert is not None:
                self.offer_exception(alert)
            elif verdict:
                self.close_as(verdict, ids)

        self.app.push_screen(VerdictDialogue(len(ids)), chosen)

    def close_as(self, verdict: str, ids: Sequence[int]) -> None:
        """Close with a verdict."""
        self.decide("verdict", f"closed as {VERDICTS[verdict]}", ids, verdict=verdict)

    def offer_exception(self, alert: AlertRow) -> None:
        """A false positive: with an exception, without, or not at all."""
        from socterm.console.offering import for_alert  # looks back with sigma's eyes, as the dialogue does
        from socterm.console.screens.excepting import Chosen, ExceptionDialogue

        def chosen(choice: Chosen | None) -> None:
            if choice is not None and choice.made is None:
                self.close_as("false_positive", [alert.id])
            elif choice is not None and choice.made is not None:
                self._except(alert.id, choice.made, choice.expires)

        dialogue = ExceptionDialogue(
            self.console.frame, lambda store: for_alert(store, alert), alert=alert.id
        )
        self.app.push_screen(dialogue, chosen)

    def _except(self, alert: int, made: Mapping[str, object], expires: int) -> None:
        """Close it and put the exception in force, in one decision."""
        details: dict[str, Any] = {"made": made, "expires": expires, "alert": alert, "closing": (alert,)}
        self.decisions.submit(Decision("except", "closed as false, with an exception", (), details))
        self.left_behind([alert])
        self.alerts.marked.clear()
        self.titles()
