"""The Triage screen's verbs: what each key does, by the names in the action registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on

from socterm.alerts.states import TRANSITIONS
from socterm.console.decisions import Decision, Decisions
from socterm.console.messages import Decided
from socterm.console.safe import copy, join, say
from socterm.console.screens.asking import Analyst
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.screens.judging import Judging
from socterm.console.screens.reporting import Reporting
from socterm.console.state import ORDERS, PaneName
from socterm.console.widgets.alerts import in_order
from socterm.console.words import plural

LEAVING = frozenset({"close", "verdict", "hand_over", "snooze"})
"""Verbs after which an alert is not open any more."""


class TriageScreen(Reporting, Judging):
    """Alerts, detail, stream and chat, driven by keys."""

    OFFERS = ("triage", "app")

    def __init__(self, *args: Any, analyst: Analyst | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.analyst = analyst
        self.decisions = Decisions(self, self.store, actor=self.actor, clock=self.clock)
        self._anchor = 0

    # decisions

    def targets(self) -> list[int]:
        """The alerts a verb acts on: the marked ones, else the one aimed at."""
        mine = self.alerts.marked
        marked = [row for row in self.alerts.ids if row in mine] if mine else []
        return marked or [alert.id for alert in (self.aimed,) if alert is not None]

    def decide(self, verb: str, done: str, ids: Sequence[int], **details: Any) -> None:
        """Write a decision; closed rows leave the list at once, and the cursor goes on to the next."""
        if not ids:
            say(self.app, "no alert under the cursor")
            return
        ids = self.allowed(verb, ids)
        self.decisions.submit(Decision(verb, done, tuple(ids), details))
        if verb in LEAVING:
            self.left_behind(ids)
        if verb != "note":
            self.alerts.marked.clear()
        self.titles()

    def left_behind(self, ids: Sequence[int]) -> None:
        """These are not open any more: the cursor goes on."""
        if not self.state.show_closed:
            self.alerts.drop(ids)
        elif self.alerts.cursor in ids:
            self.alerts.action_move(1)

    def allowed(self, verb: str, ids: Sequence[int]) -> Sequence[int]:
        """Those whose state allows the verb; all where none does, for the store to say why."""
        rows = [row for row in map(self.row_of, ids) if row is not None]
        states = {row.id: row.state for row in rows}
        return [row for row in ids if (states.get(row), verb) in TRANSITIONS] or ids

    def action_close(self) -> None:
        """Close as undetermined."""
        self.decide("close", "closed", self.targets(), verdict="undetermined")

    def action_close_group(self) -> None:
        """Close all open alerts of the same rule and entity."""
        current = self.aimed
        if current is None:
            return
        self.decisions.submit(Decision("close", "closed", details={"verdict": "undetermined"}, group=current))
        if not self.state.show_closed:
            shown = self.alerts.alerts.values()
            self.alerts.drop([a.id for a in shown if (a.rule, a.entity) == (current.rule, current.entity)])
        self.titles()

    def action_acknowledge(self) -> None:
        """Make them mine."""
        self.decide("acknowledge", "acknowledged", self.targets())

    def action_reopen(self) -> None:
        """Open closed ones again, or wake snoozed ones."""
        ids = self.targets()
        rows = [row for row in map(self.row_of, ids) if row is not None]
        snoozed = [row.id for row in rows if row.state == "snoozed"]
        if snoozed and len(snoozed) == len(ids):
            self.decide("wake", "woken", snoozed)
        else:
            self.decide("reopen", "reopened", ids)

    def action_note(self) -> None:
        """Ask for a note's text."""
        ids = self.targets()
        if not ids:
            return

        def written(text: str | None) -> None:
            if text:
                self.decide("note", "noted", ids, text=text)

        current = self.row_of(ids[0])
        about = current.title if len(ids) == 1 and current is not None else plural(len(ids), "alert")
        self.app.push_screen(NoteDialogue(about), written)

    def action_report(self) -> None:
        """Ask for a file and write the hand-over of the shift that ends now to it."""
        self.ask_for_shift(self.clock(), self.actor)

    @on(Decided)
    def decided(self, message: Decided) -> None:
        """Say what was done, and read the truth."""
        self.tell(message, "alert")
        hold = self.paused and message.verb not in {"undo", "redo"}
        self.reload_alerts(hold=hold, amend=not message.error)

    # marks

    def action_mark(self) -> None:
        """Mark or unmark, and go on."""
        row = self.alerts.cursor
        if row:
            self.alerts.marked ^= {row}
            self._anchor = row
            self.alerts.action_move(1)
        self.titles()

    def action_mark_range(self) -> None:
        """From the last mark to here."""
        start, end = self.alerts.position(self._anchor), self.alerts.position(self.alerts.cursor)
        if end >= 0:
            low, high = sorted((end if start < 0 else start, end))
            self.alerts.marked |= set(self.alerts.ids[low : high + 1])
            self._anchor = self.alerts.cursor
        self._marks_changed()

    def action_mark_rule(self) -> None:
        """All of this rule."""
        current = self.alerts.current
        if current is not None:
            self.alerts.marked |= {a.id for a in self.alerts.alerts.values() if a.rule == current.rule}
        self._marks_changed()

    def action_mark_group(self) -> None:
        """All of this rule and entity."""
        current = self.alerts.current
        if current is not None:
            same = current.rule, current.entity
            shown = self.alerts.alerts.values()
            self.alerts.marked |= {a.id for a in shown if (a.rule, a.entity) == same}
        self._marks_changed()

    def action_mark_all(self) -> None:
        """All, or none."""
        every = set(self.alerts.ids)
        self.alerts.marked = set() if self.alerts.marked == every else every
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.alerts.refresh()
        self.titles()

    # the view

    def action_filter(self) -> None:
        """Type a filter for the list in front."""
        name: PaneName = "stream" if self.state.focus == "stream" else "alerts"
        self.show_pane(name)
        self.filter_bar(name).open(self.state.filter_of(name).text)

    def action_toggle_filter(self) -> None:
        """Filter off or on."""
        mine = self.state.filter_of(self.state.focus)
        if not mine.text:
            say(self.app, "no filter here; / writes one")
            return
        mine.on = not mine.on
        self.apply_filter("stream" if self.state.focus == "stream" else "alerts")

    def action_pause(self) -> None:
        """Hold still or go on."""
        self.hold(not self.paused)

    def action_toggle_closed(self) -> None:
        """Closed ones too."""
        self.state.show_closed = not self.state.show_closed
        self.reload_alerts()

    def action_toggle_parts(self) -> None:
        """Parts of other alerts too."""
        self.state.show_parts = not self.state.show_parts
        self.reload_alerts()

    def action_next_order(self) -> None:
        """The next order."""
        self.state.order = ORDERS[(ORDERS.index(self.state.order) + 1) % len(ORDERS)]
        self.alerts.show(in_order(self.alerts.alerts.values(), self.state.order))
        self.titles()

    def action_sources(self) -> None:
        """The Sources screen."""
        self.console.go("sources")

    def action_toggle_zone(self) -> None:
        """UTC or local."""
        self.state.utc = not self.state.utc
        self.show_zone()
        say(self.app, f"times are in {'UTC' if self.state.utc else self.local}")

    def action_next_theme(self) -> None:
        """The next theme."""
        self.app.next_theme()  # type: ignore[attr-defined]

    def action_copy(self) -> None:
        """Copy what the cursor is on."""
        text = self.under_cursor()
        if text:
            copy(self.app, text)
            say(self.app, join(["copied ", text[:60]]))

    # panes

    def action_open(self) -> None:
        """Open what the cursor is on."""
        focus = self.state.focus
        if focus == "alerts":
            self._from, self._back_to = "alerts", ("", "")
            self.detail.load_alert(self.alerts.cursor)
            self.focus_on("detail")
        elif focus == "stream":
            self._from, self._back_to = "stream", ("", "")
            self.stream.set_follow(False)
            self.detail.load_event(self.stream.cursor)
            self.focus_on("detail")
        else:
            view = self.detail if focus == "detail" else self.chat.log_view
            if view.current is not None and view.current.alert:
                self.show_within(view.current.alert)
            elif view.current is not None and view.current.event:
                self.detail.choose_event(view.current.event)
                self.focus_on("detail")
            elif focus == "chat" and self.analyst is not None:
                self.to_chat_line()
        self.titles()

    def step_back(self) -> bool:
        """One step back; False where there is none."""
        if self.stop_answer():
            return True
        focus = self.state.focus
        if focus == "detail" and self._back_to[0]:
            (place, argument), self._back_to = self._back_to, ("", "")
            self.focus_on("alerts")
            self.console.visit(place, argument)
        elif focus == "detail" and self._from == "stream":
            self._from = "alerts"
            self.focus_on("stream")
        elif focus != "alerts":
            self.focus_on("alerts")
        elif self.alerts.marked:
            self.alerts.marked.clear()
            self._marks_changed()
        else:
            return False
        return True

    def action_back(self) -> None:
        """One step back."""
        self.step_back()

    def action_back_or_quit(self) -> None:
        """One step back, or leave."""
        if not self.step_back():
            self.app.exit()

    def action_scroll_detail(self, rows: int) -> None:
        """Scroll the detail from anywhere."""
        self.detail.scroll_relative(y=rows, animate=False, force=True)
