"""`db check`: what must hold in every store, looked at row by row."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from socterm.alerts.states import Standing
from socterm.alerts.superseding import parts
from socterm.errors import StoreDamagedError
from socterm.store.connection import connect, our_errors
from socterm.store.decide import exceptions, trail
from socterm.store.decide.standing import COLUMNS as STANDING
from socterm.store.evidence import event_ids, weights_of
from socterm.store.ingest.folding import EXTENT, extent_of
from socterm.store.jsontext import from_json, unpack_name
from socterm.store.minutes import MINUTE
from socterm.store.opening import make_readable
from socterm.store.upgrade import Say, unsaid
from socterm.store.upkeep.check_incidents import incidents
from socterm.store.words import key_match

OPCODES = 100_000
"""Instructions of SQLite between two ticks: some milliseconds."""

_ENOUGH = 20
"""Problems of one kind that are named one by one."""


def check(path: str | Path, tick: Callable[[], object] | None = None, say: Say = unsaid) -> list[str]:
    """Everything that is wrong with a store, one line each; [] for a sound one. Reads all of it.

    `tick` is called now and then, for it takes minutes where there are millions of lines; `say` is told
    where one of an earlier version is kept before it is upgraded. Raises StoreError where the file cannot be
    opened at all, for another reason than damage.
    """
    try:
        return _checked(Path(path), tick, say)
    except StoreDamagedError as error:
        return [f"file: {error.__cause__}"]


def _checked(path: Path, tick: Callable[[], object] | None, say: Say) -> list[str]:
    make_readable(path, say)
    db = connect(path, readonly=True)
    if tick is not None:

        def go_on() -> int:
            tick()
            return 0

        db.set_progress_handler(go_on, OPCODES)
    try:
        with our_errors():
            db.execute("BEGIN")
            found = _file(db)
            if found:  # rows of a damaged file prove nothing
                return found
            for look in _LOOKS:
                found += _shorten(list(look(db)))
            return found
    finally:
        db.close()


def _shorten(found: list[str]) -> list[str]:
    more = len(found) - _ENOUGH
    return found if more <= 0 else [*found[:_ENOUGH], f"… and {more} more like this"]


def _file(db: sqlite3.Connection) -> list[str]:
    rows = [row[0] for row in db.execute("PRAGMA integrity_check(20)")]
    lines = [line for row in rows for line in row.splitlines() if not line.startswith("***")]
    return [] if rows == ["ok"] else [f"file: {line}" for line in lines]


def _positions(db: sqlite3.Connection) -> Iterator[str]:
    """Lines of a source are there once each and without gaps, up to where it says it was read.

    What retention deleted counts as there.
    """
    rows = db.execute(
        "SELECT s.name, s.position, count(e.id), count(DISTINCT e.position), coalesce(g.lines, 0), "
        "min(coalesce(min(e.position), g.first), coalesce(g.first, min(e.position))), "
        "max(coalesce(max(e.position), g.last), coalesce(g.last, max(e.position))) "
        "FROM sources s LEFT JOIN events e ON e.source = s.id LEFT JOIN let_go g ON g.source = s.id "
        "GROUP BY s.id"
    )
    for name, position, events, distinct, gone, first, last in rows:
        where = f"source {unpack_name(name)}"
        if first is None:
            continue
        if distinct != events:
            yield f"{where}: {events - distinct} lines are stored twice"
        if missing := last - first + 1 - distinct - gone:
            what = "missing" if missing > 0 else "stored although they were deleted"
            yield f"{where}: {abs(missing)} lines are {what} between {first} and {last}"
        if last + 1 != position:
            yield f"{where}: read up to line {position}, but stored up to {last + 1}"
    for column, table in (("source", "sources"), ("kind", "kinds")):
        lost = db.execute(
            f"SELECT count(*) FROM events e LEFT JOIN {table} t ON t.id = e.{column} WHERE t.id IS NULL"
        ).fetchone()[0]
        if lost:
            yield f"events: {lost} name a {column} that does not exist"


def _evidence(db: sqlite3.Connection) -> Iterator[str]:
    """An alert's count is the weight of its evidence, and every event of it exists, unless it was let go."""
    alerts = db.execute(
        "SELECT id, episode, count FROM alerts WHERE state != 'merged' AND released = 0"
    ).fetchall()
    for alert, episode, count in alerts:
        rows = db.execute("SELECT hits FROM alert_events WHERE episode = ?", (episode,))
        weights = weights_of(row[0] for row in rows)
        for event in weights:
            if not db.execute("SELECT 1 FROM events WHERE id = ?", (event,)).fetchone():
                yield f"alert {alert}: event {event} of its evidence does not exist"
        if (total := sum(weights.values())) != count:
            yield f"alert {alert}: counts {count}, but its evidence weighs {total}"
    orphans = db.execute(
        "SELECT count(DISTINCT episode) FROM alert_events WHERE episode NOT IN "
        "(SELECT episode FROM alerts UNION SELECT id FROM episodes)"
    ).fetchone()[0]
    if orphans:
        yield f"alert_events: {orphans} episodes belong to no alert"


def _under_way(db: sqlite3.Connection) -> Iterator[str]:
    """Events that the detector still counts or waits to judge exist."""
    rows = db.execute("SELECT e.id, p.hits FROM episodes e JOIN alert_events p ON p.episode = e.id")
    named = [(f"episode {episode} counts", event) for episode, data in rows for event in event_ids(data)]
    named += [("a rule waits for", event) for (event,) in db.execute("SELECT event FROM held")]
    for what, event in named:
        if not db.execute("SELECT 1 FROM events WHERE id = ?", (event,)).fetchone():
            yield f"events: {what} event {event}, which does not exist"


def _standings(db: sqlite3.Connection) -> Iterator[str]:
    """What an alert's row says people decided is what the audit trail says."""
    said = {row.alert: Standing(**row.after) for row in trail.read(db, "alert != 0 ORDER BY id")}
    for alert, *standing in db.execute(f"SELECT id, {STANDING} FROM alerts"):
        after = said.pop(alert, Standing())
        if Standing(*standing) != after:
            yield f"alert {alert}: is {standing[0]}, but the audit trail leaves it {after.state}"
    for alert in said:
        yield f"audit: speaks of alert {alert}, which does not exist"


def _parts(db: sqlite3.Connection) -> Iterator[str]:
    """What stands under what is what the alerts themselves say, and so is the number of parts."""
    rows = db.execute(f"SELECT {EXTENT} FROM alerts a WHERE a.state != 'merged'").fetchall()
    right = parts(map(extent_of, rows))
    number = Counter(head for _, head in right.values() if head)
    for alert, under, head, many in db.execute("SELECT id, under, part_of, parts FROM alerts"):
        above, should = right.get(alert, (0, 0))
        if head != should:
            yield f"alert {alert}: is part of {head or 'none'}, but by time and entity of {should or 'none'}"
        elif under != above:
            yield f"alert {alert}: stands under {under or 'none'}, but should under {above or 'none'}"
        if many != number[alert]:
            yield f"alert {alert}: says it has {many} parts, but has {number[alert]}"


def _full_text(db: sqlite3.Connection) -> Iterator[str]:
    """The full-text index ends where it says, not beyond the events, and knows the latest addresses."""
    found = db.execute("SELECT value FROM meta WHERE key = 'fts_done'").fetchone()
    done = int(found[0]) if found else 0
    newest = db.execute(
        "SELECT max(n) FROM (SELECT coalesce(max(id), 0) AS n FROM events "
        "UNION ALL SELECT value FROM meta WHERE key = 'newest_event')"
    ).fetchone()[0]
    if done > newest:
        yield f"full text: reaches event {done}, but the newest is {newest}"
    latest = (
        "SELECT id, source_ip FROM events WHERE id <= ? AND source_ip IS NOT NULL ORDER BY id DESC LIMIT ?"
    )
    for ident, address in db.execute(latest, (done, _ENOUGH)).fetchall():
        if not address.isascii():
            continue
        match = key_match("source.ip", address)
        if not db.execute("SELECT 1 FROM events_fts(?) WHERE rowid = ?", (match, ident)).fetchone():
            yield f"full text: event {ident} is not found by its address"


def _minutes(db: sqlite3.Connection) -> Iterator[str]:
    """The roll-up is what the events add up to."""
    rows = db.execute(
        "SELECT m, sum(events), sum(weight), sum(failures), sum(alerted) FROM ("
        " SELECT minute AS m, events, weight, failures, alerted FROM minute_counts UNION ALL"
        f" SELECT (ts - ((ts % {MINUTE}) + {MINUTE}) % {MINUTE}) / {MINUTE}, -1, -repeat,"
        "  CASE WHEN outcome = 'failure' COLLATE BINARY THEN -repeat ELSE 0 END, -(flags & 1)"
        "  FROM events LEFT JOIN kinds ON kinds.id = events.kind"
        ") GROUP BY m HAVING sum(events) OR sum(weight) OR sum(failures) OR sum(alerted)"
    )
    for minute, *_ in rows:
        yield f"minute_counts: minute {minute} differs from its events"


def _json(db: sqlite3.Connection) -> Iterator[str]:
    """Columns of JSON can be read; a broken one would fail every query that looks at it."""
    for what, table in (("event", "events"), ("kind", "kinds")):
        for ident, text in db.execute(f"SELECT id, fields FROM {table} WHERE fields IS NOT NULL"):
            try:
                fine = isinstance(from_json(text), dict)
            except ValueError:
                fine = False
            if not fine:
                yield f"{what} {ident}: its fields are no JSON object"


def _templates(db: sqlite3.Connection) -> Iterator[str]:
    """Kinds name templates that exist, and these count the lines there are, and those let go."""
    lost = db.execute(
        "SELECT count(*) FROM kinds WHERE template IS NOT NULL AND template NOT IN (SELECT id FROM templates)"
    ).fetchone()[0]
    if lost:
        yield f"kinds: {lost} name a template that does not exist"
    gone = db.execute("SELECT coalesce(sum(lines), 0) FROM let_go").fetchone()[0]
    rows = db.execute(
        "SELECT t.id, t.lines, coalesce(sum(e.n), 0) FROM templates t LEFT JOIN kinds k ON k.template = t.id "
        "LEFT JOIN (SELECT kind, count(*) AS n FROM events GROUP BY kind) e ON e.kind = k.id GROUP BY t.id"
    )
    for template, lines, stored in rows:
        if stored > lines or (stored < lines and not gone):
            yield f"template {template}: counts {lines} lines, but {stored} are stored"


_LOOKS: tuple[Callable[[sqlite3.Connection], Iterator[str] | list[str]], ...] = (
    trail.problems, _positions, _evidence, _under_way, _standings, _parts, incidents, exceptions.problems,
    _full_text, _minutes, _json, _templates,
)  # fmt: skip
