"""The command palette's list: every verb of the registry that can be used now, by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from socterm.console import actions
from socterm.console.actions import Action
from socterm.console.keymap import keys_of
from socterm.console.safe import SafeText, join
from socterm.console.screens.page import Page
from socterm.console.screens.triage import TriageScreen

if TYPE_CHECKING:
    from socterm.console.going import Going


class VerbProvider(Provider):
    """Offers the verbs of the screen in front and of every screen, and the screens, in their own words."""

    @property
    def _app(self) -> Going:
        return cast("Going", self.app)

    def _verbs(self) -> list[tuple[Action, SafeText]]:
        here = self.screen
        offers = here.OFFERS if isinstance(here, Page | TriageScreen) else ("app",)
        have = self._app.frame.have
        found = [a for a in actions.of(*offers, "go") if not a.needs or a.needs in have]
        return [(a, join([a.label, "  ", self._keys(a)])) for a in found if a.handler != "cancel"]

    def _keys(self, action: Action) -> str:
        keys = keys_of(self.app).shown(action)
        return f", {keys}" if action.context == "go" else keys

    async def _run(self, action: Action) -> None:
        if action.context == "go":
            self._app.go(action.label)
        else:
            await self._app.run_verb(action)

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
