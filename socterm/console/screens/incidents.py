"""The Incidents screen: which stories alerts tell, and all of one on a page."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from socterm.alerts.incidents import OPEN_STATES, STATES
from socterm.console.actions import bindings
from socterm.console.decisions import Decision
from socterm.console.lines import Line, hint
from socterm.console.roletold import trace_lines
from socterm.console.safe import say
from socterm.console.screens.asking import Analyst
from socterm.console.screens.base import ListScreen
from socterm.console.screens.dialogues import NoteDialogue, VerdictDialogue
from socterm.console.screens.proposing import Proposing
from socterm.console.screens.reporting import Reporting
from socterm.console.theme import MARKS, SHORT
from socterm.console.told import WITH_EVIDENCE, about, state_of
from socterm.console.widgets.reader import in_thread
from socterm.console.widgets.table import Column, TableRows
from socterm.console.words import age, entity_text
from socterm.store.doors.analyses import Proposal, Trace
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow
from socterm.store.rows import EventRow

MOST = 1_000
"""Incidents in the list."""


class Page(NamedTuple):
    """What the detail shows."""

    page: IncidentPage | None
    evidence: dict[int, list[EventRow]]
    trace: Trace | None = None
    proposals: Sequence[Proposal] = ()


class IncidentsScreen(Proposing, Reporting, ListScreen[IncidentRow], inherit_bindings=False):
    """Incidents, gravest first; the page of the one under the cursor beside or below them."""

    PLACE = "incidents"
    OFFERS = ("incidents", "marks", "list", "app")
    BINDINGS: ClassVar = bindings("incidents", "marks", "list")
    EMPTY = "No incident is open. Alerts that tell one story join by themselves."
    over = False
    more = False
    """Whether there are more than the list holds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.over_with = threading.Event()

    def on_unmount(self) -> None:
        """Let no round hold up the way out."""
        self.over_with.set()

    def make_list(self) -> TableRows[IncidentRow]:
        """How old they are as of now."""
        now = self.frame.clock
        self.COLUMNS = (  # type: ignore[misc]
            Column[IncidentRow]("", 6, lambda i: (f"{MARKS[i.level]} {SHORT[i.level]}", i.level)),
            Column[IncidentRow]("Incident", 0, lambda i: (i.title, "text")),
            Column[IncidentRow]("About", 20, lambda i: (entity_text(i.entity), "entity"), rank=2),
            Column[IncidentRow]("Tactics", 7, lambda i: (str(len(i.tactics)), "dim"), right=True, rank=5),
            Column[IncidentRow]("Alerts", 6, lambda i: (f"{i.alerts:,}", "count"), right=True, rank=1),
            Column[IncidentRow]("State", 8, lambda i: (state_of(i), "dim"), rank=4),
            Column[IncidentRow]("Last", 4, lambda i: (age(now(), i.last), "dim"), right=True, rank=3),
        )
        return super().make_list()

    def stamp(self) -> object:
        """Changes of incidents, and which are asked for."""
        self._change, _ = self.store.incidents.changes(self._change)
        return self._change, self.over, self.frame.clock() // 60_000_000

    _change = 0

    def read_items(self, text: str, now: int) -> Sequence[IncidentRow]:  # noqa: ARG002
        """Those in whose title, entity, tactics, state or owner all words stand."""
        rows = self.store.incidents.all(STATES if self.over else OPEN_STATES, MOST)
        self.more = len(rows) >= MOST
        words = text.lower().split()
        return [row for row in rows if all(word in _words(row) for word in words)]

    def read_about(self, item: IncidentRow) -> Page:
        """The page, with lines of evidence of the first alerts."""
        page = self.store.incidents.page(item.id)
        some = page.alerts[:WITH_EVIDENCE] if page else []
        said = f"incident:{item.id}"
        trace = self.store.analyses.latest(said)
        proposals = self.store.analyses.proposals(said) if trace is not None else ()
        return Page(page, {one.id: self._ends(one.id) for one in some}, trace, proposals)

    def _ends(self, alert: int) -> list[EventRow]:
        """The first and the last line of an alert's evidence."""
        events = self.store.triage.alert_events
        first = events(alert, limit=1, newest_first=False)
        return first + [event for event in events(alert, limit=1) if event.id != first[0].id]

    def about_lines(self, item: IncidentRow, found: Page) -> Sequence[Line]:  # noqa: ARG002
        """All of it."""
        if found.page is None:
            return hint("It is gone.")
        said = [] if found.trace is None else trace_lines(found.trace, found.proposals, self.tz)
        return [*about(found.page, found.evidence, self.tz), *([Line()] if said else []), *said]

    def about_title(self, item: IncidentRow) -> str:
        """Which."""
        return f"Incident {item.id}"

    def list_title(self) -> str:
        """How many, of which states."""
        first = f"of the first {MOST:,}: " if self.more else ""
        return f"{first}{len(self.list.ids):,} {'in all' if self.over else 'open'}"

    def when(self, item: IncidentRow) -> int:
        """When it began."""
        return item.first

    def text_of(self, item: IncidentRow) -> str:
        """It in a line."""
        return f"incident {item.id}: {item.title} ({' > '.join(item.tactics)})"

    # verbs

    def _decide(self, done: str, what: str, ids: Sequence[int], **details: Any) -> None:
        if ids:
            self.decisions.submit(Decision(f"incident {what}", done, tuple(ids), details))
            self.list.marked.clear()

    def _chosen(self) -> list[int]:
        return [row.id for row in self.list.chosen()]

    def action_close(self) -> None:
        """Close as undetermined."""
        self._decide("closed as undetermined", "close", self._chosen())

    def action_verdict(self) -> None:
        """Ask for the verdict, then close."""
        ids = self._chosen()

        def chosen(verdict: str | None) -> None:
            if verdict:
                self._decide(f"closed as {verdict.replace('_', ' ')}", "verdict", ids, verdict=verdict)

        if ids:
            self.app.push_screen(VerdictDialogue(len(ids)), chosen)

    def action_start(self) -> None:
        """Work has begun."""
        self._decide("work begun", "start", self._chosen())

    def action_reopen(self) -> None:
        """Look at it again."""
        self._decide("open again", "reopen", self._chosen())

    def action_note(self) -> None:
        """Ask for the text, then write it."""
        item = self.list.current
        if item is None:
            return

        def written(text: str | None) -> None:
            if text:
                self._decide("noted", "note", [item.id], text=text)

        self.app.push_screen(NoteDialogue(item.title), written)

    def action_merge(self) -> None:
        """Put the marked ones into the one under the cursor."""
        item = self.list.current
        others = [ident for ident in self.list.marked if item is not None and ident != item.id]
        if item is None or not others:
            say(self.app, "mark the others with x, then stand on the one they belong to")
            return
        self._decide(f"merged into incident {item.id}", "merge", [item.id, *sorted(others)])

    def action_split(self) -> None:
        """Take the alert under the cursor of the detail out."""
        item, alert = self.list.current, self.about.current.alert if self.about.current else 0
        if item is None or not alert:
            say(self.app, "in the detail, stand on the alert that is another story")
            return
        self._decide(f"alert {alert} is an incident of its own", "split", [item.id, alert])

    def action_analyse(self) -> None:
        """Have the five roles look at the one under the cursor."""
        item, analyst = self.list.current, self.frame.analyst
        if item is not None and analyst is not None:
            say(self.app, f"the analyst looks at incident {item.id}")
            self.analyse(analyst, item.id)

    @in_thread("analyse")
    def analyse(self, analyst: Analyst, ident: int) -> None:
        """Have them look, and show what came of it."""
        for _ in analyst.analyse(f"incident:{ident}", self.frame.actor, self.over_with):
            pass
        self.app.call_from_thread(self.again)

    @property
    def proposer(self) -> str:
        """Who sits here."""
        return self.frame.actor

    def action_apply(self) -> None:
        """Show what is proposed about the one under the cursor."""
        item = self.list.current
        if item is not None:
            self.read_proposals([f"incident:{item.id}"])

    def action_report(self) -> None:
        """Ask for a file and write the report on the one under the cursor to it."""
        item = self.list.current
        if item is not None:
            self.ask_for_incident(item.id, self.frame.clock(), self.frame.actor)

    def action_over(self) -> None:
        """Closed ones too, or not."""
        self.over = not self.over
        self.again()


def _words(row: IncidentRow) -> str:
    return " ".join((row.title, *row.entity.values(), *row.tactics, row.state, row.owner)).lower()
