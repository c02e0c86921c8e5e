"""The Hunt screen's verbs: the past by query, in plain words, by SQL or by a rule; views and exports."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.message import Message

from socterm.console.actions import bindings
from socterm.console.backtesting import MOST_RAISED, make_alerts, would_raise
from socterm.console.huntfiles import export
from socterm.console.hunting import MOST_ROWS, Answer, Question, times_of
from socterm.console.safe import safe_text, say
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.screens.hunt_panes import HuntPanes
from socterm.console.screens.picker import Choice, Picked, Picker
from socterm.console.widgets.reader import in_thread
from socterm.console.words import plural, stamp
from socterm.errors import SoctermError
from socterm.pipeline.wouldbe import WouldBe
from socterm.store.doors.hunts import View
from socterm.taxonomy import resolve

FIELDS = (
    ("source.ip", "addresses"), ("user.name", "accounts"), ("host.hostname", "machines"),
    ("event.action", "what was done"), ("event.outcome", "success or failure"),
    ("event.dataset", "kinds of log"), ("process.name", "programs"), ("destination.ip", "where to"),
    ("url.path", "paths asked for"), ("dns.question.name", "names asked for"), ("socterm.source", "sources"),
)  # fmt: skip
"""Fields one groups by most, with what they are."""


@dataclass
class Written(Message):
    """An export, or the making of alerts, is over."""

    said: str
    wrong: bool = False


class HuntScreen(HuntPanes, inherit_bindings=False):
    """The past, asked."""

    BINDINGS: ClassVar = bindings("hunt", "list")
    _raising = 0
    """The answer of which alerts are about to be made."""

    def action_by(self) -> None:
        """Choose a field to group by, or write one."""
        own = self.view.by if self.view.by not in dict(FIELDS) else ""
        rows = [("no field", "the lines themselves"), *FIELDS, *([(own, "as now")] if own else [])]
        choices = [Choice(number, *row) for number, row in enumerate(rows, 1)]

        def picked(got: Picked | None) -> None:
            if got is not None and got.add:
                self.app.push_screen(NoteDialogue("an ECS name, such as url.path", "Field", "groups"), typed)
            elif got is not None and got.row:
                self._ask("query", by="" if got.row == 1 else rows[got.row - 1][0])

        def typed(name: str | None) -> None:
            if name:
                self._ask("query", by=resolve(name.strip()))

        self.app.push_screen(Picker("Group by", choices, adding="another field"), picked)

    def action_time(self) -> None:
        """Which stretch of time is looked at."""
        mine = self.view
        if mine.how == "sql":
            say(self.app, "SQL names its own times: WHERE ts > …")
            return
        now = f"{mine.since}..{mine.until}" if mine.until else mine.since

        def typed(text: str | None) -> None:
            if text is None:
                return
            try:
                since, until = times_of("" if text == "all" else text, self.frame.clock())
            except SoctermError as wrong:
                say(self.app, str(wrong), "warning")
            else:
                self._ask(self.view.how, since=since, until=until)

        about = "7d · 2026-11-01..2026-11-14 · all"
        self.app.push_screen(NoteDialogue(about, "Time", "looks", now), typed)

    def action_rule(self) -> None:
        """Which rule to test."""
        about = "id, name, part of a title, or a file"
        dialogue = NoteDialogue(about, "Back-test", "tests", self.view.rule)
        self.app.push_screen(dialogue, lambda text: self._ask("rule", rule=text) if text else None)

    def action_raise(self) -> None:
        """Have alerts made of what would be new; asked once more before that."""
        found = would_raise(self.answer.rows)
        if self.question.how != "rule" or self._under_way:
            said = "alerts are made of what a rule would have raised: B tests one"
            say(self.app, "wait until all of it was looked at" if self._under_way else said)
        elif not found:
            say(self.app, "nothing here is new: all of it is told by alerts there are")
        elif len(found) > MOST_RAISED or len(self.answer.rows) >= MOST_ROWS:
            say(
                self.app,
                f"{MOST_RAISED:,} alerts at most are made at once: narrow the time with @",
                "warning",
            )
        elif self._raising != self._version:
            self._raising = self._version
            say(self.app, f"A once more makes {plural(len(found), 'alert')}, at the times of their events")
        else:
            self._raising = 0
            self.make_alerts(found)

    @in_thread("raise")
    def make_alerts(self, found: list[WouldBe]) -> None:
        """Have them made."""
        try:
            said = make_alerts(self.store, found, actor=self.frame.actor, clock=self.frame.clock)
        except SoctermError as wrong:
            self.post_message(Written(str(wrong), True))
        else:
            self.post_message(Written(said))

    def action_sql(self) -> None:
        """Write SQL."""
        dialogue = NoteDialogue("events alerts minutes rules …", "SQL", "asks", self.view.sql or "SELECT ")
        self.app.push_screen(dialogue, lambda text: self._ask("sql", sql=text) if text else None)

    def action_like(self) -> None:
        """Ask in plain words."""
        about = "failed logins · who became root"
        dialogue = NoteDialogue(about, "In plain words", "finds", self.view.like)
        self.app.push_screen(dialogue, lambda text: self._ask("like", like=text) if text else None)

    def action_stop(self) -> None:
        """Enough."""
        self._stop.set()

    # views and exports

    def action_views(self) -> None:
        """The saved views."""
        views = [view for view in self.store.hunts.views() if view.kind in ("events", "sql")]
        choices = [
            Choice(n, v.name, " · ".join(filter(None, (v.query, v.field, v.since))))
            for n, v in enumerate(views, 1)
        ]

        def forget(row: int) -> None:
            self.store.hunts.drop_view(views[row - 1].name)

        def picked(got: Picked | None) -> None:
            if got is not None and got.add:
                self.app.push_screen(
                    NoteDialogue(self.question.text or "everything", "View", "saves"), self.save_view
                )
            elif got is not None and got.row:
                self.open_view(views[got.row - 1])

        empty = "No view yet. s saves what is asked now."
        self.app.push_screen(
            Picker("Views", choices, forget=forget, adding="save what is asked", empty=empty), picked
        )

    def save_view(self, name: str | None) -> None:
        """Keep the question under a name."""
        asked = self.question
        if not name:
            return
        if asked.how in ("rule", "like"):
            said = "a back-test is no view; its rule has a name already"
            if asked.how == "like":
                said = "what was asked in plain words is no view: save a query"
            say(self.app, said, "warning")
            return
        kind = "sql" if asked.how == "sql" else "events"
        view = View(name, kind, asked.text, since=asked.since, until=asked.until, field=asked.by)
        try:
            self.store.hunts.save_view(view, actor=self.frame.actor, now=self.frame.clock())
        except SoctermError as wrong:
            say(self.app, str(wrong), "warning")
        else:
            say(self.app, f"saved as {name}")

    def open_view(self, view: View) -> None:
        """Ask what was saved."""
        self.view.since, self.view.until, self.view.by = view.since, view.until, view.field
        if view.kind == "sql":
            self._ask("sql", sql=view.query)
        else:
            self.set_filter(view.query)

    def action_export(self) -> None:
        """Ask for a file."""
        now = stamp(self.frame.clock(), self.tz).translate({58: None, 45: None, 32: "-"})
        about = "CSV, .ndjson or .md by its ending"
        self.app.push_screen(NoteDialogue(about, "Export to", "writes", f"hunt-{now}.csv"), self.export_to)

    def export_to(self, name: str | None) -> None:
        """Write it, in a thread."""
        if name:
            path = Path(name).expanduser()
            self.write(path, self.question, self.answer, self.frame.clock(), self._stop)

    @in_thread("export")
    def write(self, path: Path, question: Question, answer: Answer, now: int, stop: threading.Event) -> None:
        """Write it."""
        try:
            number = export(
                self.store, question, answer, path, now, stop=stop.is_set,
                clean=lambda cell: safe_text(cell, 1 << 20),
            )  # fmt: skip
        except FileExistsError:
            self.post_message(Written(f"{path} is there already", True))
        except OSError as error:
            self.post_message(Written(f"{path}: {error.strerror}", True))
        except SoctermError as error:
            self.post_message(Written(str(error), True))
        else:
            self.post_message(Written(f"{number:,} rows written to {path}"))

    @on(Written)
    def written(self, message: Written) -> None:
        """Say so."""
        say(self.app, message.said, "warning" if message.wrong else "information")
