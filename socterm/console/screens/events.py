"""The Events screen's verbs: from alerted event to alerted event, searching, jumping, columns, bookmarks."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.message import Message

from socterm.console.actions import bindings
from socterm.console.eventcolumns import found_fields, needles
from socterm.console.messages import FilterTyped
from socterm.console.moments import moment_of
from socterm.console.pivots import both
from socterm.console.readers import parse_filter
from socterm.console.safe import say
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.screens.eventkeeping import EventsKeeping
from socterm.console.screens.picker import Choice, Picked, Picker
from socterm.console.widgets.reader import in_thread
from socterm.console.words import stamp
from socterm.errors import QueryCancelledError, QueryError, UsageError

MOST_BOOKMARKS = 500


@dataclass
class Sought(Message):
    """An event was found to go to; 0 where there is none. `what` says what was looked for."""

    event: int
    what: str


class EventsScreen(EventsKeeping, inherit_bindings=False):
    """Every stored line."""

    BINDINGS: ClassVar = bindings("events", "list")

    _seeking: threading.Thread | None = None

    def begin(self) -> None:
        """What was looked for before is marked again."""
        super().begin()
        self._mark_hits()

    # going to an event

    @in_thread("seek")
    def seek(self, what: str, text: str, now: int, step: int, here: int) -> None:
        """Find the next event, or the one before; what was looked for meanwhile is given up."""
        self._seeking = threading.current_thread()
        reads = self.store.events
        try:
            query = parse_filter(text, now)
            if what == "alerted":
                found = reads.alerted(query, after=here) if step > 0 else reads.alerted(query, before=here)
            else:
                after, before = (here, None) if step > 0 else (0, here)
                found = next(
                    iter(reads.ids(query, after=after, before=before, limit=1, oldest_first=step > 0)), 0
                )
        except QueryCancelledError:
            return
        except QueryError as wrong:
            self.post_message(Sought(0, str(wrong)))
        else:
            self.post_message(Sought(found, "" if found else _missing(what, step)))
        finally:
            self._seeking = None

    def _seek(self, what: str, text: str, step: int) -> None:
        if self._seeking is not None:
            self.store.interrupt(self._seeking)
        self._looking("looking … · Esc stops")
        here = self.list.cursor or (self.list.newest + 1 if step < 0 else 0)
        self.seek(what, text, self.frame.clock(), step, here)

    def _looking(self, said: str) -> None:
        """Say at the foot of the list that something is looked for."""
        if self._exporting is None:
            self.under_way = said
            self.titles()

    def step_back(self) -> bool:
        """Stop looking first."""
        if self._seeking is not None:
            self.store.interrupt(self._seeking)
            self._looking("")
            return True
        return super().step_back()

    @on(Sought)
    def sought(self, message: Sought) -> None:
        """Go there, or say that there is none."""
        self._looking("")
        if message.event:
            self.show_event(message.event)
        else:
            say(self.app, message.what)

    def show_event(self, event: int) -> None:
        """Put the cursor on an event, wherever in the log it is."""
        self.list.set_follow(False)
        if self.list.position(event) >= 0:
            self.list.go_between(event)
        else:
            self.list.jump(event)

    def action_next_alerted(self, step: int) -> None:
        """To the next event that alerted, or the one before."""
        self._seek("alerted", self.view.filter.active, step)

    # searching

    def action_search(self) -> None:
        """Type what to look for."""
        self.show_pane("list")
        self.search_bar.open(self.view.search)

    def typed_elsewhere(self, message: FilterTyped) -> None:
        """Mark what is found; Enter goes to the next hit from here, or the last one before."""
        self.view.search = message.text
        self._mark_hits()
        self.titles()
        if message.final:
            self.focus_on("list")
            if self.view.search:
                self.action_next_hit(1 if not self.list.follow else -1)

    def _mark_hits(self) -> None:
        try:
            self.list.sought = needles(parse_filter(self.view.search, self.frame.clock()))
        except QueryError:
            self.list.sought = None  # the search line says what is wrong
        self.list.forget()

    def action_next_hit(self, step: int) -> None:
        """To the next line the search finds, or the one before."""
        if not self.view.search:
            say(self.app, "nothing is looked for; ^f says what")
            return
        self._seek("hit", both(self.view.filter.active, f"({self.view.search})"), step)

    # time

    def action_jump(self) -> None:
        """Ask for a time and go there."""
        event = self.list.events.get(self.list.cursor)
        here = event.ts if event is not None else self.frame.clock()

        def typed(text: str | None) -> None:
            if not text:
                return
            try:
                ts = moment_of(text, now=self.frame.clock(), here=here, tz=self.tz)
            except UsageError as wrong:
                say(self.app, str(wrong), "warning")
            else:
                self.find_time(ts)

        self.app.push_screen(NoteDialogue("10:42 · 2025-11-21 10:42 · 2h ago · +10m", "Go to", "goes"), typed)

    @in_thread("seek")
    def find_time(self, ts: int) -> None:
        """Find the first event at a time."""
        found = self.store.events.at(ts)
        self.post_message(Sought(found, "" if found else f"nothing since {stamp(ts, self.tz)}"))

    # columns

    def action_columns(self) -> None:
        """Choose the columns."""
        chosen = list(self.list.columns)
        found = found_fields(event.fields for event in self.list.known())
        names = [*chosen, *(name for name, _, _ in found if name not in chosen)]
        told = {name: f"{count:,} of the lines read, such as {value[:60]}" for name, count, value in found}
        choices = [Choice(number, name, told.get(name, "")) for number, name in enumerate(names, 1)]

        def picked(got: Picked | None) -> None:
            columns = [names[number - 1] for number in got.marked] if got is not None else chosen
            if columns != chosen:
                self.choose_columns(columns)

        marked = range(1, len(chosen) + 1)
        self.app.push_screen(Picker("Columns, in the order marked", choices, many=marked), picked)

    # bookmarks

    def action_bookmark(self) -> None:
        """Bookmark the line under the cursor, or forget it."""
        if self.list.cursor:
            self._bookmark(self.list.cursor)
            self.list.refresh()

    def _bookmark(self, event: int) -> None:
        marks = self.view.bookmarks
        kept = [one for one in marks if one != event] if event in marks else [*marks, event]
        self.view.bookmarks = kept[-MOST_BOOKMARKS:]
        self.list.marked = frozenset(self.view.bookmarks)

    def action_bookmarks(self) -> None:
        """The bookmarked lines, newest bookmark first."""
        marks = self.view.bookmarks[::-1]
        found = {event.id: event for event in self.store.events.get(marks)}
        choices = [
            Choice(one, stamp(found[one].ts, self.tz) if one in found else f"#{one}",
                   found[one].message if one in found else "no longer kept")
            for one in marks
        ]  # fmt: skip

        def picked(got: Picked | None) -> None:
            if got is not None and got.row in found:
                self.show_event(got.row)

        self.app.push_screen(
            Picker("Bookmarks", choices, forget=self._bookmark, empty="No bookmark. b on a line sets one."),
            picked,
        )

    def action_pause(self) -> None:
        """Hold still or go on."""
        self.list.paused = not self.list.paused
        self.titles()
        if not self.list.paused:
            self.look()


def _missing(what: str, step: int) -> str:
    where = "after" if step > 0 else "before"
    return (
        f"no event that alerted {where} this one"
        if what == "alerted"
        else f"no line with that {where} this one"
    )
