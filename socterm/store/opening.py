"""Opening a store for reading and deciding; ingest has its own door, `writer.Writer`."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from socterm.errors import StoreError, StoreFullError
from socterm.store.connection import Allowed, connect, create_file, our_errors
from socterm.store.connections import Connections
from socterm.store.decide.chronicle import ChronicleDesk
from socterm.store.decide.exceptions import ExceptionDesk
from socterm.store.decide.groups import GroupDesk
from socterm.store.decide.snoozing import SnoozeDesk
from socterm.store.doors.analyses import AnalysisDesk
from socterm.store.doors.conversations import ConversationDesk
from socterm.store.doors.entities import EntityDesk
from socterm.store.doors.events import EventStore
from socterm.store.doors.history import HistoryStore
from socterm.store.doors.hunts import HuntDesk
from socterm.store.doors.identity import IdentityDesk
from socterm.store.doors.incidents import IncidentDesk
from socterm.store.doors.metrics import MetricsDesk
from socterm.store.doors.outbox import OutboxDesk
from socterm.store.doors.receipts import ReceiptDesk
from socterm.store.doors.sandbox import SqlDesk
from socterm.store.doors.templates import TemplateDesk
from socterm.store.doors.triage import TriageDesk
from socterm.store.migrations import MIGRATIONS
from socterm.store.schema import applied, migrate
from socterm.store.upgrade import Say, keeping, unsaid


class Store:
    """The doors of one file, by the protocols of `socterm.store.protocols`.

    Safe from any thread; close it when done.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.path = connections.path
        self.events = EventStore(connections)
        self.history = HistoryStore(connections)
        self.hunts = HuntDesk(connections)
        self.sql = SqlDesk(connections)
        self.triage = TriageDesk(connections, self.events)
        self.snoozes = SnoozeDesk(connections)
        self.groups = GroupDesk(connections)
        self.incidents = IncidentDesk(connections)
        self.entities = EntityDesk(connections, self.events)
        self.chronicle = ChronicleDesk(connections)
        self.metrics = MetricsDesk(connections)
        self.exceptions = ExceptionDesk(connections)
        self.analyses = AnalysisDesk(connections)
        self.conversations = ConversationDesk(connections)
        self.templates = TemplateDesk(connections)
        self.outbox = OutboxDesk(connections)
        self.identity = IdentityDesk(connections)
        self.receipts = ReceiptDesk(connections)

    def interrupt(self, thread: threading.Thread | None = None) -> None:
        """Stop the query that a thread is running, or all: they raise QueryCancelledError.

        Decisions are not queries and run to their end.
        """
        self._connections.interrupt(thread)

    def close(self) -> None:
        """Close the file for all threads."""
        self._connections.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(
    path: str | Path, *, readonly: bool = False, say: Say = unsaid, allowed: Allowed | None = None
) -> Store:
    """Open a store beside whoever ingests into it; without `readonly` a missing one is made.

    `say` is told where one of an earlier version is kept before it is upgraded; `allowed` is asked within
    each decision whether it may still be made (`identity.still`). Raises StoreError where it is missing
    (readonly), unreadable, newer than this socterm or no store, StoreFullError where there is no room to
    keep it.
    """
    path = Path(path)
    if not readonly:
        create_file(path)
        _bring_up(path, say)
    else:
        make_readable(path, say)
    return Store(Connections(path, readonly=readonly, allowed=allowed))


def make_readable(path: Path, say: Say = unsaid, *, keep: bool = True) -> None:
    """Bring a store of an earlier version up to this one; `say` is told where it is kept as it was.

    Without `keep` it is not: what is upgraded is a copy itself. Raises StoreError where it is missing, empty,
    no store, newer, or must not be written and is older, StoreFullError where there is no room to keep it.
    """
    if refuse_empty(path) < len(MIGRATIONS):
        try:
            _bring_up(path, say, keep=keep)
        except StoreFullError:
            raise
        except StoreError as error:
            if os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK):
                raise
            raise StoreError(
                f"the store {path} is of an earlier version and cannot be written: open a copy of it"
            ) from error


def refuse_empty(path: Path) -> int:
    """How many migrations a store has gone through. Raises StoreError where it is missing, empty or none."""
    steps = _steps(path)
    if steps == 0:
        raise StoreError(f"the store {path} is empty: socterm or socterm run fills it")
    return steps


def _bring_up(path: Path, say: Say, *, keep: bool = True) -> None:
    db = connect(path)
    try:
        with our_errors():
            migrate(db, time.time_ns() // 1000, keeping(path, say) if keep else None)
    finally:
        db.close()


def _steps(path: Path) -> int:
    """How many migrations it has gone through; 0 where it has just been created, or is an empty file."""
    db = connect(path, readonly=True)
    try:
        return len(applied(db))
    finally:
        db.close()
