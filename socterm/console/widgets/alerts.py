"""The alert list: level, title, entity, count, age, state. Narrow, state goes first, then age."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.segment import Segment
from textual.strip import Strip

from socterm.console.safe import fit, join, safe_text, seg, width
from socterm.console.state import Order
from socterm.console.theme import LEVELS, MARKS, SHORT, style
from socterm.console.widgets.rows import Rows
from socterm.console.words import age, entity_text, number, state_text
from socterm.store.rows import AlertRow

QUIET = frozenset({"closed", "snoozed", "merged"})
RANK = {level: rank for rank, level in enumerate(LEVELS)}

ORDER_KEYS: dict[Order, Callable[[AlertRow], tuple[int, ...]]] = {
    "level": lambda a: (a.state in QUIET, RANK.get(a.level, len(RANK)), -a.created, -a.id),
    "newest": lambda a: (a.state in QUIET, -a.last, -a.id),
    "count": lambda a: (a.state in QUIET, -a.count, -a.id),
}
"""How each order sorts. By level a row keeps its place while its count grows: only new alerts move rows."""


def in_order(alerts: Iterable[AlertRow], order: Order) -> list[AlertRow]:
    """Alerts as the list shows them."""
    return sorted(alerts, key=ORDER_KEYS[order])


class AlertRows(Rows):
    """Alerts, each one row."""

    def __init__(self, *, actor: str, clock: Callable[[], int], cursor: int = 0) -> None:
        super().__init__("alerts", cursor)
        self.touched = False
        self._restored = cursor
        self.alerts: dict[int, AlertRow] = {}
        self.marked: set[int] = set()
        self.unseen: set[int] = set()
        self.actor = actor
        self.clock = clock

    def show(self, alerts: Iterable[AlertRow]) -> None:
        """Show these alerts, in the order they come in."""
        known = self.alerts.keys()
        self.alerts = {alert.id: alert for alert in alerts}
        fresh = self.alerts.keys() - known if known else set()
        self.marked &= self.alerts.keys()
        self.replace(list(self.alerts))
        self.unseen = ((self.unseen | fresh) & self.alerts.keys()) - set(self.in_sight())

    def drop(self, ids: Iterable[int]) -> None:
        """Take rows away at once, before the store has answered; the next read puts things right."""
        gone = set(ids)
        self.alerts = {key: value for key, value in self.alerts.items() if key not in gone}
        self.marked -= gone
        self.replace(list(self.alerts))

    def where_unseen(self) -> str:
        """Which way the first of those lies that nobody has seen yet."""
        first = next((at for at, row in enumerate(self.ids) if row in self.unseen), 0)
        return "↑" if first < self.scroll_offset.y else "↓"

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """What came into sight is no longer new."""
        super().watch_scroll_y(old_value, new_value)
        self.unseen -= set(self.in_sight())

    @property
    def pinned(self) -> bool:
        """From the first key on, or where the cursor was restored; before that the top is the place to be."""
        return self.touched or self._restored in self.alerts

    @property
    def current(self) -> AlertRow | None:
        """The alert under the cursor."""
        return self.alerts.get(self.cursor)

    def ground(self, row: int) -> str:
        """Marked rows have a ground of their own."""
        return "cursor" if row == self.cursor else "marked" if row in self.marked else "background"

    def look(self, row: int) -> object:
        """An alert looks different when it changed, aged or was marked."""
        alert = self.alerts[row]
        return (
            alert.updated, alert.count, alert.state, alert.owner, alert.verdict, alert.notes, alert.parts,
            alert.part_of,
            age(self.clock(), alert.last), row in self.marked,
        )  # fmt: skip

    def draw(self, row: int, cells: int, ground: str) -> Strip:
        """Draw one alert."""
        alert = self.alerts[row]
        theme, here = self.theme_name, row == self.cursor

        quiet = alert.state in QUIET
        level = "dim" if quiet else alert.level if alert.level in MARKS else "informational"
        right = self._right(alert, cells)
        room = max(10, cells - 9 - sum(len(text) for text, _ in right))
        under = "↳ " if alert.part_of else ""
        title, entity = safe_text(under + alert.title), join([" ", entity_text(alert.entity)])
        more = f" +{number(alert.parts)}" if alert.parts else ""
        title_room = max(10, int(room * (0.58 if cells > 60 else 0.55)))
        room -= len(more)
        # A long title takes the blanks a short entity leaves.
        title_room = max(title_room, min(width(title), room - width(entity)))
        sign = "✓" if row in self.marked else "▌" if here else " "
        segments: list[Segment] = [
            seg(
                sign,
                style(
                    theme, "accent" if row in self.marked else "primary" if self.has_focus else "dim", ground
                ),
            ),
            seg(
                f"{MARKS.get(alert.level, '·')} {SHORT.get(alert.level, 'INFO'):<5}",
                style(theme, level, ground),
            ),
            seg(
                fit(title, title_room),
                style(theme, "dim" if quiet else "title" if here else "text", ground),
            ),
            seg(
                fit(entity, max(0, room - title_room)),
                style(theme, "dim" if quiet else "entity", ground),
            ),
        ]
        if more:
            segments.append(seg(more, style(theme, "dim" if quiet else "accent", ground)))
        segments += [seg(text, style(theme, name, ground)) for text, name in right]
        return Strip(segments).adjust_cell_length(cells, style(theme, "text", ground))

    def _right(self, alert: AlertRow, cells: int) -> list[tuple[str, str]]:
        """The right-hand columns there is room for: (text, style)."""
        count = f"×{number(alert.count)}" if alert.count > 1 else ""
        out = [(f"{count:>6}", "count")]
        if cells >= 56:
            out.append((f"{age(self.clock(), alert.last):>5}", "dim"))
        if cells >= 66:
            state = state_text(alert, self.actor)
            note = "✎" if alert.notes else " "
            out.append((f" {note}{state:<6}", "ok" if state in {"mine", "ack"} else "dim"))
        return out
