"""The Entities screen: users, addresses and hosts by risk, and all that is known of one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from socterm.alerts.bonds import KINDS
from socterm.console.actions import bindings
from socterm.console.lines import Line
from socterm.console.pivots import clause
from socterm.console.screens.base import ListScreen
from socterm.console.whom import about
from socterm.console.widgets.table import Column, TableRows
from socterm.console.words import age
from socterm.store.doors.entities import EntityPage, Ranked

MOST = 500
"""Entities in the list, the riskiest."""


class Row(NamedTuple):
    """One entity; its id is made of its name, so that it stays while ranks change."""

    id: int
    about: Ranked


class EntitiesScreen(ListScreen[Row], inherit_bindings=False):
    """Those that alerts are about, riskiest first; the one asked for stands above them."""

    PLACE = "entity"
    OFFERS = ("entity", "list", "app")
    BINDINGS: ClassVar = bindings("entity", "list")
    EMPTY = "No alert is about anybody. p e on a user, address or host shows what is known of it."
    asked: tuple[str, str] = ("", "")
    more = False
    """Whether there are more than the list holds."""

    def make_list(self) -> TableRows[Row]:
        """How old their alerts are as of now."""
        now = self.frame.clock
        self.COLUMNS = (  # type: ignore[misc]
            Column[Row]("Field", 14, lambda r: (r.about.field, "dim"), rank=2),
            Column[Row]("Who", 0, lambda r: (r.about.value, "entity")),
            Column[Row]("Alerts", 6, lambda r: (f"{r.about.alerts:,}", "count"), right=True, rank=1),
            Column[Row]("Risk", 5, lambda r: (f"{r.about.risk:,}", "text"), right=True),
            Column[Row]("Last", 4, lambda r: _last(r, now()), right=True, rank=3),
        )
        return super().make_list()

    def arrive(self, argument: str) -> None:
        """`user.name:alice` or `user.name=alice`: that one."""
        field, _, value = argument.replace("=", ":", 1).partition(":")
        if value and field in KINDS:
            self.asked = field, value.strip('"').replace('\\"', '"')
            self.view.selected = _id(*self.asked)
            self.list.point(self.view.selected)
            if self.list.ids:
                self.again()

    def shown_by(self) -> str:
        """The one under the cursor: it need not be among the riskiest."""
        item = self.list.current
        return f"{item.about.field}={item.about.value}" if item is not None else ""

    def read_items(self, text: str, now: int) -> Sequence[Row]:  # noqa: ARG002
        """Those whose name holds what is typed."""
        ranked = self.store.entities.ranked(MOST)
        self.more = len(ranked) >= MOST
        rows = [Row(_id(one.field, one.value), one) for one in ranked]
        if self.asked[1] and all(row.id != _id(*self.asked) for row in rows):
            rows.insert(0, Row(_id(*self.asked), Ranked(*self.asked)))
        return [row for row in rows if text.lower() in f"{row.about.field} {row.about.value}".lower()]

    def read_about(self, item: Row) -> EntityPage:
        """All that is known of it."""
        return self.store.entities.page(item.about.field, item.about.value)

    def about_lines(self, item: Row, found: EntityPage) -> Sequence[Line]:  # noqa: ARG002
        """All of it."""
        return about(found, self.tz)

    def list_title(self) -> str:
        """How many; of which, where there are more."""
        return (f"of the riskiest {MOST:,}: " if self.more else "") + super().list_title()

    def about_title(self, item: Row) -> str:
        """Who."""
        return item.about.value

    def values(self, item: Row) -> dict[str, str]:
        """Its name."""
        return {item.about.field: item.about.value}

    def when(self, item: Row) -> int:
        """When its latest alert ended."""
        return item.about.last

    def text_of(self, item: Row) -> str:
        """Its name."""
        return item.about.value

    def action_lines(self) -> None:
        """All its lines."""
        item = self.list.current
        if item is not None:
            self.console.visit("events", clause(item.about.field, item.about.value))

    def action_alerts(self) -> None:
        """Its open alerts, in Triage."""
        item = self.list.current
        if item is None:
            return
        triage = self.console.triage
        triage.state.alerts.text = clause(item.about.field, item.about.value)
        triage.state.alerts.on = True
        self.console.go("triage")
        triage.focus_on("alerts")
        triage.apply_filter("alerts")


def _id(field: str, value: str) -> int:
    return 1 + zlib.crc32(f"{field} {value.casefold()}".encode("utf-8", "surrogatepass"))


def _last(row: Row, now: int) -> tuple[object, str]:
    return (age(now, row.about.last) if row.about.last else "", "dim")
