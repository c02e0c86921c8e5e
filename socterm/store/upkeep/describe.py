"""What a store holds and what it costs, for `socterm db info`."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from socterm.store.connection import connect, our_errors
from socterm.store.jsontext import from_json
from socterm.store.keeping.space import can_give_back, room
from socterm.store.lease import held_by
from socterm.store.opening import make_readable
from socterm.store.schema import applied


class Facts(msgspec.Struct, frozen=True):
    """A store in numbers. Times are µs, sizes bytes.

    `log` is the write-ahead log beside the file. `unindexed` events are not in the full-text index yet, and
    are scanned where words are asked for. `evidence` events are cited by alerts, `let_go` were deleted by
    retention, and `released` alerts have lost their evidence to it. `shrinks`: free pages can be given back
    without rewriting the file. `retention` is under which terms the last ingest kept it, {} for none.
    `ingest` names the process that ingests, "" for none.
    """

    db: str
    schema: str
    bytes: int
    log: int
    pages: int
    page_bytes: int
    free_pages: int
    shrinks: bool
    events: int
    oldest: int
    newest: int
    evidence: int
    unindexed: int
    let_go: int
    alerts: dict[str, int]
    open_alerts: int
    released: int
    kinds: int
    sources: int
    decisions: int
    retention: dict[str, Any]
    ingest: str


_ONE = {
    "events": "SELECT coalesce(sum(events), 0) FROM minute_counts",
    "evidence": "SELECT coalesce(sum(alerted), 0) FROM minute_counts",
    "oldest": (
        "SELECT coalesce(min(ts), 0) FROM events WHERE id BETWEEN "
        "(SELECT first_id FROM minute_counts ORDER BY minute LIMIT 1) AND "
        "(SELECT last_id FROM minute_counts ORDER BY minute LIMIT 1) AND ts < "
        "((SELECT min(minute) FROM minute_counts) + 1) * 60000000"
    ),
    "newest": "SELECT coalesce(max(newest), 0) FROM sources",
    "unindexed": (
        "SELECT count(*) FROM events WHERE id > coalesce((SELECT value FROM meta WHERE key = 'fts_done'), 0)"
    ),
    "let_go": "SELECT coalesce(sum(lines), 0) FROM let_go",
    "open_alerts": "SELECT count(*) FROM alerts WHERE open = 1",
    "released": "SELECT count(*) FROM alerts WHERE released != 0",
    "kinds": "SELECT count(*) FROM kinds",
    "sources": "SELECT count(*) FROM sources",
    "decisions": "SELECT count(*) FROM audit",
}


def describe(path: Path, *, now: int) -> Facts:
    """The facts of a store; `now` is the wall clock (µs). Raises StoreError where it cannot be read."""
    make_readable(path)
    db = connect(path, readonly=True)
    try:
        with our_errors():
            db.execute("BEGIN")
            found = {name: int(db.execute(sql).fetchone()[0]) for name, sql in _ONE.items()}
            states = dict(db.execute("SELECT state, count(*) FROM alerts GROUP BY state ORDER BY state"))
            taken = room(db)
            return Facts(
                db=str(path), schema=applied(db)[-1], bytes=path.stat().st_size, log=_log(path),
                pages=taken.pages, page_bytes=taken.page, free_pages=taken.free, shrinks=can_give_back(db),
                alerts=states, retention=_retention(db), ingest=held_by(db, now), **found,
            )  # fmt: skip
    finally:
        db.close()


def _log(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def _retention(db: sqlite3.Connection) -> dict[str, Any]:
    row = db.execute("SELECT value FROM meta WHERE key = 'retention'").fetchone()
    found = from_json(row[0]) if row else {}
    return found if isinstance(found, dict) else {}
