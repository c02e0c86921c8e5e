"""Alerts about the past: found by a hunt in stored events, made by the ingest, once each.

Numbers of alerts and episodes are the ingest's to give, so a hunt only asks, in the table `raising`; the one
process that ingests makes the alerts in its next transaction and takes the rows away in the same one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from socterm.alerts.model import Entity, EpisodeChange, Hit, RuleInfo
from socterm.event import Key
from socterm.store.decide import trail
from socterm.store.decide.standing import read_standing
from socterm.store.jsontext import clean, to_json

VERB = "raise"
"""What the audit trail calls it; no decision on an alert that `undo` could take back."""


class Asked(msgspec.Struct, frozen=True):
    """An alert as a hunt found it: all that its row and its evidence say. Times are those of its events.

    `events` are ids in order, `weights` what each counts.
    """

    rule: str
    info: RuleInfo
    entity: Entity
    first: Key
    last: Key
    count: int
    signals: int
    events: tuple[int, ...]
    weights: tuple[int, ...]

    def change(self, episode: int, alert: int) -> EpisodeChange:
        """The episode it is, settled, under the numbers the ingest gives."""
        source = self.first[1]
        hits = [Hit(0, source, 0, *pair) for pair in zip(self.events, self.weights, strict=True)]
        return EpisodeChange(
            id=episode, rule=self.rule, entity=self.entity, first=self.first, last=self.last,
            count=self.count, signals=self.signals, touched=self.last[0], hits=hits, alert=alert,
            settled=True,
        )  # fmt: skip


class Raised(msgspec.Struct, frozen=True):
    """What of a batch was asked for.

    `rows` of `raising` are dealt with; `infos` and `actors` say of an alert what it copies of its rule and
    who asked; `rules` need not be in force.
    """

    rows: tuple[int, ...] = ()
    infos: dict[int, RuleInfo] = {}
    actors: dict[int, str] = {}
    rules: dict[str, RuleInfo] = {}


_GONE = (
    "SELECT asked.value FROM json_each(?) asked LEFT JOIN events e ON e.id = asked.value WHERE e.id IS NULL"
)
_decoder = msgspec.json.Decoder(Asked)


def ask(db: sqlite3.Connection, alerts: Iterable[Asked], *, actor: str, now: int) -> int:
    """Ask for alerts inside the caller's transaction; how many.

    Of lines that retention has deleted since they were found nothing counts any more, and an alert without
    any other is not asked for.
    """
    kept = (left for one in alerts if (left := _still_there(db, one)) is not None)
    rows = [(now, clean(actor), clean(msgspec.json.encode(one).decode()).encode()) for one in kept]
    db.executemany("INSERT INTO raising (asked, actor, alert) VALUES (?, ?, ?)", rows)
    return len(rows)


def _still_there(db: sqlite3.Connection, one: Asked) -> Asked | None:
    """An alert as far as its events are stored; None where none of them is."""
    gone = {event for (event,) in db.execute(_GONE, (msgspec.json.encode(one.events).decode(),))}
    if not gone:
        return one
    left = [pair for pair in zip(one.events, one.weights, strict=True) if pair[0] not in gone]
    if not left:
        return None
    events, weights = zip(*left, strict=True)
    return msgspec.structs.replace(one, events=events, weights=weights, count=sum(weights))


def waiting(db: sqlite3.Connection) -> list[tuple[int, str, Asked]]:
    """(row, who asked, what for) of all that the ingest has not made yet, in the order of asking."""
    rows = db.execute("SELECT id, actor, alert FROM raising ORDER BY id").fetchall()
    return [(ident, actor, _decoder.decode(alert)) for ident, actor, alert in rows]


def overlapping(db: sqlite3.Connection, rule: str, entity: Entity, first: int, last: int) -> int:
    """The stored alert of a rule and entity that overlaps these times (µs), 0 for none."""
    found = db.execute(
        "SELECT id FROM alerts WHERE rule = ? AND entity = ? AND last >= ? AND first <= ? "
        "ORDER BY last LIMIT 1",
        (rule, to_json(dict(entity)), first, last),
    ).fetchone()
    return int(found[0]) if found else 0


def missing(db: sqlite3.Connection, asked: Sequence[tuple[int, str, Asked]]) -> list[tuple[str, Asked]]:
    """Of what was asked for what no alert tells of yet, each once: asked twice is once."""
    found: list[tuple[str, Asked]] = []
    for _, actor, one in asked:
        first, last = one.first[0], one.last[0]
        again = any(
            other.rule == one.rule and other.entity == one.entity
            and other.last[0] >= first and other.first[0] <= last
            for _, other in found
        )  # fmt: skip
        if not again and not overlapping(db, one.rule, one.entity, first, last):
            found.append((actor, one))
    return found


def finish(db: sqlite3.Connection, raised: Raised, now: int) -> None:
    """The alerts are made: take the rows away and say who asked, inside the same transaction."""
    db.executemany("DELETE FROM raising WHERE id = ?", [(row,) for row in raised.rows])
    for actor in dict.fromkeys(raised.actors.values()):
        entries = []
        for alert, who in raised.actors.items():
            if who == actor:
                standing = read_standing(db, alert)
                entries.append(trail.Entry(alert, VERB, standing, standing, "found in stored events"))
        trail.append(db, entries, actor=actor, now=now)
