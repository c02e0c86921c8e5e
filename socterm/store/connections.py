"""One reading connection per thread, and one for decisions, over the same file."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from socterm.errors import QueryCancelledError, StoreError
from socterm.store.connection import Allowed, connect, our_errors, transaction
from socterm.store.jsontext import unpack_name

READER_CACHE_KIB = 8_192
"""For each reading thread, of which a console has more the more processors there are."""

_AGAIN: Final = 0.05
_LEAVING: Final = 5.0
"""Seconds until a query that goes on is interrupted once more, and those it has to end when all is closed."""


class _Reader(NamedTuple):
    """A thread's connection, who is at work with it, and whether that has been interrupted.

    Python's sqlite3 does not survive that a connection is closed by one thread while another one uses it.
    """

    db: sqlite3.Connection
    used: threading.RLock
    stopped: threading.Event

    def interrupt(self) -> None:
        """Stop what it is running."""
        self.stopped.set()
        self.db.interrupt()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """`our_errors`, and one whatever SQLite calls it that a query was interrupted.

        While it looks at a virtual table for the first time, that is "vtable constructor failed".
        """
        self.stopped.clear()
        try:
            with our_errors():
                yield
        except sqlite3.OperationalError as error:
            if self.stopped.is_set():
                raise QueryCancelledError("the query was cancelled") from error
            raise


class Connections:
    """Hands each thread its own connection. `interrupt` reaches reads only: a decision is never cut short."""

    def __init__(self, path: Path, *, readonly: bool, allowed: Allowed | None = None) -> None:
        self.path = path
        self.readonly = readonly
        self._allowed = allowed
        self._lock = threading.Lock()
        self._deciding = threading.Lock()
        self._decider: sqlite3.Connection | None = None
        self._readers: dict[threading.Thread, _Reader] = {}
        self._sources: dict[int, str] = {}
        self._closed = threading.Event()
        self.reader()

    def reader(self) -> _Reader:
        """This thread's connection; those of threads that ended are closed on the way."""
        thread = threading.current_thread()
        found = self._readers.get(thread)
        if found is not None:
            return found
        if self._closed.is_set():
            raise StoreError("the store is closed")
        db = connect(self.path, readonly=self.readonly)
        db.execute("PRAGMA query_only=ON")
        db.execute(f"PRAGMA cache_size=-{READER_CACHE_KIB}")
        with self._lock:
            for ended in [other for other in self._readers if not other.is_alive()]:
                self._readers.pop(ended).db.close()
            if not self._closed.is_set():
                made = self._readers[thread] = _Reader(db, threading.RLock(), threading.Event())
                return made
        db.close()  # all was closed meanwhile
        raise StoreError("the store is closed")

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection with one unchanging view of the file; ingest goes on meanwhile."""
        reader = self.reader()
        with reader.used, reader.errors():
            if self._closed.is_set():
                raise StoreError("the store is closed")
            db = reader.db
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:  # an interrupt may have ended it
                    db.execute("ROLLBACK")

    @contextlib.contextmanager
    def decider(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes decisions, for one caller at a time."""
        if self.readonly:
            raise StoreError("the store is open for reading only")
        with self._deciding:
            if self._decider is None:
                self._decider = connect(self.path)
                if self._allowed is not None:
                    self._decider.allowed = self._allowed
            yield self._decider

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """`decider` inside one transaction."""
        with self.decider() as db, transaction(db):
            yield db

    def source_name(self, db: sqlite3.Connection, ident: int) -> str:
        """The name of a source by its number in the store."""
        name = self._sources.get(ident)
        if name is None:
            self._sources = {i: unpack_name(n) for i, n in db.execute("SELECT id, name FROM sources")}
            name = self._sources[ident]
        return name

    def interrupt(self, thread: threading.Thread | None = None) -> None:
        """Stop the query a thread is running, or all of them: they raise QueryCancelledError."""
        with self._lock:
            for owner, reader in self._readers.items():
                if thread is None or owner is thread:
                    reader.interrupt()

    def close(self) -> None:
        """Close every connection; calls still running in other threads fail."""
        with self._lock:
            self._closed.set()
            left = time.monotonic() + _LEAVING
            for reader in self._readers.values():
                _close(reader, left)
            self._readers.clear()
        with self._deciding:
            if self._decider is not None:
                self._decider.close()
                self._decider = None


def _close(reader: _Reader, left: float) -> None:
    """Close a connection when the call under way with it has failed; what does not end is let go of."""
    reader.interrupt()
    while not reader.used.acquire(timeout=_AGAIN):
        if time.monotonic() > left:
            return
        reader.interrupt()
    reader.db.close()
    reader.used.release()
