"""New incidents looked at by the analyst's roles, beside the ingest and never in its way; then new templates.

One thread of whoever ingests: there is one ingest to a store, so nothing is looked at twice. What was looked
at is on record in the store, and so is the budget: a restart changes neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

from socterm.analyst.backend import Backend, BackendError, Cancelled
from socterm.analyst.backends import NullBackend
from socterm.analyst.prompts import Prompts
from socterm.analyst.roles.desk import BACKGROUND, Roles
from socterm.analyst.vectors import Learner
from socterm.errors import SoctermError, UsageError
from socterm.store import Store, open_store

LOOK: Final = 2.0
"""Seconds between two looks; at most one incident is looked at in each."""

QUIET: Final = 15_000_000
"""µs an incident has to be left alone by new alerts before it is looked at."""

PATIENCE: Final = 120_000_000
"""µs after which it is looked at all the same."""

AGE: Final = 86_400_000_000
"""µs: what nothing happened to for longer is nobody's news."""

HOUR: Final = 3_600_000_000

LEARN: Final = 300_000_000
"""µs until templates are looked at again where all have their vectors, or no model makes any."""


class IncidentWatch:
    """Looks at incidents that nobody has looked at. `note` says what went wrong."""

    def __init__(
        self,
        path: Path,
        backend: Backend,
        *,
        clock: Callable[[], int],
        tz: tzinfo = UTC,
        level: str = "high",
        most: int = 20,
        fast: bool = False,
        prompts: Prompts | None = None,
    ) -> None:
        self.note = ""
        self.done = 0
        self._path = path
        self._backend = backend
        self._clock = clock
        self._tz = tz
        self._level = level
        self._most = most
        self._fast = fast
        self._prompts = prompts
        self._refused: set[int] = set()
        self._learner: Learner | None = None
        self._next_learn = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look from now on."""
        self._thread = threading.Thread(target=self._run, name="analyst", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; an incident that was under way is looked at after the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def look(self, store: Store) -> int:
        """Look at one incident that is ready; its number, 0 where none is."""
        now = self._clock()
        waiting = store.analyses.waiting(self._level, since=now - AGE)
        ready = [
            ident
            for ident, created, updated in waiting
            if ident not in self._refused and (now - updated >= QUIET or now - created >= PATIENCE)
        ]
        if not ready:
            return 0
        ident = ready[0]
        within = store.analyses.asked(BACKGROUND, now - HOUR) < self._most
        backend = self._backend if within else NullBackend("the budget of this hour is spent")
        roles = Roles(store, backend, now=self._clock, tz=self._tz, fast=self._fast, prompts=self._prompts)
        try:
            for _ in roles.analyse(f"incident:{ident}", actor=BACKGROUND, cancel=self._stop):
                if self._stop.is_set():
                    return 0
            self.done += 1
            self.note = ""
        except UsageError as error:  # it went meanwhile; a store that is busy or full is tried again
            self._refused.add(ident)
            self.note = f"incident {ident} could not be looked at: {error}"
        return ident

    def learn(self, store: Store) -> int:
        """Have vectors made of a few templates that have none, for search by meaning; how many were made.

        A model that is not there is no mistake: it is asked again later.
        """
        now = self._clock()
        if 0 <= self._next_learn - now <= LEARN:  # a clock that was set back does not stop it
            return 0
        if self._learner is None:
            self._learner = Learner(store.templates, self._backend)
        made = 0
        try:
            made = self._learner.step(self._stop)
        except (BackendError, Cancelled):
            pass
        finally:
            self._next_learn = now - 1 if made else now + LEARN
        return made

    def _run(self) -> None:
        try:
            with open_store(self._path) as store:
                while not self._stop.wait(LOOK):
                    self._one(store)
        except SoctermError as error:
            self.note = f"incidents are not looked at: {error}"

    def _one(self, store: Store) -> None:
        try:
            if not self.look(store):
                self.learn(store)
        except SoctermError as error:  # a store that is busy: the next look is soon
            self.note = f"incidents could not be looked at: {error}"
