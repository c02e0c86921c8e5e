"""Alerts that are decided together: of one rule and entity, or of one rule."""

from __future__ import annotations

from socterm.alerts.states import OPEN_STATES, TRANSITIONS
from socterm.errors import TransitionError
from socterm.store.connections import Connections

_SAME = {
    False: "SELECT g.id, g.state FROM alerts a JOIN alerts g ON g.rule = a.rule AND g.entity = a.entity",
    True: "SELECT g.id, g.state FROM alerts a JOIN alerts g ON g.rule = a.rule",
}


class GroupDesk:
    """Implements `protocols.Groups`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def members(self, alert_id: int, verb: str, *, whole_rule: bool = False) -> list[int]:
        """The alerts of an alert's rule and entity (or rule) that a verb can be said of, oldest first.

        Of open ones where there are any: what closes them leaves alone what was closed before.
        Raises TransitionError where there is no such alert.
        """
        with self._connections.snapshot() as db:
            rows = db.execute(f"{_SAME[whole_rule]} WHERE a.id = ? ORDER BY g.id", (alert_id,)).fetchall()
        if not rows:
            raise TransitionError(f"there is no alert {alert_id}")
        able = [(ident, state) for ident, state in rows if (state, verb) in TRANSITIONS]
        some_open = any(state in OPEN_STATES for _, state in able)
        return [ident for ident, state in able if not some_open or state in OPEN_STATES]
