"""Writing a report from a screen: ask for a file, read and write in a thread, say how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from textual.message import Message

from socterm.console.readers import Store
from socterm.console.safe import say
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.words import stamp
from socterm.errors import SoctermError, UsageError
from socterm.reports import Document, incident_report, shift_report
from socterm.reports.gather import incident_facts, shift_facts
from socterm.reports.writing import ENDINGS, FORMS, write

SHIFT = 8 * 3_600_000_000
"""µs of a shift: what a hand-over is of."""

Make = Callable[[], Document]
"""Reads the store and makes the report; called in a thread."""


@dataclass
class Reported(Message):
    """A report was written to a file, or why not."""

    path: Path
    error: str = ""


class Reporting(Reader):
    """Screens that write reports. Each gives the store as `store`."""

    store: Store

    def ask_for_shift(self, now: int, actor: str) -> None:
        """Ask for a file and write the hand-over of the shift that ends now (µs) to it."""
        self.ask_for_report(
            "Hand-over of 8 hours",
            f"shift-{_day(now)}.html",
            lambda: shift_report(shift_facts(self.store, since=now - SHIFT, until=now, author=actor)),
        )

    def ask_for_incident(self, ident: int, now: int, actor: str) -> None:
        """Ask for a file and write the report on an incident as it is now (µs) to it."""
        self.ask_for_report(
            f"Incident {ident}",
            f"incident-{ident}-{_day(now)}.html",
            lambda: incident_report(incident_facts(self.store, ident, now=now, author=actor)),
        )

    def ask_for_report(self, what: str, name: str, make: Make) -> None:
        """Ask for a file, `name` unless something else is typed, and write the report to it."""

        def given(chosen: str | None) -> None:
            if chosen:
                self.write_report(Path(chosen), make)

        self.app.push_screen(NoteDialogue(".html or .md by its ending", what, "writes", name), given)

    @in_thread("report")
    def write_report(self, path: Path, make: Make) -> None:
        """Write it. A file that is there already stays."""
        try:
            form = ENDINGS.get(path.suffix.lower())
            if form is None:
                raise UsageError("a file for a report ends in .html or .md")
            write(path, FORMS[form](make()), replacing=False)
        except SoctermError as wrong:
            self.post_message(Reported(path, str(wrong)))
        else:
            self.post_message(Reported(path))

    def on_reported(self, message: Reported) -> None:
        """Say where it is, or what is wrong."""
        said = message.error or f"the report is in {message.path}"
        say(self.app, said, "warning" if message.error else "information")


def _day(now: int) -> str:
    """A moment (µs) in a file's name."""
    return stamp(now, UTC)[:16].replace("-", "").replace(":", "").replace(" ", "-")
