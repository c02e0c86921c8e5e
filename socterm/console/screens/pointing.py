"""What the cursor of the Triage screen points at, and what comes of it: copying, pivots, keeping, opening."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from socterm.console.pivots import Spot, both
from socterm.console.screens.asking import Asking
from socterm.console.screens.verbs import Verbs
from socterm.console.state import PaneName
from socterm.console.summary import PIVOTS
from socterm.console.words import entity_text

if TYPE_CHECKING:
    from socterm.console.going import Going


class Pointing(Verbs, Asking):
    """The value under the cursor."""

    _from: PaneName = "alerts"
    """From which list the detail was opened: Esc goes back there."""

    def under_cursor(self) -> str:
        """The text `y` takes: a value of the detail, a raw line, or an alert's line."""
        focus = self.state.focus
        if focus == "stream":
            event = self.stream.events.get(self.stream.cursor)
            return event.raw if event is not None else ""
        view = self.detail if focus == "detail" else self.chat.log_view if focus == "chat" else None
        if view is not None and view.current is not None:
            return view.current.value
        alert = self.alerts.current
        if alert is None:
            return ""
        return f"{alert.level} {alert.title} {entity_text(alert.entity)} ×{alert.count} #{alert.id}"

    def open_alert(self, alert: int) -> None:
        """Show an alert in the detail, and the list's cursor on it where the list holds it."""
        self._from = "alerts"
        if self.alerts.position(alert) >= 0:
            self.alerts.touched = True
            self.alerts.go(self.alerts.position(alert))
        self.detail.load_alert(alert)
        self.focus_on("detail" if self.has_class("-tiny") else self.state.focus)

    def open_event(self, event: int) -> None:
        """Show an event in the detail."""
        self._from = "stream"
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
        alert = self.alerts.current
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
