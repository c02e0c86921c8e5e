"""What every part that reads the store in threads shares: a read that failed is reported, never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, cast

from textual import work
from textual.worker import Worker, WorkerState

from socterm.console.messages import ReadFailed

if TYPE_CHECKING:
    from textual.dom import DOMNode as _Node
else:
    _Node = object  # Textual follows the first base that is a node for styles: that must be the widget


P = ParamSpec("P")


def in_thread(group: str) -> Callable[[Callable[P, None]], Callable[P, Worker[None]]]:
    """A method that runs in a thread; the newest call of a `group` is the one that counts.

    The one way to start a thread here. Without a description Textual writes one from the arguments' `repr`,
    on the event loop: that of a list of alerts takes a hundred milliseconds.
    """
    return cast(
        "Callable[[Callable[P, None]], Callable[P, Worker[None]]]",
        work(thread=True, exclusive=True, exit_on_error=False, group=group, description=group),
    )


class Reader(_Node):
    """Turns a worker that ended with an error into a `ReadFailed` message for the screen."""

    def read_failed(self) -> None:
        """Let the next tick try again."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report what went wrong in a thread."""
        if event.state is WorkerState.ERROR:
            self.read_failed()
            self.post_message(ReadFailed(event.worker.group, str(event.worker.error)))
