"""The footer: the keys of the moment, out of the action registry."""

from __future__ import annotations

from collections.abc import Sequence

from socterm.console import actions
from socterm.console.actions import Context
from socterm.console.keymap import keys_of
from socterm.console.lines import sp
from socterm.console.widgets.bars import Bar, Part


class Footer(Bar):
    """Shows what the contexts offer that are in force; the last ones give way first."""

    def __init__(
        self, contexts: tuple[Context, ...], have: frozenset[str] = frozenset(), lead: str = ""
    ) -> None:
        super().__init__(id="footer")
        self.contexts = contexts
        self.have = have
        self.lead = lead

    def offer(self, contexts: tuple[Context, ...], lead: str = "") -> None:
        """Show the keys of other contexts, after a leading word."""
        if (contexts, lead) != (self.contexts, self.lead):
            self.contexts, self.lead = contexts, lead
            self.refresh()

    def parts(self) -> Sequence[Part]:
        """Key and word of each action; help stays longest."""
        lead = [Part((sp(f" {self.lead} ", "head"),))] if self.lead else []
        keys = keys_of(self.app)
        offered = [action for action in actions.footer(self.contexts, self.have) if keys.keys(action)]
        return lead + [
            Part(
                (sp(f" {keys.first(action)} ", "key"), sp(f"{action.label} ", "dim")),
                self._rank(rank, action.id),
            )
            for rank, action in enumerate(offered, 1)
        ]

    @staticmethod
    def _rank(rank: int, action: str) -> int:
        return 1 if action == "app.help" else rank + 1
