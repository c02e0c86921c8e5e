"""The Metrics screen: how triage goes, in numbers, and which rules make the noise."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import ClassVar, cast

from socterm.console.actions import bindings
from socterm.console.figures import COLUMNS, Noise, rule_lines, whole_lines
from socterm.console.lines import Line
from socterm.console.pivots import clause
from socterm.console.safe import say
from socterm.console.screens.base import ListScreen
from socterm.console.state import PERIODS, MetricsView
from socterm.console.words import DAY

SPANS = {"24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "all": 1 << 60}
"""How long (µs) the periods are."""

MINUTE = 60_000_000
WHOLE = 1
"""The id of the row for all rules; a rule's is made of its key, so that it stays while ranks change."""


class MetricsScreen(ListScreen[Noise], inherit_bindings=False):
    """Rules by how many alerts they raise; the first row is all of them, with the times."""

    PLACE = "metrics"
    OFFERS = ("metrics", "list", "app")
    BINDINGS: ClassVar = bindings("metrics", "list")
    COLUMNS = COLUMNS
    EMPTY = "No alert has been raised in this period; ] looks further back."
    _change = 0

    @property
    def period(self) -> MetricsView:
        """The view, with its period."""
        return cast("MetricsView", self.view)

    def stamp(self) -> object:
        """Changes of alerts, the minute for the ages, and the period."""
        self._change, _ = self.store.triage.changes(self._change)
        return self._change, self.frame.clock() // MINUTE, self.period.period

    def read_items(self, text: str, now: int) -> Sequence[Noise]:
        """All rules first, then each whose title holds what is typed."""
        found = self.store.metrics.figures(max(0, now - SPANS[self.period.period]), now + 1, now)
        rules = [rule for rule in found.rules if text.lower() in rule.title.lower()]
        rows = [Noise(WHOLE + 1 + zlib.crc32(rule.rule.encode()), found, rule) for rule in rules]
        return [Noise(WHOLE, found), *rows]

    def about_lines(self, item: Noise, found: object) -> Sequence[Line]:  # noqa: ARG002
        """The figures, of all or of a rule."""
        return whole_lines(item.whole) if item.rule is None else rule_lines(item.rule, item.whole)

    def about_title(self, item: Noise) -> str:
        """Of what, and over how long."""
        return "Figures" if item.rule is None else "Rule"

    def list_title(self) -> str:
        """How many rules, over which period."""
        period = "ever" if self.period.period == "all" else f"last {self.period.period}"
        return f"{max(0, len(self.list.ids) - 1):,} rules · {period}"

    def text_of(self, item: Noise) -> str:
        """The row in words."""
        alerts = item.whole.alerts if item.rule is None else item.rule.alerts
        return f"{item.title}: {alerts} alerts"

    def action_period(self, step: int) -> None:
        """A longer or a shorter period."""
        at = PERIODS.index(self.period.period) + step
        if not 0 <= at < len(PERIODS):
            say(self.app, "there is no longer period" if step > 0 else "there is no shorter period")
            return
        self.period.period = PERIODS[at]
        self.again()
        self.titles()

    def action_alerts(self) -> None:
        """The rule's open alerts, in Triage."""
        item = self.list.current
        if item is None or item.rule is None:
            say(self.app, "no rule under the cursor")
            return
        triage = self.console.triage
        triage.state.alerts.text, triage.state.alerts.on = clause("rule", item.rule.rule), True
        self.console.go("triage")
        triage.focus_on("alerts")
        triage.apply_filter("alerts")
