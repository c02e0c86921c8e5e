"""The console application: themes, the display guard, the Triage screen, ingest's way to wake it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextvars import Context, copy_context
from datetime import tzinfo
from typing import Any, ClassVar

from textual import events
from textual.driver import Driver

from socterm.console.actions import bindings
from socterm.console.announcing import USUAL, Limits
from socterm.console.frame import Frame
from socterm.console.going import Going
from socterm.console.herald import Herald, How
from socterm.console.ingest import Ingest, IngestStatus, SourceStatus
from socterm.console.inorder import InOrder
from socterm.console.keymap import PLAIN, KeyMap
from socterm.console.palette import VerbProvider
from socterm.console.places import BY_NAME as PLACES
from socterm.console.readers import Store
from socterm.console.rulefiles import RuleFiles
from socterm.console.safe import ControlGuard, say
from socterm.console.screens.asking import Analyst
from socterm.console.screens.dialogues import HelpScreen
from socterm.console.screens.layout import LAYOUT
from socterm.console.screens.page import Page
from socterm.console.screens.panes import PAGES
from socterm.console.screens.triage import TriageScreen
from socterm.console.state import UiState, restore, view_name
from socterm.console.terminal import reading_text
from socterm.console.theme import DEFAULT, THEMES, textual_themes
from socterm.errors import StoreError, UsageError

__all__ = ["Ingest", "IngestStatus", "SoctermApp", "SourceStatus"]


def known_theme(name: str) -> str:
    """A theme's name, or UsageError with those there are."""
    if name not in THEMES:
        raise UsageError(f"no theme {name!r}: use one of {', '.join(THEMES)}")
    return name


class SoctermApp(Going, inherit_bindings=False):
    """One console on one store. `ingest` is None where another process feeds it; `clock` gives µs.

    Without a `ui` state it opens as it was left. `note` is told at the start and stays in the header where
    there is room; `theme` overrides the one saved; `fps` is how often it looks at the store;
    `keys` are those a person changed; `notify` tells of new alerts outside, within `limits`; `hints` tells
    what to press on screens seen for the first time; `rules` reads rule files.
    Raises UsageError for a theme that does not exist.
    """

    TITLE = "socterm"
    COMMANDS: ClassVar = {VerbProvider}
    BINDINGS: ClassVar = bindings("app")
    CSS = f"""
    {LAYOUT}
    {PAGES}
    Toast {{ background: $panel; padding: 0 1; margin-top: 0; width: auto; max-width: 60; }}
    ToastRack {{ margin-bottom: 2; }}
    Layout.-tiny ToastRack, Page.-tiny ToastRack {{ margin-bottom: 0; }}
    Layout.-tiny Toast, Page.-tiny Toast {{ max-width: 100%; }}
    """

    def __init__(
        self,
        store: Store,
        analyst: Analyst | None = None,
        ingest: Ingest | None = None,
        *,
        actor: str,
        clock: Callable[[], int],
        tz: tzinfo,
        ui: UiState | None = None,
        note: str = "",
        theme: str | None = None,
        fps: float = 5.0,
        keys: KeyMap = PLAIN,
        notify: How = "off",
        limits: Limits = USUAL,
        hints: bool = False,
        rules: RuleFiles | None = None,
        files: bool = True,
    ) -> None:
        super().__init__()
        self.own_keys = keys
        self.set_keymap(keys.textual())
        self.turns = InOrder(self, super().on_event)
        self.guard = ControlGuard()
        self._filters.append(self.guard)
        self.store = store
        present = {"analyst": analyst is not None, "files": files}
        self.have = frozenset(name for name, there in present.items() if there)
        self._view = view_name(actor)
        saved, self._notice = (ui, "") if ui is not None else restore(store.triage.load_ui(self._view))
        self.state = saved
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own_context: Context | None = None
        for colours in textual_themes():
            self.register_theme(colours)
        if theme:
            self.state.theme = known_theme(theme)
        self.theme = self.state.theme if self.state.theme in THEMES else DEFAULT
        self._note = note
        self._woken = False
        self.hints = hints
        self.leaving: Callable[[], None] = lambda: None
        self.triage = TriageScreen(
            store, ingest, self.state, actor=actor, clock=clock, tz=tz, have=self.have, note=note, fps=fps,
            analyst=analyst,
        )  # fmt: skip
        self.triage.herald = Herald(store, notify, limits, clock=clock)
        self.frame = Frame(
            store,
            self.state,
            actor,
            clock,
            tz,
            ingest,
            analyst,
            self.have,
            note,
            fps,
            self.triage.header.vitals,
            rules or RuleFiles(),
        )
        if ingest is not None:
            ingest.on_commit(self.wake)

    def get_driver_class(self) -> type[Driver]:
        """What reads the terminal."""
        return reading_text(super().get_driver_class())

    def exit(self, *args: Any, **kwargs: Any) -> None:
        """End; whoever waits for that is told that it begins."""
        self.leaving()
        super().exit(*args, **kwargs)

    def on_mount(self) -> None:
        """Open the Triage screen."""
        self._loop = asyncio.get_running_loop()
        self._own_context = copy_context()
        self.push_screen(self.triage)
        if self.state.place in PLACES and self.state.place != "triage":
            self.visit(self.state.place)
        self.hint("triage")
        for text in (self._notice, self._note):
            if text:
                say(self, text, "warning")
        if not self.state.mouse:
            self._set_mouse(on=False)

    def on_unmount(self) -> None:
        """Keep the view for the next start; not before, so that a console beside this one keeps its own."""
        if not self.triage.alerts.pinned:
            self.state.selected_alert = 0
        with contextlib.suppress(StoreError):  # whoever may only look has no view to keep
            self.store.triage.save_ui(self._view, self.state.model_dump_json())

    async def on_event(self, event: events.Event) -> None:
        """Keys one after another; from the first key or click on, the list's cursor stays on its alert."""
        if isinstance(event, events.Key | events.MouseDown):
            self.triage.alerts.touched = True
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.turns.take(event)
            return
        await super().on_event(event)
        if isinstance(event, events.Key):
            self.turns.back(event)

    def wake(self) -> None:
        """Called by ingest from its own thread after each commit; free while a look is due anyway."""
        if self._loop is not None and self.is_running and not self._woken:
            self._woken = True
            # In this app's context: a timer set in that of the ingest thread would not know its app.
            self._loop.call_soon_threadsafe(self._look, context=self._own_context)

    def _look(self) -> None:
        self._woken = False
        self.triage.woken()
        if isinstance(self.screen, Page):
            self.screen.woken()

    def next_theme(self) -> None:
        """The theme after this one."""
        names = list(THEMES)
        self.theme = self.state.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_help(self) -> None:
        """All keys."""
        if not isinstance(self.screen, HelpScreen):
            offers = getattr(self.screen, "OFFERS", ("app",))
            have = {"analyst", *self.have}  # what a model would do is told where there is none, too
            self.push_screen(HelpScreen(offers, have))

    def action_toggle_mouse(self) -> None:
        """Mouse to the terminal, or back."""
        self.state.mouse = not self.state.mouse
        self._set_mouse(on=self.state.mouse)
        say(
            self,
            "the mouse is socterm's" if self.state.mouse else "the mouse is the terminal's: select with it",
        )

    def _set_mouse(self, *, on: bool) -> None:
        driver = self._driver
        switch = getattr(driver, "_enable_mouse_support" if on else "_disable_mouse_support", None)
        if switch is not None:
            switch()
