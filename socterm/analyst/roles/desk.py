"""The five roles over one store: gather, go through the stages, keep what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from typing import Final

from socterm.analyst.backend import Backend, Priority, Wish
from socterm.analyst.prompts import Prompts
from socterm.analyst.roles.applying import proposed
from socterm.analyst.roles.gather import Doors, gather
from socterm.analyst.roles.pack import pack
from socterm.analyst.roles.run import Round
from socterm.store.doors.analyses import Trace

BACKGROUND: Final = "socterm"
"""The actor of rounds that nobody asked for."""


class Roles:
    """Rounds over one store. All of it may block: call it from worker threads. `now` gives µs."""

    def __init__(
        self,
        store: Doors,
        backend: Backend,
        *,
        now: Callable[[], int],
        tz: tzinfo = UTC,
        fast: bool = False,
        keeping: bool = True,
        prompts: Prompts | None = None,
    ) -> None:
        self.store = store
        self.backend = backend
        self.now = now
        self.tz = tz
        self.fast = fast
        self.keeping = keeping
        self.prompts = prompts or Prompts()

    def analyse(self, about: str, *, actor: str, cancel: Wish | None = None) -> Iterator[Trace]:
        """The trace of "alert:3" or "incident:2": the drafts at once, then anew with each stage refined.

        What came is kept when the iterator is read to its end, unless the store may only be read. Raises
        UsageError where there is no such case.
        """
        found = pack(gather(self.store, about, tz=self.tz))
        urgency: Priority = "background" if actor == BACKGROUND else "triage"
        round_ = Round(found, self.backend.at(urgency), cancel=cancel, fast=self.fast, prompts=self.prompts)
        trace = round_.drafted(at=self.now(), actor=actor)
        yield trace
        for trace in round_.refined(at=self.now(), actor=actor):
            yield trace
        if self.keeping:
            yield self.store.analyses.keep(trace, proposed(trace))

    def whole(self, about: str, *, actor: str, cancel: Wish | None = None) -> Trace:
        """The same, kept, in one go."""
        return list(self.analyse(about, actor=actor, cancel=cancel))[-1]
