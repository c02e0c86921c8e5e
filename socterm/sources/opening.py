"""From what a person names (paths, globs, URLs) to sources, now and as files appear."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from socterm.config import ListenConfig
from socterm.errors import UsageError
from socterm.sources.base import Bookmarks, Clock, Source, Wake
from socterm.sources.file import FileSource, name_of
from socterm.sources.hub import Hub
from socterm.sources.journal import AUTH_MATCHES, JournalSource
from socterm.sources.listening import check_listener, open_listener
from socterm.sources.machine import has_journalctl, this_machines_logs
from socterm.sources.marks import read_bookmark
from socterm.sources.rotation import holds, rotated_from
from socterm.sources.stdin import StdinSource
from socterm.sources.watch import Watcher

__all__ = ["STAND_INS", "Opener", "open_sources", "this_machines_logs"]

STAND_INS: Mapping[Path, Sequence[str]] = {
    Path("/var/log/auth.log"): AUTH_MATCHES,
    Path("/var/log/secure"): AUTH_MATCHES,
}
"""Files a fresh system may lack because its journal holds those lines, and how to ask for them there."""


class _StandIn(msgspec.Struct):
    """The journal followed in place of a file that does not exist."""

    path: Path
    journal: JournalSource


def check_specs(specs: Sequence[str], listen: ListenConfig | None = None) -> None:
    """Raise in one line for what cannot be read: a folder, an address that is none, TLS without its files."""
    for spec in specs:
        if "://" in spec:
            check_listener(spec, listen or ListenConfig())
        elif spec not in {"-", "journal"} and not spec.startswith("journal:"):
            _no_folder(spec)


def _no_folder(spec: str) -> Path:
    path = Path(os.path.abspath(Path(spec).expanduser()))  # noqa: PTH100 - symlinks stay as named
    if _is(path.is_dir):
        raise UsageError(f"{spec}: a directory; name the files in it, for example '{path}/*.log'")
    return path


class Opener:
    """Opens each spec: a path, a glob, "-", "journal", "journal:PATH" or a listener's URL.

    Listeners are bound at once; files are opened when their source starts. `poll` gives the sources
    to take on: all at the first call, then files a glob has come to match and a file that was missing
    while the journal stood in for it (then the journal's source is stopped first: never both).
    A glob passes over rotated files of a log that is there: they belong to that log's source.
    `once` reads files to their end and then is done; a bookmark wins over `from_start` and `lines`.
    Who posts to `hub` has a source from its first request on.
    Raises SoctermError in one line for a port that is taken, a directory, and (`once`) no such file.
    """

    def __init__(
        self,
        specs: Sequence[str],
        *,
        bookmark: Bookmarks,
        clock: Clock,
        from_start: bool = False,
        lines: int | None = None,
        once: bool = False,
        stdin_fd: int = 0,
        hub: Hub | None = None,
        stand_ins: Mapping[Path, Sequence[str]] = STAND_INS,
        journalctl: str = "journalctl",
        journal_arguments: Sequence[str] = (),
        listen: ListenConfig | None = None,
    ) -> None:
        self._listen = listen or ListenConfig()
        self._hub = hub
        self._bookmark = bookmark
        self._clock = clock
        self._from_start = from_start
        self._lines = lines
        self._once = once
        self._stdin_fd = stdin_fd
        self._stand_in_matches = stand_ins
        self._journalctl = journalctl
        self._journal_arguments = journal_arguments
        self._watcher = Watcher()
        self._files: dict[Path, FileSource] = {}
        self._globs: list[str] = []
        self._standing_in: list[_StandIn] = []
        self._sources: dict[str, Source] = {}
        self._journal_wanted = "journal" in specs
        try:
            for spec in specs:
                self._open(spec)
            self._fresh = [*self._sources.values(), *self._matches(first=True)]
        except BaseException:
            self.close()
            raise
        if hub is not None:
            hub.begin(bookmark, clock)

    def start(self, wake: Wake) -> None:
        """Call `wake` when somebody posts for the first time; `hurried` says so until `poll`."""
        if self._hub is not None:
            self._hub.start(wake)

    @property
    def hurried(self) -> bool:
        """Whether there is a source whose sender waits for it to be taken on."""
        return self._hub is not None and self._hub.waiting

    def poll(self) -> list[Source]:
        """The sources to take on now: at the first call those present, later those that appeared."""
        fresh, self._fresh = self._fresh, []
        if not self._once:
            fresh += [*self._matches(first=False), *self._arrived()]
        if self._hub is not None:
            fresh += self._hub.fresh()
        return fresh

    @property
    def waiting(self) -> bool:
        """Whether sources may still appear."""
        return not self._once and bool(self._globs or self._standing_in or self._fresh or self._hub)

    def close(self) -> None:
        """Close every source opened, started or not, and the watch on their directories."""
        for source in self._sources.values():
            source.close()
        if self._hub is not None:
            self._hub.close()
        self._watcher.close()

    def _open(self, spec: str) -> None:
        if spec == "-":
            self._add(StdinSource(clock=self._clock, fd=self._stdin_fd, resume=self._bookmark("stdin")))
        elif spec == "journal":
            self._add(self._journal("journal", ()))
        elif spec.startswith("journal:"):
            path = os.path.abspath(Path(spec.removeprefix("journal:")).expanduser())  # noqa: PTH100 - as named
            self._add(self._journal(f"journal:{path}", (), file=path))
        elif f"syslog:{spec}" in self._sources:
            return
        elif "://" in spec:
            if self._once:
                raise UsageError(f"{spec}: a listener has no end to read to; leave out --once")
            resume = self._bookmark(f"syslog:{spec}")
            self._add(open_listener(spec, self._listen, clock=self._clock, resume=resume))
        else:
            self._open_path(spec)

    def _open_path(self, spec: str) -> None:
        path = _no_folder(spec)
        missing = _missing(path)
        if missing and glob.has_magic(spec):
            self._globs.append(str(path))
            if self._once and not glob.glob(str(path)):  # noqa: PTH207 - absolute patterns
                raise UsageError(f"{spec}: no file matches")
        elif missing and self._once:
            raise UsageError(f"{spec}: no such file")
        elif missing and self._may_stand_in(path):
            self._stand_in(path)
        else:
            self._add_file(path, whole=self._from_start)

    def _add(self, source: Source) -> Source:
        if source.name in self._sources:
            source.close()
        else:
            self._sources[source.name] = source
        return self._sources[source.name]

    def _add_file(self, path: Path, *, whole: bool) -> FileSource | None:
        if path in self._files:
            return None
        source = FileSource(
            path,
            clock=self._clock,
            resume=self._bookmark(name_of(path)),
            from_start=whole,
            lines=self._lines,
            once=self._once,
            watcher=self._watcher,
        )
        self._files[path] = source
        self._sources[source.name] = source
        return source

    def _matches(self, *, first: bool) -> list[Source]:
        """Sources for what the globs match and nobody reads yet."""
        added: list[Source] = []
        for path in list(self._matching_paths()):
            if not self._once and (self._is_rotated(path) or self._is_read_elsewhere(path)):
                continue
            # What appeared while we watch is new from its first line on.
            if source := self._add_file(path, whole=self._from_start or not first):
                added.append(source)
        return added

    def _matching_paths(self) -> Iterator[Path]:
        for pattern in self._globs:
            for name in sorted(glob.iglob(pattern)):  # noqa: PTH207 - absolute patterns
                path = Path(name)
                if path not in self._files and _is(path.is_file):
                    yield path

    def _is_read_elsewhere(self, path: Path) -> bool:
        """Whether it is a followed log under a new name: one read now, or up to a bookmark before."""
        if any(source.has_read(path) for source in self._files.values()):
            return True
        for other in {*self._files, *self._matching_paths()} - {path}:
            resume = self._bookmark(name_of(other))
            mark = read_bookmark(resume[1]) if resume else None
            if mark is not None and holds(path, mark):
                return True
        return False

    def _is_rotated(self, path: Path) -> bool:
        base = rotated_from(path)
        return base is not None and (base in self._files or base.exists())

    def _may_stand_in(self, path: Path) -> bool:
        return (
            path in self._stand_in_matches
            and not self._journal_wanted
            and self._bookmark(name_of(path)) is None
            and has_journalctl(self._journalctl)
        )

    def _stand_in(self, path: Path) -> None:
        note = f"{path} does not exist: following the journal in its place until it does"
        journal = self._journal("journal:auth", self._stand_in_matches[path], note)
        if self._add(journal) is journal:
            self._standing_in.append(_StandIn(path, journal))

    def _arrived(self) -> Iterable[Source]:
        """Files the journal stood in for, once they exist and the journal's source is done."""
        for stand_in in list(self._standing_in):
            if _missing(stand_in.path):
                continue
            stand_in.journal.stop()
            if stand_in.journal.done:
                self._standing_in.remove(stand_in)
                if source := self._add_file(stand_in.path, whole=True):
                    yield source

    def _journal(self, name: str, matches: Sequence[str], note: str = "", file: str = "") -> JournalSource:
        return JournalSource(
            clock=self._clock,
            resume=self._bookmark(name),
            name=name,
            matches=matches,
            arguments=("--file", file) if file else self._journal_arguments,
            from_start=self._from_start,
            lines=self._lines,
            once=self._once,
            journalctl=self._journalctl,
            note=note,
        )


def open_sources(
    specs: Sequence[str],
    *,
    bookmark: Bookmarks,
    clock: Clock,
    from_start: bool = False,
    lines: int | None = None,
    once: bool = False,
) -> tuple[list[Source], Opener]:
    """The sources of these specs that are there now, and the opener to poll for those that come."""
    opener = Opener(specs, bookmark=bookmark, clock=clock, from_start=from_start, lines=lines, once=once)
    return opener.poll(), opener


def _is(question: Callable[[], bool]) -> bool:
    """A question about a path; what may not be asked is answered no, and reading will say why."""
    try:
        return question()
    except OSError:
        return False


def _missing(path: Path) -> bool:
    """Whether it does not exist; one that we may not even look for is not missing but forbidden."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
