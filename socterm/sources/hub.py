"""Where requests meet the pipeline: one source for each sender, made when it first sends something."""

from __future__ import annotations

import threading

from socterm.measures import QUEUES
from socterm.sources.base import Bookmarks, Clock, Wake, no_wake
from socterm.sources.posted import QUEUE, EndedError, PostedSource, Room
from socterm.sources.uploaded import Uploads

MOST = 1_000
"""Senders at most: each has a decoder, a clock and a row in the store."""


class Hub:
    """Gives each sender its source, `http:NAME`, and the pipeline those that are new. Safe from any thread.

    All of them share `room`. Until `begin`, and after `close`, it takes nothing.
    """

    def __init__(self, queue: int = QUEUE) -> None:
        self.room = Room(queue)
        self._lock = threading.Lock()
        self._sources: dict[str, PostedSource] = {}
        self._uploads: dict[str, Uploads] = {}
        self._fresh: list[PostedSource] = []
        self._bookmark: Bookmarks | None = None
        self._clock: Clock | None = None
        self._wake: Wake = no_wake

    def begin(self, bookmark: Bookmarks, clock: Clock) -> None:
        """Take from now on; sources go on where `bookmark` says that the last ingest stopped."""
        with self._lock:
            self._bookmark, self._clock = bookmark, clock
        QUEUES.watch("http", lambda: self.room.held)

    def start(self, wake: Wake) -> None:
        """Call `wake` when there is a source to be taken on."""
        self._wake = wake

    @property
    def waiting(self) -> bool:
        """Whether there is one now."""
        return bool(self._fresh)

    def source(self, who: str) -> PostedSource:
        """The source of this sender. Raises EndedError where nothing is taken."""
        with self._lock:
            return self._source(who)

    def uploads(self, who: str, *, here: bool = False) -> Uploads:
        """The journals this sender uploads, over its source. Raises EndedError where nothing is taken.

        `here`: it is this very machine, so that our clock is its own.
        """
        with self._lock:
            found = self._uploads.get(who)
            if found is None:
                source = self._source(who)
                found = self._uploads[who] = Uploads(source, self._clock if here else None)
            return found

    def fresh(self) -> list[PostedSource]:
        """The sources made since it was asked last."""
        with self._lock:
            found, self._fresh = self._fresh, []
            return found

    def close(self) -> None:
        """Take nothing more; who still waits hears that it will not be stored."""
        QUEUES.forget("http")
        with self._lock:
            self._bookmark = None
            sources = list(self._sources.values())
            self._sources.clear()
            self._uploads.clear()
            self._fresh.clear()
        for source in sources:
            source.close()

    def _source(self, who: str) -> PostedSource:
        found = self._sources.get(who)
        if found is not None:
            return found
        if self._bookmark is None or self._clock is None:
            raise EndedError("nothing is taken: no ingest runs here")
        if len(self._sources) >= MOST:
            raise EndedError(f"more than {MOST} senders: let several machines share a token")
        name = f"http:{who}"
        made = PostedSource(name, clock=self._clock, resume=self._bookmark(name), room=self.room)
        self._sources[who] = made
        self._fresh.append(made)
        self._wake()
        return made
