"""Incidents, read and decided on. Implements `protocols.Incidents`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from socterm.alerts.incidents import OPEN_STATES, Standing, decide
from socterm.alerts.states import OPEN_STATES as OPEN_ALERTS
from socterm.alerts.states import Decision
from socterm.errors import TransitionError
from socterm.store.connection import transaction
from socterm.store.connections import Connections
from socterm.store.decide import decisions, trail
from socterm.store.decide.subjects import SUBJECTS, Subject
from socterm.store.doors.incident_rows import ROW, IncidentPage, IncidentRow, listed, read_page
from socterm.store.ingest.assigning import (
    HAD,
    Settling,
    State,
    alerts_of,
    incident_of,
    next_incident,
    read_state,
    stories_of,
    write_state,
)
from socterm.store.ingest.things import some
from socterm.store.jsontext import clean
from socterm.store.rows import AuditRow, Place

KIND: Final = "incident"
NEW: Final[State] = {
    "state": "open", "verdict": "", "owner": "", "notes": 0, "merged_into": 0, "why": "by hand", "pins": [],
}  # fmt: skip


class IncidentDesk:
    """Reads from any thread; decisions are one transaction each, undone and redone like those on alerts."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    # -- reading -------------------------------------------------------------------------

    def all(
        self, states: Sequence[str] = OPEN_STATES, limit: int = 1000, beyond: Place | None = None
    ) -> list[IncidentRow]:
        """Incidents in these states, gravest first, then newest; `beyond` goes on behind that place."""
        marks = ",".join("?" * len(states))
        behind = "(i.rank, i.last, i.id) < (?, ?, ?)" if beyond else "1"
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"SELECT {ROW} FROM incidents i WHERE i.state IN ({marks}) AND {behind} "
                "ORDER BY i.rank DESC, i.last DESC, i.id DESC LIMIT ?",
                (*states, *(beyond or ()), limit),
            ).fetchall()
            return [listed(db, row) for row in rows]

    def get(self, ident: int) -> IncidentRow | None:
        """One incident, or None."""
        with self._connections.snapshot() as db:
            row = db.execute(f"SELECT {ROW} FROM incidents i WHERE i.id = ?", (ident,)).fetchone()
            return None if row is None else listed(db, row)

    def of_alert(self, alert: int) -> int:
        """The incident an alert belongs to; 0 for none."""
        with self._connections.snapshot() as db:
            return incident_of(db, alert)

    def page(self, ident: int) -> IncidentPage | None:
        """All of one incident, or None. Evidence lines are read with each alert's."""
        with self._connections.snapshot() as db:
            history = list(trail.read(db, "about = ? ORDER BY id", (f"{KIND}:{ident}",)))
            return read_page(db, ident, history)

    def changes(self, since: int) -> tuple[int, list[int]]:
        """(newest change number, ids of incidents changed after `since`)."""
        sql = "SELECT id, change FROM incidents WHERE change > ? ORDER BY change, id"
        with self._connections.snapshot() as db:
            rows = db.execute(sql, (since,)).fetchall()
        return max(since, rows[-1][1] if rows else 0), [row[0] for row in rows]

    # -- deciding ------------------------------------------------------------------------

    def decide(
        self, ident: int, verb: str, *, actor: str, now: int, verdict: str = "", text: str = ""
    ) -> list[AuditRow]:
        """Start, close (with a verdict), reopen an incident, or note something; closing closes its alerts.

        Raises TransitionError where there is no such incident or its state does not allow that.
        """
        with self._connections.decider() as db, transaction(db):
            before = _known(db, ident)
            said = clean(text)
            standing = decide(_standing(before), verb, clean(actor), verdict=verdict, text=said)
            entries = [_entry(ident, verb, before, {**before, **msgspec.structs.asdict(standing)}, said)]
            if verb in ("close", "verdict"):
                decision = Decision("close", clean(actor), verdict=standing.verdict, at=now)
                entries += decisions.entries_of(db, _open_alerts(db, ident), decision)
            return decisions.write(db, entries, clean(actor), now)

    def escalate(
        self,
        alert_ids: Sequence[int],
        *,
        actor: str,
        now: int,
        into: int = 0,
        closing: bool = False,
        verdict: str = "",
        keep: bool = False,
        seen: int | None = None,
    ) -> list[AuditRow]:
        """Put alerts into an incident, a new one unless `into` names one, and say so of the alerts.

        With `keep` those that belong to one stay there. Rows about incidents come first. Raises
        TransitionError where one of the alerts does not exist or its state does not allow it, StaleError
        where something was decided on one after the audit row `seen`.
        """
        verb = "hand_over" if closing else "escalate"
        with self._connections.decider() as db, transaction(db):
            decisions.unchanged(db, alert_ids, seen)
            loose = [alert for alert in alert_ids if not (keep and incident_of(db, alert))]
            entries = _assign(db, loose, into, "escalate") if loose else []
            decision = Decision(verb, clean(actor), verdict=verdict, at=now)
            entries += decisions.entries_of(db, alert_ids, decision)
            return decisions.write(db, entries, clean(actor), now)

    def split(self, ident: int, alert_ids: Sequence[int], *, actor: str, now: int) -> list[AuditRow]:
        """Take alerts out of an incident into a new one. What comes later goes where its first link leads."""
        with self._connections.decider() as db, transaction(db):
            _known(db, ident)
            own = set(alerts_of(db, ident))
            for alert in alert_ids:
                if alert not in own:
                    raise TransitionError(f"alert {alert} does not belong to incident {ident}")
            if own <= set(alert_ids):
                raise TransitionError(f"these are all alerts of incident {ident}: nothing would be left")
            return decisions.write(db, _assign(db, alert_ids, 0, "split"), clean(actor), now)

    def merge(self, ident: int, others: Sequence[int], *, actor: str, now: int) -> list[AuditRow]:
        """Put all alerts of other incidents into one."""
        with self._connections.decider() as db, transaction(db):
            for other in others:
                _known(db, other)
                if other == ident:
                    raise TransitionError(f"incident {ident} cannot be merged into itself")
            alerts = [alert for other in others for alert in alerts_of(db, other)]
            return decisions.write(db, _assign(db, alerts, ident, "merge"), clean(actor), now)


def _known(db: sqlite3.Connection, ident: int) -> State:
    state = read_state(db, ident)
    if not state:
        raise TransitionError(f"there is no incident {ident}: socterm incidents list shows those there are")
    if state["state"] in ("merged", "withdrawn"):
        where = f"; its alerts belong to {state['merged_into']}" if state["merged_into"] else ""
        raise TransitionError(f"incident {ident} is {state['state']}{where}")
    return state


def _standing(state: State) -> Standing:
    return Standing(state["state"], state["verdict"], state["owner"], state["notes"])


def _entry(ident: int, verb: str, before: State, after: State, note: str = "") -> trail.Entry:
    return trail.Entry(0, verb, before, after, note, about=f"{KIND}:{ident}")


def _open_alerts(db: sqlite3.Connection, ident: int) -> list[int]:
    states = (*OPEN_ALERTS, "snoozed")
    sql = (
        "SELECT a.id FROM alert_stories s JOIN alerts a ON a.id = s.alert WHERE s.incident = ? "
        f"AND a.state IN ({','.join('?' * len(states))}) ORDER BY a.id"
    )
    return [row[0] for row in db.execute(sql, (ident, *states))]


def _assign(db: sqlite3.Connection, alert_ids: Sequence[int], into: int, verb: str) -> list[trail.Entry]:
    """What putting alerts into an incident (0: a new one) changes: of that one, then of those they leave.

    Their former company is kept where it is, for links would draw it along.
    """
    chosen = set(alert_ids)
    known = {row[0] for row in some(db, "SELECT alert FROM alert_stories WHERE alert IN (%s)", chosen)}
    for alert in alert_ids:
        if alert not in known:
            raise TransitionError(f"there is no alert {alert}; socterm alerts list shows those there are")
    target = into or next_incident(db)
    before = _known(db, into) if into else {}
    pins = sorted({*before.get("pins", ()), *chosen})
    what = f"alert{'s' if len(chosen) > 1 else ''} {', '.join(map(str, sorted(chosen)))}"
    entries = [_entry(target, verb, _had(db, target, before), {**NEW, **before, "pins": pins}, what)]
    sql = "SELECT DISTINCT incident FROM alert_stories WHERE incident != 0 AND story IN (%s)"
    affected = {row[0] for row in some(db, sql, stories_of(db, chosen))} - {target}
    for other in sorted(affected):
        state, has = read_state(db, other), set(alerts_of(db, other))
        after = {**state, "pins": sorted((has | set(state["pins"])) - chosen)}
        if has <= chosen:
            after |= {"state": "merged", "merged_into": target}
        if after != state:
            entries.append(_entry(other, verb, _had(db, other, state), after, f"{what} to incident {target}"))
    return entries


def _had(db: sqlite3.Connection, ident: int, state: State) -> State:
    """A state that can come back."""
    return {**state, HAD: alerts_of(db, ident)} if state else {}


def _finish(db: sqlite3.Connection, changed: Sequence[tuple[int, Any, Any]], now: int) -> None:
    """Assign anew the alerts that a decision was about."""
    alerts: set[int] = set()
    for ident, before, after in changed:
        alerts.update(before.get("pins", ()), after.get("pins", ()), alerts_of(db, ident))
    Settling(db, now).settle(stories_of(db, alerts), alerts)


SUBJECTS[KIND] = Subject(
    read_state,
    write_state,
    frozenset({"start", "close", "verdict", "reopen", "note", "escalate", "split", "merge"}),
    _finish,
)
