"""What one takes away from the Events screen: saved views, and files of what passes the filter."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from textual import on
from textual.message import Message

from socterm.console.readers import parse_filter
from socterm.console.safe import safe_text, say
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.screens.events_panes import EventsPanes
from socterm.console.screens.picker import Choice, Picked, Picker
from socterm.console.widgets.reader import in_thread
from socterm.console.words import plural, stamp
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.export import FORMS, Exporter, event_cells
from socterm.store.doors.hunts import View

TELL = 0.25
"""Seconds between two words on how far an export is."""


@dataclass
class Exported(Message):
    """How far an export is; `done` ends it, `error` says why it did not go on."""

    lines: int
    share: float = 0.0
    done: bool = False
    error: str = ""


class EventsKeeping(EventsPanes, inherit_bindings=False):
    """Views and exports."""

    _exporting: threading.Event | None = None
    _exported = ""

    # saved views

    def action_views(self) -> None:
        """The saved views: open one, forget one, save what is shown."""
        views = self.store.hunts.views("events")
        choices = [Choice(number, view.name, view.query) for number, view in enumerate(views, 1)]

        def forget(row: int) -> None:
            self.store.hunts.drop_view(views[row - 1].name)

        def picked(got: Picked | None) -> None:
            if got is not None and got.add:
                self.app.push_screen(
                    NoteDialogue(self.view.filter.text or "all lines", "View", "saves"), named
                )
            elif got is not None and got.row:
                self.open_view(views[got.row - 1])

        def named(name: str | None) -> None:
            if name:
                self.save_view(name)

        empty = "No view yet. s saves what is shown now: filter and columns."
        self.app.push_screen(
            Picker("Views", choices, forget=forget, adding="save this one", empty=empty), picked
        )

    def save_view(self, name: str) -> None:
        """Keep filter and columns under a name."""
        mine = View(name, "events", self.view.filter.text, tuple(self.view.columns))
        try:
            self.store.hunts.save_view(mine, actor=self.frame.actor, now=self.frame.clock())
        except SoctermError as wrong:
            say(self.app, str(wrong), "warning")
        else:
            say(self.app, f"saved as {name}")

    def open_view(self, view: View) -> None:
        """Filter and columns as they were saved; what it said of times goes into the filter."""
        times = [f"{word}:{value}" for word, value in (("since", view.since), ("until", view.until)) if value]
        self.choose_columns(view.columns)
        self.set_filter(" ".join([*([f"({view.query})"] if times and view.query else [view.query]), *times]))

    # export

    def action_export(self) -> None:
        """Ask for a file and write what passes the filter; while that goes on: stop it."""
        if self._exporting is not None:
            self._exporting.set()
            return
        now = stamp(self.frame.clock(), self.tz).translate({58: None, 45: None, 32: "-"})
        self.app.push_screen(
            NoteDialogue("CSV, .ndjson or .md by its ending", "Export to", "writes", f"events-{now}.csv"),
            self.export_to,
        )

    def export_to(self, name: str | None) -> None:
        """Write it, in a thread."""
        if not name:
            return
        path = Path(name).expanduser()
        form = path.suffix.lower().removeprefix(".")
        if form not in FORMS:
            say(self.app, f"a file to export to ends in {', '.join('.' + one for one in FORMS)}", "warning")
            return
        self._exporting = threading.Event()
        self._exported = str(path)
        columns = ("id", "@timestamp", *self.list.columns, "message")
        self.write(path, form, columns, self.view.filter.active, self.frame.clock(), self._exporting)

    @in_thread("export")
    def write(
        self, path: Path, form: str, columns: tuple[str, ...], text: str, now: int, stop: threading.Event
    ) -> None:
        """Write the lines, oldest first, a short read at a time. A file that is there already stays."""
        lines, told = 0, 0.0
        exporter = Exporter(form, columns, lambda cell: safe_text(cell, 1 << 20))
        try:
            query = parse_filter(text, now)
            stretch = self.store.history.stretch()
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
                out.write(exporter.head())
                for portion in self.store.history.portions(stretch, query):
                    if stop.is_set():
                        raise UsageError(f"stopped; {plural(lines, 'line')} are in {path}")
                    only = () if form == "ndjson" else columns
                    out.write(exporter.rows(event_cells(row, only) for row in portion.rows))
                    lines += len(portion.rows)
                    if time.monotonic() - told >= TELL:
                        told = time.monotonic()
                        self.post_message(Exported(lines, (portion.high - stretch.low) / (stretch.size + 1)))
        except FileExistsError:
            self.post_message(Exported(0, done=True, error=f"{path} is there already: give another name"))
        except (OSError, SoctermError) as wrong:
            self.post_message(Exported(lines, done=True, error=str(wrong)))
        else:
            self.post_message(Exported(lines, done=True))

    @on(Exported)
    def exported(self, message: Exported) -> None:
        """Say how far it is, or that it is done."""
        if not message.done:
            self.under_way = f"writing {message.share:.0%} · w stops"
        else:
            self._exporting, self.under_way = None, ""
            said = f"{plural(message.lines, 'line')} in {self._exported}"
            say(self.app, message.error or said, "warning" if message.error else "information")
        self.titles()
