"""What every part that reads the store in threads shares: a read that failed is reported, never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.worker import Worker, WorkerState

from socterm.console.messages import ReadFailed

if TYPE_CHECKING:
    from textual.dom import DOMNode as _Node
else:
    _Node = object  # Textual follows the first base that is a node for styles: that must be the widget


class Reader(_Node):
    """Turns a worker that ended with an error into a `ReadFailed` message for the screen."""

    def read_failed(self) -> None:
        """Let the next tick try again."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report what went wrong in a thread."""
        if event.state is WorkerState.ERROR:
            self.read_failed()
            self.post_message(ReadFailed(event.worker.group, str(event.worker.error)))
