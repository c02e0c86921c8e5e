"""Which incident each alert belongs to: from stories and what people said, in the caller's transaction.

An incident's number stays with its alerts while stories grow together or come apart; the one people know
lives on. What is done here is written in the audit trail as done by the software.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from socterm.alerts.incidents import MEDIUM, opens, stories
from socterm.store.decide import trail
from socterm.store.ingest.stories import links_among
from socterm.store.ingest.things import some

COLUMNS = "state, verdict, owner, notes, merged_into, why"
HAD = "~had"
"""In a state that is to come back: the alerts that the incident had then, pinned or not."""

State = dict[str, Any]


class Member(NamedTuple):
    """An alert of a story."""

    story: int
    alert: int
    incident: int
    pinned: int
    rank: int
    rule: str
    head: int


_MEMBERS = (
    "SELECT s.story, s.alert, s.incident, s.pinned, a.rank, a.rule, a.part_of FROM alert_stories s "
    "JOIN alerts a ON a.id = s.alert WHERE s.story IN (%s)"
)
_PINS = "SELECT alert FROM alert_stories WHERE pinned = ? AND pinned != 0 ORDER BY alert"
_PINNED = "SELECT 1 FROM alert_stories WHERE story = ? AND pinned != 0"
_NEXT = "SELECT min(incident) FROM alert_stories WHERE story = ? AND incident > ?"


def read_state(db: sqlite3.Connection, incident: int) -> State:
    """All that decisions change of an incident; {} where there is none."""
    row = db.execute(f"SELECT {COLUMNS} FROM incidents WHERE id = ?", (incident,)).fetchone()
    if row is None:
        return {}
    found = dict(zip(COLUMNS.split(", "), row, strict=True))
    pins = db.execute(_PINS, (incident,))
    return {**found, "pins": [alert for (alert,) in pins]}


def write_state(db: sqlite3.Connection, incident: int, state: State, now: int) -> None:
    """Put an incident as it shall stand; {} takes it away. Which alerts are its own, `settle` says then."""
    db.execute("UPDATE alert_stories SET pinned = 0 WHERE pinned = ? AND pinned != 0", (incident,))
    if not state:
        db.execute("DELETE FROM incidents WHERE id = ?", (incident,))
        return
    values = [state[name] for name in COLUMNS.split(", ")]
    db.execute(
        f"INSERT INTO incidents (id, created, updated, change, {COLUMNS}) VALUES (?1, ?2, ?2, ?3, "
        "?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET updated = ?2, change = ?3, state = ?4, "
        "verdict = ?5, owner = ?6, notes = ?7, merged_into = ?8, why = ?9",
        (incident, now, next_change(db), *values),
    )
    db.executemany(
        "UPDATE alert_stories SET pinned = ? WHERE alert = ?", [(incident, alert) for alert in state["pins"]]
    )
    db.executemany(
        "UPDATE alert_stories SET incident = ? WHERE alert = ? AND pinned = 0",
        [(incident, alert) for alert in state.get(HAD, ())],
    )


def next_change(db: sqlite3.Connection) -> int:
    """The number of this transaction's changes of incidents."""
    found: int = db.execute("SELECT coalesce(max(change), 0) + 1 FROM incidents").fetchone()[0]
    return found


def next_incident(db: sqlite3.Connection) -> int:
    """The number of the next incident; that of one whose opening was undone is not given again."""
    found: int = db.execute(
        "SELECT 1 + max(coalesce((SELECT max(id) FROM incidents), 0), coalesce((SELECT max(CAST("
        "substr(about, 10) AS INTEGER)) FROM audit WHERE about LIKE 'incident:%'), 0))"
    ).fetchone()[0]
    return found


def alerts_of(db: sqlite3.Connection, incident: int) -> list[int]:
    """The alerts of an incident, by number."""
    sql = "SELECT alert FROM alert_stories WHERE incident = ? AND incident != 0 ORDER BY alert"
    return [row[0] for row in db.execute(sql, (incident,))]


def incident_of(db: sqlite3.Connection, alert: int) -> int:
    """The incident an alert belongs to; 0 for none."""
    row = db.execute("SELECT incident FROM alert_stories WHERE alert = ?", (alert,)).fetchone()
    return row[0] if row else 0


def stories_of(db: sqlite3.Connection, alerts: Iterable[int]) -> set[int]:
    """The stories that alerts belong to."""
    return {row[0] for row in some(db, "SELECT story FROM alert_stories WHERE alert IN (%s)", alerts)}


class Settling:
    """One transaction's assignments. `fresh` are new alerts; `lost` are incidents whose alert was joined to
    another one, with that one."""

    def __init__(
        self,
        db: sqlite3.Connection,
        now: int,
        fresh: Collection[int] = (),
        lost: Mapping[int, int] | None = None,
    ) -> None:
        self.db = db
        self._now = now
        self._fresh = fresh
        self._taken: set[int] = set()
        self._left: dict[int, int] = {}
        self._lost = lost or {}

    def settle(self, wanted: Iterable[int], changed: Iterable[int] = (), *, grew: bool = False) -> None:
        """Assign the alerts of some stories; bring incidents up to date, also those of `changed` alerts.

        `grew`: alerts only joined these stories. A story with one incident keeps it then, and only who came
        is looked at: it may have thousands of alerts, and another one each commit.
        """
        stories_left, touched = set(wanted), set[int]()
        for story in sorted(stories_left) if grew else ():
            number = self._settled(story)
            if number:
                stories_left.remove(story)
                came = self.db.execute(f"{_MEMBERS % '?'} AND s.incident = 0", (story,))
                touched |= self._move(number, 0, [Member(*row) for row in came])
        by_story: dict[int, list[Member]] = defaultdict(list)
        for row in some(self.db, _MEMBERS, stories_left):
            by_story[row[0]].append(Member(*row))
        for story in sorted(by_story):
            for label, group in sorted(self._groups(by_story[story]), key=lambda pair: pair[1][0].alert):
                touched |= self._assign(label, group, {one.pinned for one in by_story[story]})
        for number, heir in self._lost.items():
            self._left.setdefault(number, incident_of(self.db, heir))
            touched.add(number)
        self._empty()
        sql = "SELECT DISTINCT incident FROM alert_stories WHERE incident != 0 AND alert IN (%s)"
        touched |= {row[0] for row in some(self.db, sql, changed)}
        refresh(self.db, touched - {0})

    def _groups(self, members: list[Member]) -> Iterable[tuple[int, list[Member]]]:
        """What people's labels make of a story: (label, alerts)."""
        members.sort(key=lambda one: one.alert)
        labels = {one.alert: one.pinned for one in members if one.pinned}
        if not labels:
            return [(0, members)]
        alerts = [one.alert for one in members]
        found = stories(alerts, links_among(self.db, alerts), labels)
        groups: dict[tuple[int, int], list[Member]] = defaultdict(list)
        for one in members:
            groups[found[one.alert]].append(one)
        return [(label, group) for (_, label), group in groups.items()]

    def _assign(self, label: int, group: list[Member], labels: Collection[int]) -> set[int]:
        target = label or self._find(group, labels)
        return self._move(target, label, [one for one in group if one.incident != target])

    def _settled(self, story: int) -> int:
        """The one incident of a story that nobody put alerts of anywhere; 0 where there is none such.

        What made it an incident is still in it where alerts only joined.
        """
        if self.db.execute(_PINNED, (story,)).fetchone():
            return 0
        number: int | None = self.db.execute(_NEXT, (story, 0)).fetchone()[0]
        if number is None or number in self._taken:
            return 0
        other = self.db.execute(_NEXT, (story, number)).fetchone()[0]
        return number if other is None and self._is_alive(read_state(self.db, number)) else 0

    def _move(self, target: int, label: int, moved: list[Member]) -> set[int]:
        """Put alerts into an incident, 0 for none; the incidents that this concerns."""
        self.db.executemany(
            "UPDATE alert_stories SET incident = ? WHERE alert = ?", [(target, one.alert) for one in moved]
        )
        for one in moved:
            if one.incident:
                self._left[one.incident] = target
        if target:
            if not label:
                self._taken.add(target)
            self._recur(target, moved)
        return {target, *(one.incident for one in moved)}

    def _find(self, group: list[Member], labels: Collection[int]) -> int:
        """The incident of a story by itself: one that it has, or a new one; 0 for none.

        `labels` are those to which people have put other alerts of it.
        """
        why = opens([(one.rank, one.rule, one.head) for one in group])
        had = sorted({one.incident for one in group if one.incident} - self._taken - set(labels))
        known = [(number, state) for number in had if self._is_alive(state := read_state(self.db, number))]
        if known:
            alerts = {one.alert for one in group}
            known.sort(key=lambda pair: (self._elsewhere(pair[0], alerts), not _is_touched(pair[1]), pair[0]))
            number, state = known[0]
            return number if why or _is_touched(state) or not state["why"].endswith(("rules", "high")) else 0
        return self._open(why) if why else 0

    def _elsewhere(self, number: int, alerts: Collection[int]) -> bool:
        """Whether an incident has alerts besides these."""
        return any(alert not in alerts for alert in alerts_of(self.db, number))

    def _is_alive(self, state: State) -> bool:
        return bool(state) and state["state"] not in ("merged", "withdrawn")

    def _open(self, why: str) -> int:
        number = next_incident(self.db)
        state = {"state": "open", "verdict": "", "owner": "", "notes": 0, "merged_into": 0, "why": why}
        self._write(number, {**state, "pins": []}, "open", why)
        return number

    def _recur(self, number: int, moved: Iterable[Member]) -> None:
        """A closed incident is looked at again when something of weight joins it."""
        news = [m for m in moved if m.alert in self._fresh and m.rank >= MEDIUM and not m.head]
        if not news:
            return
        state = read_state(self.db, number)
        if state.get("state") == "closed":
            after = {**state, "state": "open", "verdict": ""}
            self._write(number, after, "recur", f"alert {news[0].alert} joined it")

    def _empty(self) -> None:
        """Incidents that all alerts have left live on in the one these went to."""
        for number, target in sorted(self._left.items()):
            state = read_state(self.db, number)
            has = self.db.execute("SELECT 1 FROM alert_stories WHERE incident = ?", (number,)).fetchone()
            if has or not state or state["state"] in ("merged", "withdrawn"):
                continue
            if target:
                after = {**state, "state": "merged", "merged_into": target}
                self._write(number, after, "join", f"its alerts belong to incident {target}")
            else:
                self._write(number, {**state, "state": "withdrawn"}, "withdraw", "its alerts make none")

    def _write(self, number: int, after: State, verb: str, note: str) -> None:
        before = read_state(self.db, number)
        write_state(self.db, number, after, self._now)
        entry = trail.Entry(0, verb, before, after, note, about=f"incident:{number}")
        trail.append(self.db, [entry], actor=trail.SYSTEM, now=self._now)


def _is_touched(state: State) -> bool:
    return bool(state["owner"] or state["notes"] or state["pins"] or state["state"] != "open")


def refresh(db: sqlite3.Connection, incidents: Iterable[int]) -> None:
    """Say in incidents' rows what their alerts add up to."""
    change = next_change(db)
    db.executemany(
        "UPDATE incidents SET (rank, first, last, alerts) = (SELECT coalesce(max(a.rank), 0), "
        "coalesce(min(a.first), 0), coalesce(max(a.last), 0), count(*) FROM alert_stories s "
        "JOIN alerts a ON a.id = s.alert WHERE s.incident = ?1), change = ?2 WHERE id = ?1",
        [(number, change) for number in incidents],
    )
