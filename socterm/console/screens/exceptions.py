"""The Exceptions screen: what is kept from alerting, by whom, why, until when, and how often it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from socterm.console import excepted
from socterm.console.actions import bindings
from socterm.console.decisions import Decision
from socterm.console.lines import Line
from socterm.console.safe import say
from socterm.console.screens.base import ListScreen
from socterm.console.widgets.table import TableRows
from socterm.store.rows import AuditRow, ExceptionRow

ORDER = ("refused", "in force", "expired")


class ExceptionsScreen(ListScreen[ExceptionRow], inherit_bindings=False):
    """Broken ones first, then those in force, then what is over; each group the newest first."""

    PLACE = "exceptions"
    OFFERS = ("exceptions", "marks", "list", "app")
    BINDINGS: ClassVar = bindings("exceptions", "marks", "list")
    STACKED = True
    EMPTY = "Nothing is excepted. d f on an alert offers an exception."
    titles_of: dict[str, str]

    def make_list(self) -> TableRows[ExceptionRow]:
        """What stands as of now."""
        self.titles_of = {}
        self.COLUMNS = excepted.columns(self.frame.clock, lambda: self.titles_of)  # type: ignore[misc]
        return super().make_list()

    def read_items(self, text: str, now: int) -> Sequence[ExceptionRow]:
        """Those in whose words, rules or author the typed text stands."""
        self.titles_of = {rule.id: rule.title for rule in self.store.triage.rules()}
        low = text.lower()
        rows = [row for row in self.store.exceptions.all() if low in self._words(row)]
        return sorted(rows, key=lambda row: ORDER.index(excepted.status(row, now)))

    def _words(self, row: ExceptionRow) -> str:
        known = (
            row.title,
            row.reason,
            row.author,
            excepted.whom(row),
            excepted.rules_of(row, self.titles_of),
        )
        return " ".join(known).lower()

    def read_about(self, item: ExceptionRow) -> Sequence[AuditRow]:
        """Who decided what about it."""
        return self.store.exceptions.history(item.id)

    def about_lines(self, item: ExceptionRow, found: Sequence[AuditRow]) -> Sequence[Line]:
        """All of it."""
        return excepted.about(item, self.titles_of, found, self.frame.clock(), self.tz)

    def about_title(self, item: ExceptionRow) -> str:
        """Which."""
        return f"Exception {item.id}"

    def list_title(self) -> str:
        """How many hold."""
        now = self.frame.clock()
        holding = sum(excepted.status(row, now) == "in force" for row in self.list.items.values())
        return f"{holding:,} in force of {len(self.list.ids):,}"

    def values(self, item: ExceptionRow) -> dict[str, str]:
        """The values it asks for."""
        return {term.field: term.value for term in excepted.terms(item) if not term.network}

    def text_of(self, item: ExceptionRow) -> str:
        """Its document: what one gives to others."""
        return item.document

    def action_end(self) -> None:
        """End those chosen; what comes from now on alerts again."""
        now = self.frame.clock()
        rows = [row for row in self.list.chosen() if excepted.status(row, now) != "expired"]
        if not rows:
            say(self.app, "it has expired already")
            return
        self.decisions.submit(Decision("expire", "to end an exception", tuple(row.id for row in rows)))
        self.list.marked.clear()
