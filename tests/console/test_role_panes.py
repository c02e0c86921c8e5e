"""The five roles in the AI tab and on the Incidents screen; proposals that only a person's key applies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from driver import Driver, console, driven
from scene import ACTOR, NOW, FakeIngest, Scene
from socterm.analyst import Analyst, NullBackend
from socterm.analyst.backend import Message
from socterm.analyst.roles.desk import Roles
from socterm.console.app import SoctermApp
from socterm.store.doors.analyses import Proposal, StageRun, Trace
from socterm.store.opening import Store
from story import busy
from test_pictures import SIZES, ready
from tests.scripted_model import ScriptedModel
from textual.pilot import Pilot


def rules(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW, doors=store)


def guessing(form: str, messages: Sequence[Message]) -> dict[str, Any]:
    """A model that words the explanation anew, names somebody who is not there, and closes."""
    said: dict[str, dict[str, Any]] = {
        "IngestionSays": {"gaps": ["The firewall's log is not here."]},
        "ThreatView": {
            "verdict": "benign", "severity": "low", "confidence": 97, "evidence": ["E1", "E19"],
            "hypotheses": [{"title": "A forgotten job", "likelihood": "possible", "support": ["E1"]}],
        },
        "ContextSays": {},
        "ExplanationView": {
            "headline": "Somebody guessed a password and got in", "why": "The account mallory is lost.",
            "innocent": "An admin who mistyped.", "timeline": [],
        },
        "ManagerView": {
            "priority": "P4", "disposition": "monitor", "next_steps": ["Ask the owner of the account."],
            "actions": [{"verb": "close", "verdict": "false_positive", "why": "it is fine"}],
        },
    }  # fmt: skip
    return said[form]


def refined(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, ScriptedModel(guessing), now=lambda: NOW, doors=store)


async def looked(d: Driver) -> None:
    """The alert under the cursor was looked at, and what came of it is kept."""
    await d.press("i")
    await d.until(lambda: d.app.triage.detail.trace is not None and d.app.triage.detail.trace.id > 0)
    await d.settled()


async def test_i_shows_the_five_roles_with_their_label(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store, analyst=rules(store)), size=(160, 160)) as d:
        await looked(d)
        await d.sees(
            "Matched values",
            "Five roles",
            "SOC manager  source: rules",
            "Threat analyst",
            "Proposals",
            "Explanation",
        )
        trace = store.analyses.latest(f"alert:{d.app.triage.alerts.cursor}")
        assert trace is not None
        assert trace.actor == ACTOR


async def test_what_was_said_is_there_again_without_asking(scene: Scene, store: Store) -> None:
    busy(scene)
    alert = store.triage.alerts()[0].id
    Roles(store, NullBackend(), now=lambda: NOW).whole(f"alert:{alert}", actor="bea")
    async with driven(console(store, analyst=rules(store)), size=(160, 50)) as d:
        await d.until(lambda: d.app.triage.detail.shown == alert)
        d.app.state.tab = "ai"
        d.app.triage.detail.render_tab()
        await d.sees("Five roles", "SOC manager  source: rules")


async def test_a_model_is_labelled_and_its_slips_are_told(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store, analyst=refined(store)), size=(160, 200)) as d:
        await looked(d)
        await d.sees("rules + tiny:1b", "mallory [unverified]", "verdict benign is lower than")


async def test_a_shows_the_exact_action_and_only_then_a_key_does_it(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store, analyst=rules(store))) as d:
        await looked(d)
        alert = d.app.triage.alerts.cursor
        before = store.triage.alert(alert)
        (first, *_) = store.analyses.proposals(f"alert:{alert}")
        await d.press("A")
        await d.sees(f"{first.verb} alert {alert}", f"in your name, {ACTOR}")
        assert store.triage.alert(alert) == before
        await d.press("escape")
        await d.settled()
        assert store.triage.alert(alert) == before
        assert store.analyses.proposal(first.id) == first
        await d.press("A")
        await d.sees("in your name")
        await d.press("1")
        await d.until(lambda: bool(store.triage.history(alert)))
        row = store.triage.history(alert)[-1]
        assert (row.actor, row.verb) == (ACTOR, first.verb)
        applied = store.analyses.proposal(first.id)
        assert applied is not None
        assert (applied.state, applied.actor) == ("applied", ACTOR)
        await d.press("z")
        await d.until(lambda: store.triage.alert(alert).state == before.state)  # type: ignore[union-attr]


async def test_what_cannot_be_read_is_not_done_by_its_key(scene: Scene, store: Store) -> None:
    """On a small screen the fourth of four long notes is below the others: its key shows it first."""
    scene.simple(["brute"])
    alert = store.triage.alerts()[0].id
    notes = [f"{n} " + "word " * 46 for n in range(1, 5)]
    made = [Proposal("note", f"alert:{alert}", "because " * 20, "rules", {"text": text}) for text in notes]
    store.analyses.keep(Trace(f"alert:{alert}", NOW, ACTOR, (StageRun("manager", "rules", {}),)), made)
    async with driven(console(store, analyst=rules(store)), size=(80, 24)) as d:
        await d.press("A")
        await d.sees("write on alert", "1 word")
        assert "4 word" not in d.text()
        await d.press("4")
        await d.sees("that is what 4 does", "4 word")
        assert store.triage.history(alert) == []
        await d.press("4")
        await d.until(lambda: bool(store.triage.history(alert)))
        assert store.triage.history(alert)[-1].note.startswith("4 word")


async def test_where_nothing_is_proposed_it_is_said(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store, analyst=rules(store))) as d:
        await d.press("A")
        await d.sees("nothing is proposed")


async def test_an_incident_has_its_roles_on_its_page(scene: Scene, store: Store) -> None:
    busy(scene)
    (row, *_) = store.incidents.all()
    async with driven(console(store, analyst=rules(store)), size=(160, 160)) as d:
        await d.press("comma", "i")
        await d.sees(row.title)
        await d.press("i")
        await d.until(lambda: store.analyses.latest(f"incident:{row.id}") is not None)
        await d.sees("Five roles", "SOC manager  source: rules")
        await d.press("A")
        await d.sees(f"start incident {row.id}")
        await d.press("1")
        await d.until(lambda: store.incidents.get(row.id).state == "in_progress")  # type: ignore[union-attr]


@pytest.mark.parametrize("theme", ["night", "day"])
@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_the_five_roles(
    scene: Scene, store: Store, snap_compare: Any, size: str, theme: str
) -> None:
    """The trace in the AI tab: labels, an unverified value, what was held back, proposals."""
    busy(scene)
    app: SoctermApp = console(store, analyst=refined(store), ingest=FakeIngest(), theme=theme, fps=0.5)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await looked(d)
        await d.press("2")
        for _ in range(9):  # below the explanation
            if "SOC manager" not in d.text():
                await d.press("pagedown")
        await d.sees("SOC manager")
        await ready(d)
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_pictures_of_what_is_proposed(scene: Scene, store: Store, snap_compare: Any, size: str) -> None:
    """The exact actions over the screen, each with its key."""
    busy(scene)
    app = console(store, analyst=rules(store), ingest=FakeIngest(), fps=0.5)

    async def before(pilot: Pilot[None]) -> None:
        d = Driver(app, pilot)
        await ready(d)
        await looked(d)
        await d.press("A")
        await d.sees("in your name")
        app.clear_notifications()
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
