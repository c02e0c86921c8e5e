"""What the event loop is spared, so that keys answer while thousands of alerts come in."""

from __future__ import annotations

from socterm.console.widgets.reader import Reader, in_thread
from textual.app import App, ComposeResult
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
