"""What the analyst's roles said of cases, and what they propose. Implements `protocols.Analyses`.

Nothing here changes an alert or an incident: a proposal is a row until a person applies it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from socterm.alerts.incidents import OPEN_STATES
from socterm.alerts.levels import LEVELS, rank_of
from socterm.errors import TransitionError
from socterm.store.connections import Connections
from socterm.store.jsontext import clean, from_json, to_json

KEPT: Final = 10
"""Rounds that are kept of one alert or incident."""

STATES: Final = ("open", "applied", "refused", "superseded")
"""superseded: a later round over the same thing proposed anew. refused: its state did not allow it."""


class StageRun(msgspec.Struct, frozen=True):
    """What one role handed over: who said it ("rules", or "rules + MODEL"), what the gates remarked, and how
    long (µs) a model took."""

    stage: str
    source: str
    output: dict[str, Any]
    notes: tuple[str, ...] = ()
    took: int = 0


class Proposal(msgspec.Struct, frozen=True):
    """An action somebody could take. `target` is "alert:3" or "incident:2", `details` go with the verb.

    `actor` and `decided` (µs) say who applied it, and when.
    """

    verb: str
    target: str
    why: str
    source: str
    details: dict[str, Any] = {}
    id: int = 0
    about: str = ""
    state: str = "open"
    actor: str = ""
    decided: int = 0


class Trace(msgspec.Struct, frozen=True):
    """One round over an alert or an incident (`about`: "alert:3"), stage by stage.

    `ids` is alias → id of event (E…) or alert (A…); `level` and `alerts` are what it was then. `at` is wall
    time (µs), `id` 0 while it is not stored.
    """

    about: str
    at: int
    actor: str
    runs: tuple[StageRun, ...]
    ids: dict[str, int] = {}
    level: str = ""
    alerts: int = 0
    id: int = 0

    @property
    def source(self) -> str:
        """Who said it: that of the first stage a model refined, else "rules"."""
        return next((run.source for run in self.runs if run.source != "rules"), "rules")


_PROPOSAL = "verb, target, why, source, details, id, about, state, actor, decided"


class AnalysisDesk:
    """Reads from any thread; each round is one transaction."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def keep(self, trace: Trace, proposals: Sequence[Proposal] = ()) -> Trace:
        """Store a round; open proposals of earlier rounds over the same thing give way to these."""
        with self._connections.writing() as db:
            cursor = db.execute(
                "INSERT INTO analyses (about, at, actor, level, alerts, ids) VALUES (?, ?, ?, ?, ?, ?)",
                (trace.about, trace.at, clean(trace.actor), trace.level, trace.alerts, to_json(trace.ids)),
            )
            ident = int(cursor.lastrowid or 0)
            db.executemany(
                "INSERT INTO stage_runs (analysis, place, stage, source, output, notes, took) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        ident,
                        place,
                        run.stage,
                        clean(run.source),
                        to_json(run.output),
                        to_json(run.notes),
                        run.took,
                    )
                    for place, run in enumerate(trace.runs)
                ],
            )
            db.execute(
                "UPDATE proposals SET state = 'superseded' WHERE about = ? AND state = 'open'", (trace.about,)
            )
            db.executemany(
                "INSERT INTO proposals (analysis, about, verb, target, details, why, source) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (ident, trace.about, one.verb, one.target, to_json(one.details), clean(one.why),
                     clean(one.source))
                    for one in proposals
                ],
            )  # fmt: skip
            _let_go(db, trace.about)
        return msgspec.structs.replace(trace, id=ident)

    def latest(self, about: str) -> Trace | None:
        """The last round over an alert or incident; None where there was none."""
        with self._connections.snapshot() as db:
            row = db.execute(
                "SELECT about, at, actor, ids, level, alerts, id FROM analyses WHERE about = ? "
                "ORDER BY id DESC LIMIT 1",
                (about,),
            ).fetchone()
            if row is None:
                return None
            runs = db.execute(
                "SELECT stage, source, output, notes, took FROM stage_runs WHERE analysis = ? ORDER BY place",
                (row[6],),
            ).fetchall()
        told = tuple(
            StageRun(stage, source, from_json(output), tuple(from_json(notes)), took)
            for stage, source, output, notes, took in runs
        )
        return Trace(row[0], row[1], row[2], told, from_json(row[3]), *row[4:])

    def proposals(self, about: str, states: Sequence[str] = ("open",)) -> list[Proposal]:
        """What was proposed about an alert or incident, in order."""
        marks = ",".join("?" * len(states))
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"SELECT {_PROPOSAL} FROM proposals WHERE about = ? AND state IN ({marks}) ORDER BY id",
                (about, *states),
            ).fetchall()
        return [_proposal(row) for row in rows]

    def proposal(self, ident: int) -> Proposal | None:
        """One of them, or None."""
        with self._connections.snapshot() as db:
            row = db.execute(f"SELECT {_PROPOSAL} FROM proposals WHERE id = ?", (ident,)).fetchone()
        return _proposal(row) if row else None

    def settle(self, ident: int, state: str, *, actor: str, now: int, was: str = "open") -> None:
        """Say what became of a proposal. Raises TransitionError where it is not `was` any more.

        Whoever applies one takes it first, so that two people do not apply it twice.
        """
        with self._connections.writing() as db:
            changed = db.execute(
                "UPDATE proposals SET state = ?, actor = ?, decided = ? WHERE id = ? AND state = ?",
                (state, clean(actor), now, ident, was),
            ).rowcount
        if not changed:
            found = self.proposal(ident)
            what = f"is {found.state} already" if found else "does not exist"
            raise TransitionError(f"proposal {ident} {what}")

    def waiting(self, least: str, *, since: int, limit: int = 20) -> list[tuple[int, int, int]]:
        """(id, created, updated) of open incidents of a level or above, touched since (µs), that no round was
        over at the level they have; the gravest first, then the oldest."""
        states = ",".join("?" * len(OPEN_STATES))
        named = " ".join(f"WHEN {rank} THEN '{level}'" for rank, level in enumerate(LEVELS))
        with self._connections.snapshot() as db:
            rows = db.execute(
                "SELECT i.id, i.created, i.updated FROM incidents i "
                f"WHERE i.state IN ({states}) AND i.updated >= ? AND i.rank >= ? "
                "AND NOT EXISTS (SELECT 1 FROM analyses n WHERE n.about = 'incident:' || i.id "
                f"AND n.level = CASE i.rank {named} END) ORDER BY i.rank DESC, i.id LIMIT ?",
                (*OPEN_STATES, since, rank_of(least), limit),
            ).fetchall()
        return [(row[0], row[1], row[2]) for row in rows]

    def asked(self, actor: str, since: int) -> int:
        """How many rounds an actor had a model refine since a moment (µs)."""
        with self._connections.snapshot() as db:
            row = db.execute(
                "SELECT count(*) FROM analyses n WHERE n.actor = ? AND n.at >= ? AND EXISTS "
                "(SELECT 1 FROM stage_runs r WHERE r.analysis = n.id AND r.took > 0)",
                (actor, since),
            ).fetchone()
        return int(row[0])


def _proposal(row: tuple[Any, ...]) -> Proposal:
    values: dict[str, Any] = dict(zip(Proposal.__struct_fields__, row, strict=True))
    return Proposal(**{**values, "details": from_json(values["details"])})


def _let_go(db: sqlite3.Connection, about: str) -> None:
    """Of many rounds over one thing the oldest go; what was applied of them stays."""
    old = (
        "SELECT id FROM analyses WHERE about = ? AND id NOT IN "
        "(SELECT id FROM analyses WHERE about = ? ORDER BY id DESC LIMIT ?)"
    )
    asked = (about, about, KEPT)
    db.execute(f"DELETE FROM stage_runs WHERE analysis IN ({old})", asked)
    db.execute(f"DELETE FROM proposals WHERE state = 'superseded' AND analysis IN ({old})", asked)
    db.execute(f"DELETE FROM analyses WHERE id IN ({old})", asked)
