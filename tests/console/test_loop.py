"""What the event loop is spared, so that keys answer while thousands of alerts come in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from driver import console, driven
from scene import Scene
from socterm.console.lines import Line, Row, line
from socterm.console.lines import wrap as wrap_lines
from socterm.console.widgets import text
from socterm.console.widgets.alerts import AlertRows
from socterm.console.widgets.reader import Reader, in_thread
from socterm.store.opening import Store
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widgets import Label


class Known(dict[int, int]):
    """The alerts a read is told of."""

    def __repr__(self) -> str:
        looked.append(len(self))
        return super().__repr__()


looked: list[int] = []


class Listing(Reader, Label):
    """Starts a thread and tells it what is known."""

    @in_thread("listing")
    def read(self, known: Known) -> None:
        """Take its time elsewhere."""


class Asking(App[None]):
    """One listing."""

    def compose(self) -> ComposeResult:
        yield Listing("…")


async def test_starting_a_read_does_not_write_out_what_it_is_told() -> None:
    """Textual describes a thread by its arguments unless told otherwise; on the loop, each time."""
    app = Asking()
    async with app.run_test() as pilot:
        await pilot.app.workers.wait_for_complete()
        worker = app.query_one(Listing).read(Known({1: 1}))
        await worker.wait()
    assert worker.is_finished
    assert looked == []


async def test_the_help_is_wrapped_once_and_nothing_beneath_it_is_drawn(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What shines through a dialogue is drawn with each of its frames: most of what opening the help cost."""
    scene.simple(["brute", "sudoers"])
    wrapped: list[int] = []
    drawn: list[int] = []
    before, beneath = text.wrap, AlertRows.render_line

    def wrap(lines: Sequence[Line], cells: int) -> list[Row]:
        wrapped.append(cells)
        return before(lines, cells)

    def render_line(self: AlertRows, y: int) -> Strip:
        drawn.append(y)
        return beneath(self, y)

    async with driven(console(store)) as d:
        monkeypatch.setattr(text, "wrap", wrap)
        await d.press("question_mark")
        await d.sees("Triage screen", "Close as undetermined")
        assert len(wrapped) == 1
        monkeypatch.setattr(AlertRows, "render_line", render_line)
        await d.press("j", "j", "pagedown", "G")
        await d.sees("Everywhere")
        assert drawn == []
        await d.press("q")
        await d.sees("SSH brute force")


async def test_lines_that_fit_are_not_taken_apart() -> None:
    whole = line(("one ", "key"), ("two  three", "text"), hang=4)
    assert wrap_lines([whole], 14) == [Row(whole.spans, 0)]
    assert len(wrap_lines([whole], 13)) == 2
