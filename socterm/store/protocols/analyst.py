"""The doors of the analyst: what it was asked, what it found and proposes, whom things are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from socterm.store.doors.analyses import Proposal, Trace
from socterm.store.doors.conversations import ConversationRow, TurnRow
from socterm.store.doors.entities import EntityPage, Ranked


class Conversations(Protocol):
    """What was asked of the analyst and answered, by whom."""

    def add(self, turn: TurnRow, *, actor: str, conversation: int = 0) -> int:
        """Keep a turn at the end of a conversation, of a new one where that is 0 or gone; its number."""

    def listed(self, *, actor: str | None = None, limit: int = 50) -> list[ConversationRow]:
        """Conversations, the latest first; one person's, or everybody's."""

    def get(self, conversation: int) -> tuple[ConversationRow, list[TurnRow]] | None:
        """A conversation with its turns in order; None where there is none of that number."""


class Entities(Protocol):
    """All that is known of one user, address or host."""

    def ranked(self, limit: int = 500) -> list[Ranked]:
        """Those that alerts are about, riskiest first, as of the latest alert."""

    def page(self, field: str, value: str) -> EntityPage:
        """First and last seen, outcomes, peers, alerts, incidents, risk. Takes well under a second."""


class Analyses(Protocol):
    """What the analyst's roles said of alerts and incidents, and what they propose."""

    def keep(self, trace: Trace, proposals: Sequence[Proposal] = ()) -> Trace:
        """Store a round; open proposals of earlier rounds over the same thing give way to these."""

    def latest(self, about: str) -> Trace | None:
        """The last round over "alert:3" or "incident:2"; None where there was none."""

    def proposals(self, about: str, states: Sequence[str] = ...) -> list[Proposal]:
        """What was proposed about it, in order; what is still open unless states are named."""

    def proposal(self, ident: int) -> Proposal | None:
        """One of them, or None."""

    def settle(self, ident: int, state: str, *, actor: str, now: int, was: str = "open") -> None:
        """Say what became of one. Raises TransitionError where it is not `was` any more."""

    def waiting(self, least: str, *, since: int, limit: int = 20) -> list[tuple[int, int, int]]:
        """(id, created, updated) of open incidents of a level or above, touched since (µs), that no round was
        over at their level."""

    def asked(self, actor: str, since: int) -> int:
        """How many rounds an actor had a model refine since a moment (µs)."""
