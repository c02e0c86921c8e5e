"""Triage verbs that keep an alert alive: escalating it, and putting it off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socterm.console.safe import say
from socterm.console.screens.dialogues import NoteDialogue, SnoozeDialogue
from socterm.console.screens.pointing import Pointing
from socterm.console.snoozing import CHOICES
from socterm.console.words import stamp
from socterm.query.times import later


class Escalating(Pointing):
    """Escalate and snooze; who derives from it says what a verb acts on and how a decision is written."""

    def targets(self) -> list[int]:
        """The alerts a verb acts on."""
        raise NotImplementedError

    def decide(self, verb: str, done: str, ids: Sequence[int], **details: Any) -> None:
        """Write a decision."""
        raise NotImplementedError

    def action_escalate(self) -> None:
        """Work on them has begun, as part of something greater."""
        self.decide("escalate", "escalated", self.targets())

    def action_hand_over(self) -> None:
        """Escalate and close."""
        self.decide("hand_over", "escalated and closed", self.targets(), verdict="undetermined")

    def action_snooze(self) -> None:
        """Ask until when, then put off."""
        ids = self.targets()
        if not ids:
            return

        def chosen(choice: str | None) -> None:
            if choice == "other":
                ask = NoteDialogue("30m, 4h, 2d or 2026-11-20T08:00 (UTC)", what="Snooze", keeps="snoozes")
                self.app.push_screen(ask, written)
            elif choice:
                self._put_off(ids, CHOICES[choice](self.clock(), self.tz))

        def written(text: str | None) -> None:
            until = later(text, self.clock()) if text else None
            if text and until is None:
                say(self.app, "write a time as 30m, 4h, 2d or 2026-11-20T08:00", "warning")
            elif until is not None:
                self._put_off(ids, until)

        self.app.push_screen(SnoozeDialogue(len(ids)), chosen)

    def _put_off(self, ids: Sequence[int], until: int) -> None:
        self.decide("snooze", f"snoozed until {stamp(until, self.tz)[:16]}", ids, until=until)
