"""Pictures of what lies over a screen: where to go, pivots, commands, help, a value's exception."""

from __future__ import annotations

from typing import Any

import pytest
from driver import Driver, console
from scene import FakeIngest, Scene
from socterm.store.opening import Store
from story import busy
from textual.pilot import Pilot

SIZES = {"wide": (160, 50), "narrow": (100, 30), "tiny": (70, 24)}


async def going(d: Driver) -> None:
    """After `,`: every screen with its key and what it shows."""
    await d.press("comma")
    await d.sees("Esc stays here", "metrics")


async def pivots(d: Driver) -> None:
    """After `p` on a value of the detail: what there is about it, and nothing that does not fit."""
    await d.press("2", "j")
    await d.settled()
    await d.press("p")
    await d.sees("Esc stays here", "same value")


async def commands(d: Driver) -> None:
    """After `:`: suggestions for what is typed, the first ones those that begin with it."""
    await d.press("colon")
    await d.type("al")
    await d.sees("alert.close")


async def wrong(d: Driver) -> None:
    """A command that means nothing says so above the line, with what may have been meant."""
    await d.press("colon")
    await d.type("evnts root")
    await d.press("enter")
    await d.sees("did you mean events?")


async def helped(d: Driver) -> None:
    """All keys, those that count here first, on a ground of their own."""
    await d.press("question_mark")
    await d.sees("Triage screen", "Close as undetermined")


async def excepted(d: Driver) -> None:
    """`p s` on a value: what would be excepted, for which rules, until when, and what that had hidden."""
    await d.press("2", "j")
    await d.settled()
    await d.press("p", "s")
    await d.sees("it would have hidden")


STEPS = {one.__name__: one for one in (going, pivots, commands, wrong, helped, excepted)}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("size", SIZES)
def test_what_lies_over_a_screen(scene: Scene, store: Store, size: str, step: str, snap_compare: Any) -> None:
    """See the step."""
    busy(scene)

    async def run(pilot: Pilot[None]) -> None:
        d = Driver(pilot.app, pilot)  # type: ignore[arg-type]
        await d.until(lambda: d.app.screen is d.app.triage and d.app.triage._change >= 0)
        await d.settled()
        d.app.triage.slow_tick()  # the histogram in the width it has now
        await d.settled()
        await STEPS[step](d)
        await d.settled()

    app = console(store, ingest=FakeIngest(), fps=0.5)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=run)
