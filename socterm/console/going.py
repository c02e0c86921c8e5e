"""Going between screens: Triage stays open below, one screen (or a trail of them) lies above it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from textual.app import App

from socterm.console.actions import ACTIONS, Action, of
from socterm.console.commands import understand
from socterm.console.frame import Frame
from socterm.console.hints import HINTS
from socterm.console.keymap import keys_of
from socterm.console.pivots import BY_NAME as PIVOTS
from socterm.console.pivots import Spot
from socterm.console.places import BY_NAME as PLACES
from socterm.console.safe import copy, join, say
from socterm.console.screens.command import CommandLine
from socterm.console.screens.menus import GoMenu, PivotMenu
from socterm.console.screens.page import Page
from socterm.console.screens.triage import TriageScreen

KEPT = 50
"""Commands remembered from one start to the next."""


class Going(App[None], inherit_bindings=False):
    """The application's way from screen to screen."""

    frame: Frame
    triage: TriageScreen
    hints = False

    def go(self, place: str, argument: str = "") -> None:
        """To a screen; whatever lay above Triage is left."""
        if isinstance(self.screen, Page) and place == self.screen.PLACE:
            self.screen.arrive(argument)
            return
        while self.screen is not self.triage and len(self.screen_stack) > 1:
            self.pop_screen()
        if place == "triage":
            self._remember()
        else:
            self.visit(place, argument)

    def visit(self, place: str, argument: str = "") -> None:
        """To a screen from which Esc comes back here."""
        here = self.screen
        if isinstance(here, Page) and place == here.PLACE:
            here.arrive(argument)
        elif place == "triage":
            self.go(place)
        else:
            self.push_screen(PLACES[place].load()(self.frame, argument))
            self.hint(place)
        self._remember()

    def hint(self, place: str) -> None:
        """Tell somebody who sees a screen for the first time what to press there."""
        seen = self.frame.state.seen
        if self.hints and place in HINTS and place not in seen:
            self.frame.state.seen = [*seen, place]
            keys = {action.id: keys_of(self).first(action) for action in ACTIONS}
            say(self, re.sub(r"\{([\w.]+)\}", lambda found: keys[found[1]], HINTS[place]))

    def back(self) -> None:
        """One screen back; from Triage there is none."""
        if self.screen is not self.triage:
            self.pop_screen()
        self._remember()

    def _way_back(self) -> tuple[str, str]:
        """The screen in front and what it is to be opened with to show the same; "" for Triage."""
        here = self.screen
        return (here.PLACE, here.shown_by()) if isinstance(here, Page) else ("", "")

    def _remember(self) -> None:
        here = self.screen
        self.frame.state.place = here.PLACE if isinstance(here, Page) else "triage"

    def open_alert(self, alert: int) -> None:
        """Show an alert on the Triage screen, or say that there is none of that number."""
        if self.frame.store.triage.alert(alert) is None:
            say(self, f"there is no alert {alert}", "warning")
            return
        came_from = self._way_back()
        self.go("triage")
        self.triage.open_alert(alert, came_from)

    def open_event(self, event: int) -> None:
        """Show an event in the detail of the Triage screen, or say that there is none of that number."""
        if not self.frame.store.events.get([event]):
            say(self, f"there is no event {event}", "warning")
            return
        came_from = self._way_back()
        self.go("triage")
        self.triage.open_event(event, came_from)

    def narrow(self, clause: str) -> None:
        """Add a clause to the filter of the screen in front."""
        here = self.screen
        if isinstance(here, Page | TriageScreen):
            here.narrow(clause)

    def copy_value(self, text: str) -> None:
        """Put a text on the clipboard (OSC 52) and say so."""
        copy(self, text)
        say(self, join(["copied ", text[:60]]))

    def suppress(self, spot: Spot) -> None:
        """Offer an exception for what has the value, as a decision of the screen in front."""
        here = self.screen
        if isinstance(here, Page | TriageScreen):
            here.suppress(spot)

    def pivot(self, spot: Spot) -> None:
        """Ask what to do with the value under the cursor."""
        if not any(pivot.fits(spot) for pivot in PIVOTS.values()):
            say(self, "no value under the cursor")
            return

        def chosen(name: str | None) -> None:
            if name:
                PIVOTS[name].run(self, spot)

        self.push_screen(PivotMenu(spot), chosen)

    def verbs(self) -> Sequence[Action]:
        """The verbs that can be named now: those of the screen in front, and those of every screen."""
        here = self.screen
        offers = here.OFFERS if isinstance(here, Page | TriageScreen) else ("app",)
        return [a for a in of(*offers) if not a.needs or a.needs in self.frame.have]

    async def run_verb(self, action: Action) -> None:
        """Do what a verb's key does."""
        if action.context == "app":
            await self.run_action(action.handler)
        else:
            await self.screen.run_action(action.handler)

    async def command(self, text: str) -> None:
        """Do what a command means. Raises UsageError where it means nothing."""
        meant = understand(text, self.verbs())
        past = self.frame.state.commands
        self.frame.state.commands = [*[one for one in past if one != text], text][-KEPT:]
        if meant.kind == "alert":
            self.open_alert(meant.number)
        elif meant.kind == "event":
            self.open_event(meant.number)
        elif meant.kind == "place":
            self.go(meant.name, meant.argument)
        elif meant.action is not None:
            await self.run_verb(meant.action)

    def action_go_menu(self) -> None:
        """Which screen."""

        def chosen(name: str | None) -> None:
            if name:
                self.go(name)

        if not self.screen.is_modal:
            self.push_screen(GoMenu(), chosen)

    def action_command_line(self) -> None:
        """Type a command."""

        async def typed(text: str | None) -> None:
            if text:
                await self.command(text)

        if not self.screen.is_modal:
            self.push_screen(CommandLine(self.verbs(), self.frame.state.commands), typed)
