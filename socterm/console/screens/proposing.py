"""Applying what the analyst's roles propose: the exact action is shown, then a person's key does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from socterm.console.actions import bindings
from socterm.console.decisions import Decision
from socterm.console.messages import Proposed
from socterm.console.roletold import LINES, proposal_lines
from socterm.console.safe import say, set_titles
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.widgets.text import TextView

if TYPE_CHECKING:
    from socterm.console.decisions import Decisions
    from socterm.console.readers import Store
    from socterm.store.doors.analyses import Proposal

MOST = 4
"""Proposals that are offered: as many as there are keys."""


class ProposalDialogue(ModalScreen[int], inherit_bindings=False):
    """What each proposal would do; the next key is which. Answers its number in the store, or None."""

    BINDINGS: ClassVar = bindings("proposal")
    CSS = """
    ProposalDialogue { background: transparent; align: center middle; }
    ProposalDialogue Vertical {
        width: 84; max-width: 96%; height: auto; max-height: 90%; padding: 0 1;
        border: round $focused; border-title-color: $bright; background: $background;
    }
    ProposalDialogue TextView { height: 16; max-height: 80%; }
    """

    def __init__(self, proposals: Sequence[Proposal], actor: str) -> None:
        super().__init__()
        self.proposals = list(proposals[:MOST])
        self.actor = actor

    def compose(self) -> ComposeResult:
        """The text."""
        with Vertical() as box:
            set_titles(box, [("Proposals", "")], "a number applies it · Esc leaves")
            yield TextView("proposals")

    def on_mount(self) -> None:
        """Write it."""
        view = self.query_one(TextView)
        view.show(proposal_lines(self.proposals, self.actor))
        view.focus()

    def action_choose(self, number: int) -> None:
        """That one, where there is one and what it does can be read; else it is shown first."""
        if number > len(self.proposals):
            return
        view = self.query_one(TextView)
        place = LINES * (number - 1)
        if view.in_sight(place):
            self.dismiss(self.proposals[number - 1].id)
        else:
            view.to_line(place)
            say(self.app, f"that is what {number} does: press it again")

    def action_cancel(self) -> None:
        """None."""
        self.dismiss(None)


class Proposing(Reader):
    """For a screen with a store that writes `decisions`."""

    if TYPE_CHECKING:
        store: Store
        decisions: Decisions

        @property
        def proposer(self) -> str:
            """In whose name something is decided."""

    @in_thread("proposals")
    def read_proposals(self, abouts: Sequence[str]) -> None:
        """Read what is proposed about the first of these cases that has something."""
        found: list[Proposal] = []
        for about in abouts:
            found = found or self.store.analyses.proposals(about)
        self.post_message(Proposed(found))

    def on_proposed(self, message: Proposed) -> None:
        """Show what each would do."""
        if not message.proposals:
            say(self.app, "nothing is proposed; i has the analyst look")
            return

        def chosen(ident: int | None) -> None:
            if ident is not None:
                self.decisions.submit(Decision("apply", "done as proposed", (ident,), noun="proposal"))

        self.app.push_screen(ProposalDialogue(message.proposals, self.proposer), chosen)
