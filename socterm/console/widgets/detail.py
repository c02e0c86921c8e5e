"""The detail pane: the alert under the cursor, or the event, in tabs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import ClassVar

from textual import on

from socterm.console import summary
from socterm.console.actions import bindings
from socterm.console.lines import Line, hint
from socterm.console.messages import AlertDetail, EventDetail, Explained, TabShown, Traced
from socterm.console.readers import Store
from socterm.console.roletold import trace_lines
from socterm.console.state import TABS, Tab, UiState
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.widgets.text import TextView
from socterm.store.doors.analyses import Proposal, Trace
from socterm.store.doors.templates import TemplateRow
from socterm.store.rows import AlertRow, AuditRow, EventRow

TITLES: dict[Tab, str] = {
    "summary": "Summary",
    "fields": "Fields",
    "raw": "Raw",
    "history": "History",
    "ai": "AI",
}


class Detail(Reader, TextView):
    """What is known of one alert or one event. Reads it in a thread; the tab lives in the state."""

    BINDINGS: ClassVar = bindings("detail")

    def __init__(self, store: Store, state: UiState, *, actor: str, tz: tzinfo) -> None:
        super().__init__("detail")
        self.store = store
        self.state = state
        self.actor = actor
        self.tz = tz
        self.alert: AlertRow | None = None
        self.event: EventRow | None = None
        self.events: Sequence[EventRow] = ()
        self.history: Sequence[AuditRow] = ()
        self.cited_by: Sequence[AlertRow] = ()
        self.template: TemplateRow | None = None
        self.head: AlertRow | None = None
        self.parts: Sequence[AlertRow] = ()
        self.check: Sequence[str] = ()
        self.explained: dict[int, Explained] = {}
        self.trace: Trace | None = None
        self.proposals: Sequence[Proposal] = ()
        self.asking = 0
        self.alone = False
        self.lone = False
        """An event is asked for, whether or not it has been read yet."""
        self._wanted = 0
        self._asked = 0
        self._oldest = 0
        """The number of the oldest read whose answer may still be shown."""

    def load_alert(self, alert: int) -> None:
        """Show an alert."""
        self.read_alert(alert, self._ask(alert, lone=False))

    def load_event(self, event: int) -> None:
        """Show an event."""
        self.read_event(event, self._ask(event, lone=True))

    def _ask(self, wanted: int, *, lone: bool) -> int:
        """The number of the next read. Those under way go on to their end: nobody can stop a thread."""
        self._asked += 1
        if (wanted, lone) != (self._wanted, self.lone):
            self._wanted, self.lone, self._oldest = wanted, lone, self._asked
        return self._asked

    def _overtaken(self, asked: int) -> bool:
        """Whether a read came too late: something else is asked for, or a later read of the same is shown."""
        if asked < self._oldest:
            return True
        self._oldest = asked
        return False

    @in_thread("detail")
    def read_alert(self, alert: int, asked: int) -> None:
        """Read an alert, its newest events and what was decided."""
        triage = self.store.triage
        row = triage.alert(alert) if alert else None
        if row is None:
            self.post_message(AlertDetail(asked, None))
            return
        events, history = triage.alert_events(alert, limit=200), triage.history(alert)
        head = triage.alert(row.part_of) if row.part_of else None
        parts = triage.parts(alert) if row.parts else []
        steps = triage.steps(row.rule)
        trace, proposals = self.read_round(alert)
        self.post_message(AlertDetail(asked, row, events, history, head, parts, steps, trace, proposals))

    def read_round(self, alert: int) -> tuple[Trace | None, list[Proposal]]:
        """The last round of the roles over an alert, else over its incident, and what it proposes."""
        analyses, incident = self.store.analyses, self.store.incidents.of_alert(alert)
        for about in (f"alert:{alert}", f"incident:{incident}"):
            trace = analyses.latest(about)
            if trace is not None:
                return trace, analyses.proposals(about)
        return None, []

    @in_thread("detail")
    def read_event(self, event: int, asked: int) -> None:
        """Read one event and the alerts it is evidence of."""
        found = self.store.events.get([event])
        alerts = self.store.triage.alerts_of_event(event)
        template = self.store.templates.of_event(event)
        self.post_message(EventDetail(asked, found[0] if found else None, alerts, template))

    @on(AlertDetail)
    def take_alert(self, message: AlertDetail) -> None:
        """Show the alert that was read; the same alert again keeps scroll and cursor."""
        if self._overtaken(message.asked):
            return
        same = (
            self.alert is not None
            and message.alert is not None
            and self.alert.id == message.alert.id
            and not self.alone
        )
        self.alert, self.events, self.history = message.alert, message.events, message.history
        self.head, self.parts, self.check = message.head, message.parts, message.check
        if message.trace is not None or not same:
            self.trace, self.proposals = message.trace, message.proposals
        if not same or self.event is None:
            self.event = self.events[0] if self.events else None
        self.alone = False
        self.render_tab(keep=same)

    @on(EventDetail)
    def take_event(self, message: EventDetail) -> None:
        """Show the event that was read."""
        if self._overtaken(message.asked):
            return
        self.alone = True
        self.event, self.cited_by, self.template = message.event, message.alerts, message.template
        self.render_tab()

    @property
    def shown(self) -> int:
        """The alert that is shown, 0 for none."""
        return 0 if self.alert is None or self.alone else self.alert.id

    def choose_event(self, event: int) -> None:
        """Show the fields of one of the alert's events, or read it where it is not among them."""
        found = next((row for row in self.events if row.id == event), None)
        self.state.tab = "fields"
        if found is None or self.alone:
            self.load_event(event)
            return
        self.event = found
        self.render_tab()

    def take_explanation(self, message: Explained) -> None:
        """Keep an explanation and show it where its alert is on screen."""
        self.explained[message.alert] = message
        self.asking = 0 if self.asking == message.alert else self.asking
        if self.state.tab == "ai":
            self.render_tab()

    def take_trace(self, message: Traced) -> None:
        """Show what the roles say of an alert, as far as they are, where it is on screen."""
        if message.alert == self.shown:
            self.trace, self.proposals = message.trace, message.proposals
            if self.state.tab == "ai":
                self.render_tab(keep=True)

    def body(self) -> Sequence[Line]:
        """The lines of the tab that is open."""
        tab = self.state.tab
        if tab == "fields":
            return summary.field_lines(self.event, self.tz, self.template if self.alone else None)
        if tab == "raw":
            events = [self.event] if self.alone and self.event else self.events
            return summary.raw_lines(events, self.event.id if self.event else 0)
        if tab == "history":
            return summary.history_lines(() if self.alone else self.history, self.tz)
        if tab == "ai":
            return self._ai()
        if self.alone:
            return summary.event_summary(self.event, self.cited_by, self.tz, self.actor)
        if self.alert is None:
            return summary.NOTHING
        return summary.alert_summary(
            self.alert, self.events, self.actor, self.tz, head=self.head, parts=self.parts, check=self.check
        )

    def _ai(self) -> Sequence[Line]:
        alert = self.shown
        found = self.explained.get(alert)
        said = self._roles() if alert else []
        if found is not None:
            told = summary.explanation_lines(found.text, found.citations, found.source, found.headings)
            return [*told, Line(), *said] if said else told  # what is read already stays where it is
        if said:
            return said
        if alert and self.asking == alert:
            return hint("The analyst is reading …")
        return hint("Press i on an alert to have it explained.")

    def _roles(self) -> list[Line]:
        """What the five roles said of the alert, or of its incident."""
        if self.trace is None:
            return []
        about = self.trace.about
        of = "" if about == f"alert:{self.shown}" else about.replace(":", " ")
        return trace_lines(self.trace, self.proposals, self.tz, of=of)

    def render_tab(self, *, keep: bool = False) -> None:
        """Write the open tab."""
        self.show(self.body(), keep=keep)
        self.post_message(TabShown(self.state.tab))

    def tab_title(self) -> list[tuple[str, str]]:
        """The pane's title: the tabs, the open one bold."""
        out: list[tuple[str, str]] = []
        for tab in TABS:
            out += [(" · ", "")] if out else []
            out.append((TITLES[tab], "bold $focused" if tab == self.state.tab else "$dim"))
        return out

    def action_next_tab(self, step: int) -> None:
        """Open the tab beside this one."""
        self.state.tab = TABS[(TABS.index(self.state.tab) + step) % len(TABS)]
        self.render_tab()
