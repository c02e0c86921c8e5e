"""What a digest sums up, counted by SQLite: of a storm of hundreds of thousands no list is ever made."""

from __future__ import annotations

import sqlite3
from typing import Final

from socterm.store.doors.outbox_rows import Kind, Summary

IDS: Final = 1_000
"""Alerts that a digest names by number at most, the gravest first."""

MOST: Final = 20_000
"""Alerts in one digest: to write down that more are in it would keep ingest from writing for too long."""

_LAST: Final = f"""
SELECT coalesce(
  (SELECT id FROM outbox WHERE channel = :channel AND state = 'held' ORDER BY id LIMIT 1 OFFSET {MOST - 1}),
  (SELECT max(id) FROM outbox WHERE channel = :channel AND state = 'held'), 0)
"""
_HELD: Final = "FROM outbox o WHERE o.channel = :channel AND o.state = 'held' AND o.id <= :last"
_LEVELS: Final = f"SELECT o.rank, count(*) {_HELD} GROUP BY o.rank"
_KINDS: Final = f"""
WITH kinds AS (
  SELECT o.rank AS rank, o.kind AS kind, count(*) AS n, min(o.id) AS first,
    CASE o.kind WHEN 'alert' THEN coalesce(a.title, '') ELSE o.about END AS name
  {_HELD.replace(" WHERE", " LEFT JOIN alerts a ON o.kind = 'alert' AND a.id = o.about WHERE")}
  GROUP BY 1, 2, 5
)
SELECT k.rank, k.kind, f.about, coalesce(a.title, ''), coalesce(a.entity, ''), k.n,
  (SELECT count(*) FROM kinds)
FROM kinds k JOIN outbox f ON f.id = k.first
  LEFT JOIN alerts a ON k.kind = 'alert' AND a.id = f.about
ORDER BY k.rank DESC, k.n DESC, k.name LIMIT :most
"""
_IDS: Final = f"SELECT o.about {_HELD} AND o.kind = 'alert' ORDER BY o.rank DESC, o.id LIMIT {IDS}"
_SUM_UP: Final = """
UPDATE outbox SET state = 'summed', changed = :now, digest = :digest
WHERE channel = (SELECT channel FROM outbox WHERE id = :digest) AND state = 'held' AND id <= :last
"""


def summary(db: sqlite3.Connection, channel: str, most: int) -> Summary:
    """What is held back on a channel, the oldest `MOST`, with `most` kinds of it; all of it is to be told."""
    last = db.execute(_LAST, {"channel": channel}).fetchone()[0]
    asked = {"channel": channel, "most": most, "last": last}
    kinds = db.execute(_KINDS, asked).fetchall()
    return Summary(
        last=last,
        levels=dict(db.execute(_LEVELS, asked).fetchall()),
        kinds=[Kind(*row[:-1]) for row in kinds],
        others=kinds[0][-1] - len(kinds) if kinds else 0,
        ids=[ident for (ident,) in db.execute(_IDS, asked)],
    )


def sum_up(db: sqlite3.Connection, digest: int, last: int, now: int) -> None:
    """Take up to `last` what a digest tells out of what is held back."""
    db.execute(_SUM_UP, {"digest": digest, "last": last, "now": now})
