"""Tells of new alerts outside the console: the terminal's bell, or a notification of the desktop.

It looks once a second, whatever screen is open, and only where the configuration asks for it. Notifications
are OSC 9 sequences, which iTerm2, kitty, WezTerm, Windows Terminal and others show, over SSH too; a terminal
that knows none ignores them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from textual.widget import Widget

from socterm.console.announcing import Announcer, Limits
from socterm.console.readers import Store
from socterm.console.safe import announce
from socterm.console.widgets.reader import Reader, in_thread

How = Literal["off", "bell", "desktop"]

MOST_READ = 500
"""New alerts read one by one in a look; of more than that the newest."""


class Herald(Reader, Widget):
    """A part of the Triage screen that is not to be seen."""

    DEFAULT_CSS = "Herald { display: none; }"

    def __init__(self, store: Store, how: How, limits: Limits, *, clock: Callable[[], int]) -> None:
        super().__init__(id="herald")
        self.store = store
        self.how = how
        self.announcer = Announcer(limits)
        self.clock = clock
        self._change = -1
        self._newest = 0
        self._busy = False

    def on_mount(self) -> None:
        """Begin to look; what is there already is no news."""
        if self.how != "off":
            self.set_interval(1.0, self.look)
            self.look()

    def look(self) -> None:
        """Look for new alerts."""
        if not self._busy:
            self._busy = True
            self.read_new(self._change, self._newest, self.clock())

    def read_failed(self) -> None:
        """Look again with the next second."""
        self._busy = False

    @in_thread("herald")
    def read_new(self, since: int, newest: int, now: int) -> None:
        """Read the alerts that came since."""
        change, ids = self.store.triage.changes(max(0, since))
        fresh = sorted(number for number in ids if number > newest)
        found = [self.store.triage.alert(number) for number in fresh[-MOST_READ:]] if since >= 0 else []
        said = self.announcer.take([alert for alert in found if alert is not None], now)
        self.app.call_from_thread(self.tell, change, max([newest, *fresh]), said)

    def tell(self, change: int, newest: int, said: list[str]) -> None:
        """Say it."""
        self._busy = False
        self._change, self._newest = max(change, self._change, 0), newest
        for text in said:
            announce(self.app, text, desktop=self.how == "desktop")
