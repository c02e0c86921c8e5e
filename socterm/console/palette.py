"""The command palette's list: every verb of the registry that can be used now, by name."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from socterm.console import actions
from socterm.console.actions import Action
from socterm.console.safe import SafeText, join

OFFERED: tuple[actions.Context, ...] = ("triage", "app")


class VerbProvider(Provider):
    """Offers the verbs of the Triage screen and of the app; the text is the registry's own."""

    def _verbs(self) -> list[tuple[Action, SafeText]]:
        have: frozenset[str] = getattr(self.app, "have", frozenset())
        return [
            (a, join([a.label, "  ", a.shown_keys]))
            for a in actions.of(*OFFERED)
            if not a.needs or a.needs in have
        ]

    async def _run(self, action: Action) -> None:
        await self.screen.run_action(
            action.handler if action.context == "triage" else f"app.{action.handler}"
        )

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action, name in self._verbs():
            yield DiscoveryHit(name, partial(self._run, action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Those that match what is typed."""
        matcher = self.matcher(query)
        for action, name in self._verbs():
            score = max(matcher.match(name), matcher.match(action.help))
            if score > 0:
                yield Hit(score, matcher.highlight(name), partial(self._run, action), help=action.help)
