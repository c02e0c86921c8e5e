"""The one writer: takes the lease, commits batches whole, feeds the full-text index behind them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from socterm.alerts.bonds import Policy
from socterm.alerts.model import RuleInfo
from socterm.errors import StoreError, StoreFullError
from socterm.event import Event
from socterm.measures import ALERTS, COMMITS
from socterm.store import lease
from socterm.store.codec import ROW_COLUMNS, Rows, encode, storable
from socterm.store.connection import CHECKPOINT_PAGES, connect, create_file, our_errors, transaction
from socterm.store.decide import exceptions
from socterm.store.decide.decisions import decisions_since
from socterm.store.decide.snoozing import wake_due
from socterm.store.ingest import learning, raising, rulebook
from socterm.store.ingest.assigning import Settling
from socterm.store.ingest.batch import Batch, SourceState, StoredState
from socterm.store.ingest.detections import Detections, evidence_ids, open_episodes
from socterm.store.ingest.grouping import DEFAULT, stored_policy
from socterm.store.ingest.holding import holding
from socterm.store.ingest.raising import Raised
from socterm.store.ingest.receipts import Receipts
from socterm.store.ingest.regrouping import use_policy
from socterm.store.ingest.stories import Stories
from socterm.store.jsontext import clean, from_json, pack_name, to_json, unpack_name
from socterm.store.keeping.retention import Retention, Terms
from socterm.store.kinds import Kinds
from socterm.store.minutes import add_rows
from socterm.store.schema import migrate
from socterm.store.upgrade import Say, keeping, unsaid
from socterm.store.words import INDEXED

if TYPE_CHECKING:
    from socterm.sigma.model import RuleFate

WRITER_BUSY_SECONDS = 30.0
"""Decisions hold the write lock for milliseconds; a writer can wait longer than a person would."""

_WIDTH = len(ROW_COLUMNS)
_AT_ONCE = 200
"""Rows of one statement: it opens the table and its indices, and finds where they end, once for them all."""

_ROW = f"({', '.join('?' * _WIDTH)})"
_INSERT = f"INSERT INTO events ({', '.join(ROW_COLUMNS)}) VALUES {_ROW}"
_INSERT_MANY = _INSERT + f", {_ROW}" * (_AT_ONCE - 1)
_SOURCE_COLUMNS = (
    "position", "bookmark", "lines", "decoded", "newest", "late", "drops", "note", "watermark", "extra",
    "formats", "samples", "error", "rate",
)  # fmt: skip
_SOURCE = (
    f"UPDATE sources SET {', '.join(f'{name} = ?' for name in _SOURCE_COLUMNS)}, updated = ? WHERE id = ?"
)
_WAITING = "SELECT (SELECT min(id) FROM events WHERE id > ?), (SELECT max(id) FROM events)"
_KEYS = ", ".join(INDEXED)
_FEED = f"""
INSERT INTO events_fts (rowid, raw, {_KEYS})
SELECT id, raw, {_KEYS} FROM events_words WHERE id > ? AND id <= ?
"""


class Writer:
    """The ingesting side of a store. One thread uses it at a time.

    `next_event_id`, `next_episode_id` and `next_alert_id` are the first free numbers at opening; the caller
    counts on from there.
    """

    def __init__(self, db: sqlite3.Connection, token: str) -> None:
        self._db = db
        self._token = token
        given = int(self._meta("newest_event"))  # the newest may have been deleted since
        self.next_event_id = max(self._next("SELECT max(id) FROM events"), given + 1)
        self.next_alert_id = self._next("SELECT max(id) FROM alerts")
        self.next_episode_id = self._next(
            "SELECT max(n) FROM (SELECT max(id) AS n FROM episodes UNION ALL SELECT max(episode) FROM alerts "
            "UNION ALL SELECT max(episode) FROM alert_events)"
        )
        self._last_episode = self.next_episode_id - 1
        self._raised: Mapping[str, int] = {}
        self._sources: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._next_position: dict[str, int] = {}
        for ident, name, position in db.execute("SELECT id, name, position FROM sources ORDER BY id"):
            self._name_source(unpack_name(name), ident)
            self._next_position[unpack_name(name)] = position
        self._stored_sources = len(self._names)
        self._kinds = Kinds(db)
        self._receipts = Receipts()
        self._infos = self._load_infos()
        self._policy = stored_policy(db) or DEFAULT
        self._audit_seen = int(self._meta("audit_seen"))
        self._version = -1

    @classmethod
    def open(cls, path: str | Path, *, now: int, say: Say = unsaid) -> Writer:
        """Open or create the store and take the lease; `now` is the wall clock in µs.

        A new file has mode 0600, in a folder of mode 0700 if that is new too. `say` is told where a store of
        an earlier version is kept before it is upgraded.
        Raises LeaseHeldError where another living process ingests, StoreError where the file cannot be used.
        """
        path = Path(path)
        create_file(path)
        db = connect(path, busy=WRITER_BUSY_SECONDS)
        try:
            db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            with our_errors():
                migrate(db, now, keeping(path, say))
            with transaction(db):
                token = lease.take(db, now, lease.this_process())
                use_policy(db, stored_policy(db) or DEFAULT, now)
            with our_errors():
                return cls(db, token)
        except BaseException:
            db.close()
            raise

    @property
    def path(self) -> Path:
        """The store's file."""
        return Path(self._db.execute("PRAGMA database_list").fetchone()[2])

    # -- after a restart -----------------------------------------------------------------

    def load_state(self) -> StoredState:
        """Where the last ingest stopped, as of its last commit, with the decisions made since."""
        db = self._db
        db.execute("BEGIN")
        try:
            sources = self._load_sources()
            decoders: dict[str, list[tuple[str, str]]] = {}
            for source, key, value in db.execute("SELECT source, key, value FROM decoder_state"):
                decoders.setdefault(self._names[source], []).append((key, value))
            episodes = open_episodes(db, self._names)
            learned = learning.load(db, self._names)
            counters = dict(db.execute("SELECT name, value FROM counters"))
            seen, decisions = decisions_since(db, self._audit_seen)
        finally:
            db.execute("COMMIT")
        verdicts = dict(decisions)
        for episode in episodes:
            verb = verdicts.get(episode.alert)
            if verb is not None:
                episode.ended = verb == "close"
        self._audit_seen = seen
        return StoredState(sources, decoders, episodes, counters, seen, learned)

    def _load_sources(self) -> list[SourceState]:
        columns = ", ".join(_SOURCE_COLUMNS)
        found = []
        for row in self._db.execute(f"SELECT id, {columns} FROM sources ORDER BY id"):
            values: dict[str, Any] = dict(zip(_SOURCE_COLUMNS, row[1:], strict=True))
            for name in ("bookmark", "drops", "extra", "formats", "samples"):
                values[name] = from_json(values[name])
            found.append(SourceState(name=self._names[row[0]], **values))
        return found

    def save_rules(self, fates: Sequence[RuleFate], infos: Mapping[str, RuleInfo]) -> None:
        """Put every loaded rule's fate on record; `infos` (by rule key) is what new alerts copy."""
        self._infos = dict(infos)
        with transaction(self._db):
            rulebook.write_fates(self._db, fates, infos)

    def join_by(self, policy: Policy, now: int) -> None:
        """Join alerts by this policy from now on, those that are there included."""
        with transaction(self._db):
            use_policy(self._db, policy, now)
        self._policy = policy

    def rule_files(self) -> list[tuple[str, str]]:
        """(path, text) of the rule files that were in force when the last ingest stopped, in their order."""
        return rulebook.read_texts(self._db)

    # -- batches -------------------------------------------------------------------------

    def commit(self, batch: Batch) -> None:
        """Store all of a batch in one transaction, or raise and store nothing.

        After StoreFullError or StoreBusyError the same batch can be committed again. LeaseHeldError means
        that another process took over: this one must stop.
        """
        began = time.monotonic()
        positions = self._positions(batch.events)
        if batch.rules is not None:
            self._infos = dict(batch.rules.infos)
        self._know_sources(batch, positions)
        try:
            self._write(batch, batch.events, positions)
        except (UnicodeEncodeError, OverflowError):
            self._write(batch, [storable(event) for event in batch.events], positions)
        self._stored_sources = len(self._names)
        self._next_position.update(positions)
        self._last_episode = max((self._last_episode, *(change.id for change in batch.episodes)))
        COMMITS.add(time.monotonic() - began)
        for level, number in self._raised.items():
            ALERTS.add(level, number)

    def _positions(self, events: Sequence[Event]) -> dict[str, int]:
        """The next position of each source after these events; each line may be stored once only."""
        found: dict[str, int] = {}
        source, following = "", 0
        for event in events:
            if event.source != source or not found:
                source = event.source
                following = found.setdefault(source, self._next_position.get(source, 0))
            if event.position < following:
                raise StoreError(
                    f"line {event.position} of {source} is stored already: run `socterm db check`"
                )
            found[source] = following = event.position + 1
        return found

    def _write(self, batch: Batch, events: Sequence[Event], positions: Mapping[str, int]) -> None:
        try:
            self._transact(batch, events, positions)
        except BaseException:
            self._kinds.forget()
            raise
        self._kinds.committed()

    def _transact(self, batch: Batch, events: Sequence[Event], positions: Mapping[str, int]) -> None:
        db = self._db
        rows = encode(events, self._sources, self._kinds, evidence_ids(batch.episodes))
        self._raised = {}
        with transaction(db):
            lease.keep(db, self._token, batch.now)
            self._write_sources(batch, positions)
            self._kinds.write(db)
            self._kinds.templates.write(db, rows[::_WIDTH], rows[1::_WIDTH])
            _insert(db, rows)
            self._write_bytes(events)
            add_rows(db, rows)
            if batch.episodes:
                first_new = events[0].id if events else self._next("SELECT max(id) FROM events")
                raised = batch.raised or Raised()
                infos = {**raised.rules, **self._infos} if raised.rules else self._infos
                found = Detections(db, self._sources, infos, batch.now, self._last_episode, raised.infos)
                found.apply(batch.episodes, first_new)
                self._raised = found.created
                self._join(found.change, batch, events)
            if batch.raised is not None:
                raising.finish(db, batch.raised, batch.now)
            wake_due(db, batch.now)
            if batch.learning:
                learning.write(db, batch.learning)
            self._write_counters(batch)
            if batch.excepted or batch.unfit is not None:
                exceptions.count(db, batch.excepted, batch.unfit)
            if batch.receipts:
                self._receipts.write(db, batch.receipts, batch.now)
            if batch.rules is not None:
                rulebook.write_fates(db, batch.rules.fates, batch.rules.infos)
                rulebook.write_texts(db, batch.rules.files)
            db.execute("INSERT OR REPLACE INTO meta VALUES ('audit_seen', ?)", (self._audit_seen,))

    def _join(self, change: int, batch: Batch, events: Sequence[Event]) -> None:
        """Say which alerts tell one story, and which stories are incidents."""
        told = Stories(self._db, self._policy, self._last_episode)
        touched = told.update(change, batch.episodes, events)
        settling = Settling(self._db, batch.now, told.fresh, lost=told.lost)
        settling.settle(touched, told.changed, grew=told.grew)

    def _write_bytes(self, events: Sequence[Event]) -> None:
        rows = [(event.id, event.raw_bytes) for event in events if event.raw_bytes is not None]
        if rows:
            self._db.executemany("INSERT INTO event_bytes VALUES (?, ?)", rows)

    def _write_sources(self, batch: Batch, positions: Mapping[str, int]) -> None:
        db, ids = self._db, self._sources
        new = [(i, pack_name(name)) for name, i in ids.items() if i > self._stored_sources]
        if new:
            db.executemany("INSERT INTO sources (id, name) VALUES (?, ?)", new)
        for name, position in positions.items():
            db.execute("UPDATE sources SET position = ? WHERE id = ?", (position, ids[name]))
        for state in batch.sources:
            db.execute(
                _SOURCE,
                (
                    state.position, to_json(state.bookmark), state.lines, state.decoded, state.newest,
                    state.late, to_json(state.drops), clean(state.note), state.watermark,
                    to_json(state.extra), to_json(state.formats), to_json(state.samples), clean(state.error),
                    state.rate, batch.now, ids[state.name],
                ),
            )  # fmt: skip
        try:
            self._write_state(batch.decoders)
        except UnicodeEncodeError:
            self._write_state(
                [(name, clean(k), None if v is None else clean(v)) for name, k, v in batch.decoders]
            )

    def _write_state(self, entries: Sequence[tuple[str, str, str | None]]) -> None:
        db, ids = self._db, self._sources
        gone = [(ids[source], key) for source, key, value in entries if value is None]
        kept = [(ids[source], key, value) for source, key, value in entries if value is not None]
        db.executemany("DELETE FROM decoder_state WHERE source = ? AND key = ?", gone)
        db.executemany("INSERT OR REPLACE INTO decoder_state VALUES (?, ?, ?)", kept)

    def _write_counters(self, batch: Batch) -> None:
        self._db.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", list(batch.counters.items()))
        self._db.executemany(
            "INSERT INTO rule_hits VALUES (?, ?) "
            "ON CONFLICT (rule) DO UPDATE SET hits = hits + excluded.hits",
            list(batch.rule_hits.items()),
        )

    def _know_sources(self, batch: Batch, positions: Mapping[str, int]) -> None:
        """Give every source named in the batch its number; the rows follow inside the transaction."""
        names = set(positions)
        names.update(state.name for state in batch.sources)
        names.update(entry[0] for entry in batch.decoders)
        for change in batch.episodes:
            names.update((change.first[1], change.last[1]))
            names.update(hit.source for hit in change.hits)
        for name in sorted(names - self._sources.keys()):
            self._name_source(name, len(self._names) + 1)

    def _name_source(self, name: str, ident: int) -> None:
        self._sources[name] = ident
        self._names[ident] = name

    # -- behind the batches --------------------------------------------------------------

    def unfed(self) -> int:
        """How many events the full-text index may be behind: many where an older store was brought up."""
        return self.next_event_id - 1 - int(self._meta("fts_done"))

    def feed_fts(self, limit: int) -> int:
        """Index the words and keys of up to `limit` more events; how many were, 0 when all are."""
        with transaction(self._db):
            done = self._meta("fts_done")
            first, newest = self._db.execute(_WAITING, (done,)).fetchone()
            if first is None:
                return 0
            last = min(first + limit - 1, newest)
            fed = self._db.execute(_FEED, (done, last)).rowcount
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('fts_done', ?)", (last,))
        return fed

    def retention(self, terms: Terms) -> Retention:
        """What keeps the store within its terms; its steps are for this writer's thread, between batches."""

        def guard(db: sqlite3.Connection) -> None:
            lease.check(db, self._token)

        return Retention(self._db, terms, guard=guard, forget=self._kinds.forget_all)

    def closed_since(self, audit_id: int) -> tuple[int, list[tuple[int, str]]]:
        """(newest audit id, decisions after `audit_id` that closed or reopened an alert, oldest first).

        The verbs are `close` and `reopen`, whatever was pressed: undoing a close reopens. Costs one PRAGMA
        while no other connection has written. What was heard is on record with the next commit. A disk so
        full that nothing can be read has nothing to say yet.
        """
        try:
            with our_errors():
                version = self._db.execute("PRAGMA data_version").fetchone()[0]
                if version == self._version and audit_id == self._audit_seen:
                    return audit_id, []
                newest, decisions = decisions_since(self._db, audit_id)
        except StoreFullError:
            return audit_id, []
        self._version = version
        self._audit_seen = newest
        return newest, decisions

    def exceptions_since(self, change: int) -> tuple[int, list[tuple[int, str, int]]] | None:
        """(number of the last change, (id, document, expires) of all); None where it is still `change`."""
        try:
            with our_errors():
                newest = exceptions.changed(self._db)
                return None if newest == change else (newest, exceptions.standing(self._db))
        except StoreFullError:  # a disk so full that nothing can be read; what was in force stays so
            return None

    def asked(self) -> tuple[list[int], list[tuple[str, raising.Asked]]] | None:
        """(rows, what of them to make) of the alerts that hunts asked for; None where they asked for none."""
        with our_errors():
            found = raising.waiting(self._db)
            return ([row for row, _, _ in found], raising.missing(self._db, found)) if found else None

    def heartbeat(self, now: int) -> None:
        """Show that this process lives, and wake what was snoozed, as commits do.

        Raises LeaseHeldError where it lost the lease.

        A full disk takes no heartbeat: then only the lease is looked at.
        """
        try:
            with transaction(self._db):
                lease.keep(self._db, self._token, now)
                wake_due(self._db, now)
        except StoreFullError:
            with our_errors():
                lease.check(self._db, self._token)

    def held(self, clock: Callable[[], int]) -> AbstractContextManager[None]:
        """Heartbeats (`clock`: µs) while the caller is busy with what comes before the first commit."""
        return holding(self.path, self._token, clock)

    def close(self) -> None:
        """Give the lease back and close the file."""
        try:
            with transaction(self._db):
                lease.release(self._db, self._token)
        except (StoreError, sqlite3.Error):
            pass  # the lease then ends with this process or its heartbeat
        self._db.close()

    # -- small reads ---------------------------------------------------------------------

    def _next(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0] or 0) + 1

    def _meta(self, key: str) -> int:
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return int(found[0]) if found else 0

    def _load_infos(self) -> dict[str, RuleInfo]:
        rows = self._db.execute("SELECT key, info FROM rules WHERE info IS NOT NULL")
        return {key: msgspec.convert(from_json(info), RuleInfo) for key, info in rows}


def _insert(db: sqlite3.Connection, rows: Rows) -> None:
    """Store what `codec.encode` made."""
    size = _WIDTH * _AT_ONCE
    whole = len(rows) - len(rows) % size
    for start in range(0, whole, size):
        db.execute(_INSERT_MANY, rows[start : start + size])
    few = iter(rows[whole:])
    db.executemany(_INSERT, zip(*[few] * _WIDTH, strict=True))
