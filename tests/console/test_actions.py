"""One registry: what is bound, shown and documented is what stands in it, and all of it does something."""

from __future__ import annotations

from collections import Counter

import pytest
from driver import console, driven
from scene import Scene
from socterm.console import actions
from socterm.console.actions import ACTIONS, CONTEXTS, GROUPS, Action
from socterm.console.app import SoctermApp
from socterm.console.pivots import PIVOTS
from socterm.console.places import PLACES
from socterm.console.screens.base import ListScreen
from socterm.console.screens.command import CommandLine
from socterm.console.screens.dialogues import (
    HelpScreen,
    NoteDialogue,
    SnoozeDialogue,
    VerdictDialogue,
    help_lines,
)
from socterm.console.screens.excepting import ExceptionDialogue
from socterm.console.screens.menus import GoMenu, PivotMenu
from socterm.console.screens.page import Page
from socterm.console.screens.picker import Picker
from socterm.console.screens.proposing import ProposalDialogue
from socterm.console.screens.triage import TriageScreen
from socterm.console.widgets.chat import ChatLine
from socterm.console.widgets.detail import Detail
from socterm.console.widgets.eventrows import EventRows
from socterm.console.widgets.filter_bar import FilterBar
from socterm.console.widgets.rows import Rows
from socterm.console.widgets.stream import StreamRows
from socterm.console.widgets.text import TextView
from socterm.store.opening import Store
from textual.binding import Binding

PAGES: list[type[Page]] = [place.load() for place in PLACES if place.screen]
"""Every screen one can go to: each serves the contexts it offers."""

SERVES: dict[str, list[type]] = {
    **{name: [page for page in PAGES if name in page.OFFERS] for page in PAGES for name in page.OFFERS},
    "marks": [ListScreen],
    "app": [SoctermApp],
    "triage": [TriageScreen],
    "rows": [Rows, StreamRows],
    "text": [TextView, Detail],
    "detail": [Detail],
    "verdict": [VerdictDialogue],
    "proposal": [ProposalDialogue],
    "snooze": [SnoozeDialogue],
    "offer": [ExceptionDialogue],
    "filter": [FilterBar],
    "chat": [ChatLine],
    "dialogue": [NoteDialogue],
    "help": [HelpScreen],
    "columns": [EventRows],
    "picker": [Picker],
    "go": [GoMenu],
    "pivot": [PivotMenu],
    "command": [CommandLine],
}


def test_ids_are_unique_and_every_verb_has_words() -> None:
    assert [name for name, times in Counter(a.id for a in ACTIONS).items() if times > 1] == []
    for action in ACTIONS:
        assert action.label
        assert action.help
        assert action.keys


MOVING = {"rows", "text", "detail"}
"""Contexts of what has the focus within a screen: their keys are looked at before the screen's own."""


def together(context: str) -> set[str]:
    """The contexts in force along with one."""
    beside = {group.context: set(group.beside) for group in GROUPS}[context]
    pages = {name for page in PAGES if context in page.OFFERS for name in page.OFFERS}
    screen = pages | ({"triage"} if context == "triage" else set())
    return {context, "app"} | beside | screen | (MOVING - {"text"} if screen else set())


@pytest.mark.parametrize(
    "context", [name for name in CONTEXTS if name not in {"list", "marks", "app", *MOVING}]
)
def test_a_key_means_one_thing_where_it_counts(context: str) -> None:
    here = [key for a in ACTIONS if a.context in together(context) for key in a.keys]
    assert [key for key, times in Counter(here).items() if times > 1] == []


def test_every_context_is_known_and_served() -> None:
    used = {name for page in PAGES for name in page.OFFERS} | {n for g in GROUPS for n in g.beside}
    assert used <= set(CONTEXTS)
    assert set(SERVES) == set(CONTEXTS)


def test_every_screen_and_pivot_has_a_name_and_a_key_of_its_own() -> None:
    for table in (PLACES, PIVOTS):
        for names in ([row.name for row in table], [row.key for row in table]):
            assert len(names) == len(set(names))
    assert [page.PLACE for page in PAGES] == [place.name for place in PLACES if place.screen]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_verb_has_a_handler(action: Action) -> None:
    for served in SERVES[action.context]:
        assert callable(getattr(served, actions.method(action), None)), (
            f"{served.__name__} lacks {action.handler}"
        )


def test_nothing_is_bound_beside_the_registry() -> None:
    known = {action.id for action in ACTIONS}
    for served in {cls for classes in SERVES.values() for cls in classes} - {ChatLine}:
        for binding in served._merge_bindings():
            assert isinstance(binding, Binding | tuple | str) or binding is not None
        for found in served._merge_bindings().key_to_bindings.values():
            assert {binding.id for binding in found} <= known, served.__name__


async def test_the_screen_binds_nothing_beside_the_registry(scene: Scene, store: Store) -> None:
    """Looked at where it counts: the keys in force while a list has the focus."""
    known = {action.id for action in ACTIONS}
    async with driven(console(store)) as d:
        assert {entry.binding.id for entry in d.app.screen.active_bindings.values()} <= known


def test_help_names_every_verb() -> None:
    text = "\n".join("".join(span.text for span in line.spans) for line in help_lines())
    for action in ACTIONS:
        assert action.help in text
        assert action.shown_keys in text


async def test_the_palette_offers_and_runs_verbs(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("ctrl+p")
        await d.type("acknowledge")
        await d.sees("ack  a", "Acknowledge: this alert is mine")
        await d.press("enter")
        await d.sees("mine")
    assert [row.state for row in store.triage.alerts()] == ["acknowledged"]


async def test_the_footer_follows_the_focus(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        assert "e close" in d.rows()[-1]
        await d.press("d")
        await d.until(lambda: isinstance(d.app.screen, VerdictDialogue))
        assert "t true" in d.rows()[-1]
        await d.press("escape", "slash")
        await d.until(lambda: "Esc as before" in d.rows()[-1])
        assert "i explain" not in d.text()


async def test_help_begins_with_what_counts_here(scene: Scene, store: Store) -> None:
    async with driven(console(store), (100, 30)) as d:
        await d.press("comma", "e")
        await d.until(lambda: "1 Events" in d.text())
        await d.press("question_mark")
        await d.sees("Events screen", "Next event that alerted")
        assert "Triage screen" not in d.text()


async def test_help_opens_scrolls_and_closes(scene: Scene, store: Store) -> None:
    async with driven(console(store), (100, 30)) as d:
        await d.press("question_mark")
        await d.sees("Triage screen", "Close as undetermined")
        await d.press("G")
        await d.sees("Everywhere")
        await d.press("escape")
        await d.until(lambda: "Everywhere" not in d.text())
        await d.press("question_mark")
        await d.sees("Triage screen")
        await d.press("q")
        await d.until(lambda: "Close as undetermined" not in d.text())
        assert not d.app._exit
