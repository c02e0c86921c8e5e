"""The Exceptions screen, by keys alone and as pictures."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver, console, driven
from scene import ACTOR, NOW, FakeIngest, Scene
from socterm.alerts.exceptions import DAY, EVERYTHING, Term, Wording
from socterm.console.screens.exceptions import ExceptionsScreen
from socterm.pipeline.exceptions import made
from socterm.store.ingest.batch import Batch
from socterm.store.opening import Store
from story import busy
from textual.pilot import Pilot

SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}


def add(
    store: Store, rules: tuple[str, ...], *terms: Term, now: int = NOW, expires: int = 0, **said: Any
) -> int:
    wording = Wording(rules, terms, said.pop("reason", "known"))
    found = made(wording, author=ACTOR, now=now, names=rules) | said
    rows = store.exceptions.add(found, actor=ACTOR, now=now, expires=expires)
    return int(rows[-1].about.partition(":")[2])


def some(scene: Scene, store: Store) -> None:
    """One of each kind, with what they did."""
    scanner = Term("source.ip", "198.51.100.0/24", network=True)
    add(store, (), scanner, reason="our scanner, until the move", expires=NOW + 30 * DAY)
    add(store, ("brute",), Term("source.ip", "203.0.113.9"), expires=NOW - DAY, now=NOW - 8 * DAY)
    add(store, ("sudoers",), EVERYTHING, reason="everybody tries sudo here")
    add(store, ("gone",), Term("user.name", "[/foo]\x1b[31m"), reason="a rule of last year")
    hits = {1: (14_200, NOW - 60_000_000), 2: (7, NOW - 2 * DAY), 3: (310, NOW - 5_000_000)}
    unfit = {4: "no rule 'gone' is loaded"}
    scene.writer.commit(Batch(now=NOW, excepted=hits, unfit=unfit))


async def opened(d: Driver) -> ExceptionsScreen:
    await d.press("comma", "x")
    await d.until(lambda: isinstance(d.app.screen, ExceptionsScreen))
    await d.settled()
    found = d.app.screen
    assert isinstance(found, ExceptionsScreen)
    return found


async def test_it_lists_what_is_excepted_the_broken_first(scene: Scene, store: Store) -> None:
    some(scene, store)
    async with driven(console(store)) as d:
        screen = await opened(d)
        await d.sees("▲ broken", "● on", "○ over", "14.2k", "everything: switched off", "2 in force of 4")
        assert list(screen.list.ids) == [4, 3, 1, 2]
        await d.sees("no rule 'gone' is loaded", "[/foo]␛[31m")
        await d.press("j", "j")
        await d.sees(
            "our scanner, until the move", "14,200, the last 2025-11-21 10:41:07", "source.ip in 198.51"
        )


async def test_e_ends_it_and_z_takes_that_back(scene: Scene, store: Store) -> None:
    ident = add(store, ("brute",), Term("source.ip", "203.0.113.9"))
    async with driven(console(store)) as d:
        await opened(d)
        await d.press("e")
        await d.sees("○ over")
        found = store.exceptions.get(ident)
        assert found is not None
        assert found.expires == NOW
        await d.press("e")
        await d.sees("it has expired already")
        await d.press("z")
        await d.sees("● on")


async def test_a_filter_finds_by_any_word(scene: Scene, store: Store) -> None:
    some(scene, store)
    async with driven(console(store)) as d:
        screen = await opened(d)
        await d.press("slash")
        await d.type("scanner")
        await d.press("enter")
        await d.until(lambda: list(screen.list.ids) == [1])


async def test_without_any_it_says_how_to_make_one(scene: Scene, store: Store) -> None:
    async with driven(console(store)) as d:
        await opened(d)
        await d.sees("Nothing is excepted. d f on an alert offers an exception.")


@pytest.mark.parametrize("size", SIZES)
def test_the_exceptions_screen(scene: Scene, store: Store, size: str, snap_compare: Any) -> None:
    """Broken ones first and loud; what is over is quiet; hits to the right; the chosen one below."""
    busy(scene)
    some(scene, store)

    async def run(pilot: Pilot[None]) -> None:
        d = Driver(pilot.app, pilot)  # type: ignore[arg-type]
        await d.until(lambda: d.app.screen is d.app.triage and d.app.triage._change >= 0)
        await opened(d)
        await d.press("j")
        await d.settled()

    app = console(store, ingest=FakeIngest(), fps=0.5)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=run)


@pytest.mark.parametrize("size", SIZES)
def test_the_dialogue(scene: Scene, store: Store, size: str, snap_compare: Any) -> None:
    """What is excepted, for which rules, until when and why; below it what that would have hidden."""
    busy(scene)

    async def run(pilot: Pilot[None]) -> None:
        d = Driver(pilot.app, pilot)  # type: ignore[arg-type]
        await d.until(lambda: d.app.screen is d.app.triage and d.app.triage._change >= 0)
        await d.settled()
        await d.press("d", "f")
        await d.settled()
        await d.settled()
        await d.sees("In the last 7 days it would have hidden")
        await d.settled()

    app = console(store, ingest=FakeIngest(), fps=0.5)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=run)
