"""What the cursor of the Triage screen points at, and what comes of it: copying, pivots, keeping, opening."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from socterm.console.pivots import Spot, both
from socterm.console.screens.asking import Asking
from socterm.console.screens.verbs import Verbs
from socterm.console.state import PaneName
from socterm.console.summary import PIVOTS
from socterm.console.words import entity_text
from socterm.store.rows import AlertRow

if TYPE_CHECKING:
    from socterm.console.going import Going


class Pointing(Verbs, Asking):
    """The value under the cursor."""

    _from: PaneName = "alerts"
    """From which list the detail was opened: Esc goes back there."""

    _elsewhere = 0
    """An alert that the detail shows and that is not the one under the list's cursor; 0 for none."""

    _back_to = ("", "")
    """The screen from which an alert or event was opened here, with its argument: Esc goes back there."""

    @property
    def aimed(self) -> AlertRow | None:
        """The alert that verbs are about: the one opened in the detail, else that under the list's cursor."""
        if self._elsewhere and self.state.focus in ("detail", "chat"):
            return self.row_of(self._elsewhere)
        return self.alerts.current

    def row_of(self, alert: int) -> AlertRow | None:
        """An alert of the list, or the one opened beside it."""
        found = self.alerts.alerts.get(alert)
        if found is None and self.detail.shown == alert:
            found = self.detail.alert
        return found if found is not None else self.store.triage.alert(alert)

    def shown_alert(self) -> int:
        """The alert the detail is to show."""
        return self._elsewhere or self.alerts.cursor

    def show_within(self, alert: int) -> None:
        """Show an alert that a line of the detail names."""
        self._elsewhere = alert if alert != self.alerts.cursor else 0
        self.detail.load_alert(alert)

    def back_to_the_list(self) -> None:
        """The list's own alert counts again."""
        self._elsewhere = 0

    def under_cursor(self) -> str:
        """The text `y` takes: a value of the detail, a raw line, or an alert's line."""
        focus = self.state.focus
        if focus == "stream":
            event = self.stream.events.get(self.stream.cursor)
            return event.raw if event is not None else ""
        view = self.detail if focus == "detail" else self.chat.log_view if focus == "chat" else None
        if view is not None and view.current is not None:
            return view.current.value
        alert = self.aimed
        if alert is None:
            return ""
        return f"{alert.level} {alert.title} {entity_text(alert.entity)} ×{alert.count} #{alert.id}"

    def open_alert(self, alert: int, back_to: tuple[str, str] = ("", "")) -> None:
        """Show an alert in the detail, and the list's cursor on it where the list holds it.

        `back_to` is the screen that Esc goes back to.
        """
        self._from, self._back_to = "alerts", back_to
        listed = self.alerts.position(alert) >= 0
        if listed:
            self.alerts.touched = True
            self.alerts.go(self.alerts.position(alert))
        self._elsewhere = 0 if listed else alert
        self.detail.load_alert(alert)
        within = back_to[0] or not listed or self.has_class("-tiny")
        self.focus_on("detail" if within else self.state.focus)

    def open_event(self, event: int, back_to: tuple[str, str] = ("", "")) -> None:
        """Show an event in the detail."""
        self._from, self._back_to = "stream", back_to
        self.detail.load_event(event)
        self.focus_on("detail")

    @property
    def console(self) -> Going:
        """The application this screen is part of."""
        return cast("Going", self.app)

    def spot(self) -> Spot:
        """The value under the cursor, for pivots: of a line of the detail, else of an event or alert."""
        focus = self.state.focus
        view = self.detail if focus == "detail" else self.chat.log_view if focus == "chat" else None
        if view is not None and view.current is not None:
            line = view.current
            fields = {line.field: line.value} if line.field else {}
            return Spot(fields, self._moment(), line.event, line.alert or self.detail.shown, line.value)
        event = self.stream.events.get(self.stream.cursor) if focus == "stream" else None
        if event is not None:
            fields = {name: str(event.fields[name]) for name in PIVOTS if name in event.fields}
            return Spot(fields, event.ts, event.id, 0, event.raw)
        alert = self.aimed
        if alert is None:
            return Spot()
        return Spot(alert.entity, alert.last, 0, alert.id, self.under_cursor())

    def _moment(self) -> int:
        """When what the detail shows was."""
        shown = self.detail
        if shown.alone or shown.alert is None:
            return shown.event.ts if shown.event is not None else 0
        return shown.alert.last

    def narrow(self, clause: str) -> None:
        """Add a clause to the filter of the alerts from there, to that of the stream from elsewhere."""
        name: PaneName = "alerts" if self.state.focus == "alerts" else "stream"
        mine = self.state.filter_of(name)
        mine.text, mine.on = both(mine.active, clause), True
        self.apply_filter(name)
