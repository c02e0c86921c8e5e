"""Watches the rule folders and makes the next rule set ready beside the ingest thread.

inotify, through watchfiles, is only a hint: swapped folders, links and network file systems are found by
looking. A change is taken when it has been quiet for a moment, so that a `git pull` is one change.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from watchfiles import watch

from socterm.pipeline.rulebook import Load, RuleBook
from socterm.sigma.engine import Matcher
from socterm.sigma.model import RuleSet
from socterm.store.ingest.batch import RulesState

_TICK = 0.1
"""Seconds between two looks whether a named path is still the same folder or file."""

_QUIET = 0.25
"""Seconds without a change before what changed is read: an editor, a pull or a copy has then ended."""

_PATIENCE = 5.0
"""Seconds of unceasing change after which it is read all the same."""

_LOOK_EVERY = 2.0
"""Seconds between looks at all files for what nothing told of; longer where a look takes long."""

_STUCK = 10.0
"""Seconds to wait for the thread at the end; a mount that hangs must not keep socterm from leaving."""

_SHARE = 100
"""A look may take one part in so many of the time."""


class Reload(NamedTuple):
    """A rule set ready to take another's place, its matcher, and in words what changed."""

    rules: RuleSet
    matcher: Matcher
    state: RulesState
    text: str


class RuleWatch:
    """One thread keeps a `RuleBook` as the disk is; the ingest thread takes what it made between batches.

    `match` makes the matcher, which is the work; `notes` is what to tell people, safe from any thread.
    """

    def __init__(self, book: RuleBook, match: Callable[[RuleSet], Matcher]) -> None:
        self._book = book
        self._match = match
        self._made_for: RuleSet | None = None
        self._matcher: Matcher | None = None
        self._ready: Reload | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake: Callable[[], None] = lambda: None
        self._pace = _Pace()
        self.rules = book.rules
        self.notes: tuple[str, ...] = ()
        self.look()
        if self._ready is None:
            self._publish("")

    def start(self, wake: Callable[[], None]) -> None:
        """Watch from now on; `wake` is called when there is something to take."""
        self._wake = wake
        self._thread = threading.Thread(target=self._run, name="socterm-rules", daemon=True)
        self._thread.start()

    def follow(self, named: Callable[[], Sequence[Path]], load: Load | None = None) -> None:
        """Look at other files and folders from the next look on, and read all by `load`; from any thread."""
        self._book.disk.named = named
        if load is not None:
            self._book.use(load)

    def close(self) -> None:
        """End the thread; returns when it has ended, or is stuck in a look at a disk that does not answer."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_STUCK)

    def take(self) -> Reload | None:
        """What became ready since the last call; the newest where it is several."""
        if self._ready is None:
            return None
        with self._lock:
            ready, self._ready = self._ready, None
        return ready

    # -- the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            identity = self._book.disk.identity()
            folders = sorted({str(path.resolve()) for path in self._book.disk.paths if path.is_dir()})
            try:
                self._follow(self._told(folders), identity)
            except (OSError, RuntimeError):  # no inotify watches left, or a folder has just gone away
                self._follow(self._untold(), identity)

    def _follow(self, hints: Iterator[bool], identity: object) -> None:
        """Look when told to and now and then, until a named path is another folder or file than it was."""
        pace, disk = self._pace, self._book.disk
        for changed in hints:
            swapped = disk.identity() != identity
            began = time.monotonic()
            if pace.due(began, changed=changed or swapped) or self._book.anew:
                if self._book.anew or disk.changed():
                    self.look()
                pace.looked(began, time.monotonic())
            if swapped:
                return

    def _told(self, folders: list[str]) -> Iterator[bool]:
        """Every tick, whether something in the folders changed."""
        for changes in watch(
            *folders,
            watch_filter=None,
            debounce=int(_TICK * 1000),
            step=int(_TICK * 500),
            stop_event=self._stop,
            rust_timeout=int(_TICK * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            yield bool(changes)

    def _untold(self) -> Iterator[bool]:
        while not self._stop.wait(_TICK):
            yield False

    def look(self) -> None:
        """Take what is on disk now. Not beside the thread; it does so by itself."""
        try:
            if self._book.look():
                self._publish(str(self._book.last) if any(self._book.last) else "")
        except Exception as error:  # noqa: BLE001 - a mistake of ours in a rule's path must not end the watch
            said = " ".join(str(error).split()) or type(error).__name__
            self.notes = (f"rules were not loaded anew: {said}",)

    def _publish(self, text: str) -> None:
        rules = self._book.rules
        if self._matcher is None or self._made_for is not rules:
            self._made_for, self._matcher = rules, self._match(rules)
        reload = Reload(rules, self._matcher, self._book.state(), text)
        self.notes = self._book.notes()
        with self._lock:
            self._ready = reload
        self._wake()


class _Pace:
    """When to look: soon after a change has ended, and now and then anyway."""

    def __init__(self) -> None:
        self._first = self._last = 0.0
        self._next = 0.0

    def due(self, now: float, *, changed: bool) -> bool:
        """Whether to look now; to be asked often."""
        if changed:
            self._first = self._first or now
            self._last = now
        if self._first:
            return now - self._last >= _QUIET or now - self._first >= _PATIENCE
        return now >= self._next

    def looked(self, began: float, ended: float) -> None:
        """A look took this long."""
        self._first = 0.0
        self._next = ended + max(_LOOK_EVERY, _SHARE * (ended - began))
