"""What the notifier has told, has still to tell, and on which channel. Implements `protocols.Outbox`.

Which alert was told is on record before anything is sent, so that a kill at any moment forgets none; what was
being sent then is sent again, under the same key.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Sequence
from typing import Final

from socterm.alerts.incidents import OPEN_STATES
from socterm.store.connections import Connections
from socterm.store.doors.outbox_rows import (
    TURNS,
    ChannelRow,
    Health,
    Mark,
    News,
    Outgoing,
    Summary,
    Told,
)
from socterm.store.doors.outbox_sums import sum_up, summary
from socterm.store.jsontext import clean

_WAITING: Final = "('queued', 'sending', 'failed')"
"""States of messages that are still to be sent; of these the ones that wait for a try are due."""

_DUE: Final = "('queued', 'failed')"
_RECENT: Final = f"""
SELECT grp FROM outbox WHERE channel = :channel AND state IN {_WAITING} AND kind != 'digest' UNION ALL
SELECT grp FROM outbox WHERE channel = :channel AND state = 'sent' AND changed > :since AND changed <= :now
  AND kind != 'digest'
"""
"""What counts against a limit; in two parts, each of which has an index."""

UNTOLD: Final = "closed, or part of another, before it was told"

PAGE: Final = 5_000
"""Changes of alerts that are looked at in one go; a batch of lines is never parted."""

_OPEN: Final = ", ".join(f"'{state}'" for state in OPEN_STATES)

LONGEST: Final = 3_600_000_000
"""µs: no message waits longer for its next try, so that what lies beyond is of a clock set back."""

_TOLD: Final = (
    "coalesce((SELECT max(o.rank) FROM outbox o WHERE o.channel = :channel AND o.kind = '{0}' "
    "AND o.about = {1}.id AND o.about != 0 AND (o.kind != 'alert' OR o.state != 'moot')), -1)"
)
"""An alert that was closed or put off before its turn came was not told; it is if it opens again."""
_NEW_ALERTS: Final = f"""
SELECT a.id, a.rank, a.rule || ' ' || a.entity FROM alerts a
  WHERE a.change > :change AND a.change <= :until AND a.id > :first AND a.rank >= :rank AND a.open = 1
  AND a.last >= :since
  AND (a.part_of = 0 OR EXISTS (SELECT 1 FROM alerts h WHERE h.id = a.part_of AND h.rank < :rank))
  AND a.rank > {_TOLD.format("alert", "a")} ORDER BY a.rank DESC, a.id
"""
"""Parts go unsaid but for those of a head that is too small to be told itself."""

_NEW_INCIDENTS: Final = f"""
SELECT i.id, i.rank, 'incident ' || i.id FROM incidents i
  WHERE i.change > :change AND i.rank >= :rank AND i.last >= :since AND i.state IN ({_OPEN})
  AND i.rank > {_TOLD.format("incident", "i")} ORDER BY i.rank DESC, i.id
"""
_PUT: Final = (
    "INSERT INTO outbox (channel, kind, about, rank, grp, state, created, changed) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (channel, kind, about, rank) WHERE about != 0 DO UPDATE SET "
    "state = excluded.state, created = excluded.created, changed = excluded.changed, attempts = 0, next = 0, "
    "note = '' WHERE outbox.state = 'moot' AND outbox.kind = 'alert'"
)
_KNOWN: Final = (
    "INSERT OR IGNORE INTO outbox (channel, kind, about, rank, grp, state, created, changed, note) "
    f"SELECT ?1, 'incident', id, rank, '', 'moot', ?2, ?2, 'was there before' FROM incidents "
    f"WHERE state IN ({_OPEN})"
)
_TELLABLE: Final = f"""
CASE o.kind
  WHEN 'alert' THEN EXISTS (SELECT 1 FROM alerts a WHERE a.id = o.about AND a.open = 1 AND (a.part_of = 0
    OR EXISTS (SELECT 1 FROM alerts h WHERE h.id = a.part_of AND h.rank < o.rank)))
  WHEN 'incident' THEN EXISTS (SELECT 1 FROM incidents i WHERE i.id = o.about AND i.state IN ({_OPEN}))
  ELSE 1 END
"""


class OutboxDesk:
    """Reads from any thread; each change is one short transaction. One notifier a store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    # -- channels ------------------------------------------------------------------------

    def begin(self, channel: str, now: int, *, hurry: bool = False) -> Mark:
        """From where on a channel is told. What is there when it is begun first is no news.

        What was being sent when the last notifier ended is to be sent again. `hurry`: it need not rest any
        longer, for what it did not answer to was configured otherwise.
        """
        with self._connections.writing() as db:
            known = db.execute(
                "INSERT OR IGNORE INTO channels (name, alert, alert_change, incident_change) SELECT ?, "
                "(SELECT coalesce(max(id), 0) FROM alerts), (SELECT coalesce(max(change), 0) FROM alerts), "
                "(SELECT coalesce(max(change), 0) FROM incidents)",
                (channel,),
            ).rowcount
            if known:
                db.execute(_KNOWN, (channel, now))
            db.execute(
                "UPDATE outbox SET state = 'failed', changed = ?, next = 0, note = 'ended while it was sent' "
                "WHERE channel = ? AND state = 'sending'",
                (now, channel),
            )
            if hurry:
                db.execute("UPDATE channels SET gate = 0 WHERE name = ?", (channel,))
            row = db.execute(
                "SELECT alert, alert_change, incident_change FROM channels WHERE name = ?", (channel,)
            ).fetchone()
        return Mark(*row)

    def keep_only(self, names: Collection[str], now: int) -> int:
        """Forget channels that are switched off; how many. What they were to be told is not told any more."""
        with self._connections.snapshot() as db:
            gone = [row[0] for row in db.execute("SELECT name FROM channels") if row[0] not in names]
        if gone:
            with self._connections.writing() as db:
                for name in gone:
                    db.execute("DELETE FROM channels WHERE name = ?", (name,))
                    db.execute(
                        "UPDATE outbox SET state = 'moot', changed = ?, note = 'channel switched off' "
                        f"WHERE channel = ? AND (state IN {_WAITING} OR state = 'held')",
                        (now, name),
                    )
        return len(gone)

    def failing(self, channel: str, now: int, wait: int) -> None:
        """Send nothing on a channel for `wait` µs: it does not answer."""
        with self._connections.writing() as db:
            db.execute(
                "UPDATE channels SET fails = fails + 1, gate = ? WHERE name = ?", (now + wait, channel)
            )

    def health(self, channel: str) -> Health:
        """How a channel does; takes microseconds."""
        with self._connections.snapshot() as db:
            row = db.execute("SELECT fails FROM channels WHERE name = ?", (channel,)).fetchone()
            note = db.execute(
                "SELECT note FROM outbox WHERE channel = ? AND state = 'failed' "
                "ORDER BY changed DESC LIMIT 1",
                (channel,),
            ).fetchone()
            sent, dead = (
                db.execute(
                    "SELECT max(changed) FROM outbox WHERE channel = ? AND state = ?", (channel, state)
                ).fetchone()[0]
                for state in ("sent", "dead")
            )
        return Health(row[0] if row else 0, note[0] if note else "", sent or 0, dead or 0)

    # -- what to tell --------------------------------------------------------------------

    def news(
        self, channel: str, mark: Mark, *, kinds: Collection[str], rank: int, since: int
    ) -> tuple[Mark, list[News]]:
        """(the mark to go on from, what changed beyond `mark` and is to be told), gravest first.

        Open alerts and incidents of a rank or above, with something in them from `since` (µs) on.
        """
        asked = {"channel": channel, "first": mark.first, "rank": rank, "since": since}
        with self._connections.snapshot() as db:
            newest = Mark(
                mark.first,
                max(mark.alert_change, _page(db, mark.alert_change)),
                max(mark.incident_change, _newest(db, "incidents")),
            )
            found: list[News] = []
            if "alert" in kinds and newest.alert_change > mark.alert_change:
                spanned = {"change": mark.alert_change, "until": newest.alert_change}
                rows = db.execute(_NEW_ALERTS, asked | spanned)
                found += [News("alert", row[0], row[1], _group(row[2])) for row in rows]
            if "incident" in kinds and newest.incident_change > mark.incident_change:
                rows = db.execute(_NEW_INCIDENTS, asked | {"change": mark.incident_change})
                found += [News("incident", row[0], row[1], _group(row[2])) for row in rows]
        return newest, found

    def told(self, channel: str, now: int, *, minute: int, within: int) -> Told:
        """What counts against the limits of a channel: spans in µs."""
        with self._connections.snapshot() as db:
            asked = {"channel": channel, "now": now}
            recent = db.execute(
                f"SELECT count(*) FROM ({_RECENT})", asked | {"since": now - minute}
            ).fetchone()[0]
            groups = db.execute(
                f"SELECT grp, count(*) FROM ({_RECENT}) GROUP BY grp", asked | {"since": now - within}
            ).fetchall()
            held = db.execute(
                "SELECT min(changed) FROM outbox WHERE channel = ? AND state = 'held'", (channel,)
            ).fetchone()[0]
            digest = db.execute("SELECT digest FROM channels WHERE name = ?", (channel,)).fetchone()
            summing = db.execute(
                f"SELECT 1 FROM outbox WHERE channel = ? AND state IN {_WAITING} AND kind = 'digest'",
                (channel,),
            ).fetchone()
        return Told(recent, dict(groups), held or 0, digest[0] if digest else 0, summing is not None)

    def put(self, channel: str, mark: Mark, queued: Sequence[News], held: Sequence[News], now: int) -> None:
        """Put on record what is to be told and what waits for a digest, and how far news were looked at."""
        states = [(one, "queued") for one in queued] + [(one, "held") for one in held]
        with self._connections.writing() as db:
            db.executemany(
                _PUT,
                [
                    (channel, one.kind, one.about, one.rank, one.group, state, now, now)
                    for one, state in states
                ],
            )
            db.execute(
                "UPDATE channels SET alert_change = ?, incident_change = ? WHERE name = ?",
                (mark.alert_change, mark.incident_change, channel),
            )

    def put_digest(self, channel: str, now: int) -> None:
        """Have a digest sent of what is held back."""
        with self._connections.writing() as db:
            db.execute(_PUT, (channel, "digest", 0, 0, "", "queued", now, now))
            db.execute("UPDATE channels SET digest = ? WHERE name = ?", (now, channel))

    # -- sending -------------------------------------------------------------------------

    def due(self, channel: str, now: int) -> Outgoing | None:
        """The message that is to be tried now; None where there is none, or the channel is to rest.

        The oldest; but one that was tried `TURNS` times lets the others go first, for what a channel fails at
        may be that very message. A digest waits for longer: what comes until its first try is in it.
        """
        with self._connections.snapshot() as db:
            row = db.execute(
                "SELECT o.id, o.key, o.kind, o.about, o.rank, o.payload, o.created, o.attempts, "
                f"{_TELLABLE}, o.next > o.changed "
                "FROM outbox o JOIN channels c ON c.name = o.channel WHERE o.channel = :channel "
                f"AND o.state IN {_DUE} AND (o.next <= :now OR o.next > :now + :longest) "
                "AND (c.gate <= :now OR c.gate > :now + :longest) "
                f"ORDER BY o.attempts / {TURNS} + (o.kind = 'digest') * {TURNS}, o.id LIMIT 1",
                {"channel": channel, "now": now, "longest": LONGEST},
            ).fetchone()
        return None if row is None else Outgoing(*(*row[:-2], bool(row[-2]), bool(row[-1])))

    def summary(self, channel: str, now: int, *, most: int) -> Summary:
        """What a digest of now has to sum up, with `most` kinds of it. What is told no more goes first."""
        over = (
            "SELECT o.id FROM outbox o WHERE o.channel = :channel AND o.state = 'held' "
            f"AND NOT {_TELLABLE} LIMIT {PAGE}"
        )
        while True:
            with self._connections.snapshot() as db:
                gone = [(now, UNTOLD, row[0]) for row in db.execute(over, {"channel": channel})]
                if not gone:
                    return summary(db, channel, most)
            with self._connections.writing() as db:
                db.executemany(
                    "UPDATE outbox SET state = 'moot', changed = ?, note = ?, next = 0 WHERE id = ?", gone
                )

    def claim(self, message: int, payload: str, now: int, *, sums: int = 0) -> bool:
        """Mark a message as being sent, before it is; False where it is no longer to be.

        What it says is kept with the first try: a repetition says the same. `sums` is the `last` of what a
        digest sums up.
        """
        with self._connections.writing() as db:
            taken = db.execute(
                "UPDATE outbox SET state = 'sending', changed = ?, attempts = attempts + 1, "
                f"payload = coalesce(payload, ?) WHERE id = ? AND state IN {_DUE}",
                (now, clean(payload), message),
            ).rowcount
            if taken and sums:
                sum_up(db, message, sums, now)
        return bool(taken)

    def sent(self, message: int, note: str, now: int) -> None:
        """The receiver has it."""
        with self._connections.writing() as db:
            self._settle(db, message, "sent", note, now)
            db.execute(
                "UPDATE channels SET fails = 0, gate = 0 WHERE name = "
                "(SELECT channel FROM outbox WHERE id = ?)",
                (message,),
            )

    def failed(self, message: int, note: str, now: int, *, wait: int) -> None:
        """It was not sent and is tried again, in `wait` µs at the earliest."""
        with self._connections.writing() as db:
            self._settle(db, message, "failed", note, now, next_try=now + wait)

    def moot(self, message: int, note: str, now: int) -> None:
        """Nobody needs to be told any more."""
        with self._connections.writing() as db:
            self._settle(db, message, "moot", note, now)

    def give_up(self, channel: str, before: int, now: int) -> int:
        """Send no more what was to be told before a moment (µs); how many messages."""
        asked = (channel, before)
        old = f"channel = ? AND created <= ? AND state IN {_DUE}"
        with self._connections.snapshot() as db:
            if db.execute(f"SELECT 1 FROM outbox WHERE {old} LIMIT 1", asked).fetchone() is None:
                return 0
        with self._connections.writing() as db:
            return db.execute(
                f"UPDATE outbox SET state = 'dead', changed = ? WHERE {old}", (now, *asked)
            ).rowcount

    @staticmethod
    def _settle(
        db: sqlite3.Connection, message: int, state: str, note: str, now: int, *, next_try: int = 0
    ) -> None:
        db.execute(
            "UPDATE outbox SET state = ?, changed = ?, note = ?, next = ? WHERE id = ?",
            (state, now, clean(note), next_try, message),
        )

    # -- figures -------------------------------------------------------------------------

    def channels(self) -> list[ChannelRow]:
        """Every channel that was ever told something, or is to be."""
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"""
                SELECT n.name, count(o.id) FILTER (WHERE o.state IN {_WAITING}),
                  count(o.id) FILTER (WHERE o.state = 'held'),
                  count(o.id) FILTER (WHERE o.state = 'sent'),
                  count(o.id) FILTER (WHERE o.state = 'summed'),
                  count(o.id) FILTER (WHERE o.state = 'dead'),
                  coalesce(max(o.changed) FILTER (WHERE o.state = 'sent'), 0),
                  coalesce(max(o.changed) FILTER (WHERE o.state = 'dead'), 0),
                  coalesce(c.fails, 0), coalesce(c.gate, 0), coalesce(
                    (SELECT l.note FROM outbox l WHERE l.channel = n.name AND l.state IN ('failed', 'dead')
                     AND l.note != '' ORDER BY l.changed DESC LIMIT 1), '')
                FROM (SELECT name FROM channels UNION SELECT channel FROM outbox) n
                  LEFT JOIN channels c ON c.name = n.name LEFT JOIN outbox o ON o.channel = n.name
                GROUP BY n.name ORDER BY n.name
                """
            ).fetchall()
        return [ChannelRow(*row) for row in rows]


def _page(db: sqlite3.Connection, change: int) -> int:
    """The change up to which alerts are looked at next."""
    row = db.execute(
        "SELECT change FROM alerts WHERE change > ? ORDER BY change LIMIT 1 OFFSET ?", (change, PAGE)
    ).fetchone()
    return int(row[0]) if row else _newest(db, "alerts")


def _newest(db: sqlite3.Connection, table: str) -> int:
    found: int = db.execute(f"SELECT coalesce(max(change), 0) FROM {table}").fetchone()[0]
    return found


def _group(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
