"""A pass over old logs that only fills what rules remember: nothing is stored of the logs, nothing fires.

So rules about what is new, rare or unusual know what was there before they began. Going over the same logs
again changes nothing: of each file it is on record how many lines each rule has learned from, and what a rule
has seen live it does not take from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, tzinfo
from hashlib import blake2b
from typing import Final

import msgspec

from socterm.enrich import Enricher
from socterm.event import Event
from socterm.parsers.decoder import Decoder
from socterm.pipeline.detect import Detector
from socterm.pipeline.forms import Form
from socterm.pipeline.merge import Feed, Merge
from socterm.pipeline.survey import Log, Surveyor
from socterm.sigma.learning.changes import LearningChanges, StoredLearning
from socterm.sigma.learning.plan import Keys, Lists
from socterm.sigma.learning.stage import Learner
from socterm.sigma.learning.terms import kind_of
from socterm.sigma.model import RuleSet
from socterm.sigma.watermark import LATENESS
from socterm.sources.base import Clock
from socterm.sources.finding import Finder, LogFile, Skipped
from socterm.sources.whole import Whole, WholeLog

HEAD: Final = 4096
"""Bytes of text at a file's beginning by which it is known again."""


class Lesson(msgspec.Struct, frozen=True):
    """What one rule knows after a pass: `taken` events came from it, `entries` are remembered in all.

    `late`, `skipped` and `evicted` are counted since its first event; see `Course`.
    """

    rule: str
    title: str
    kind: str
    taken: int
    entries: int
    learning_until: int
    late: int = 0
    skipped: int = 0
    evicted: int = 0


class Pupil(Learner):
    """A learner that takes from each event only the rules that have not had it."""

    wanted: Callable[[Event, str], bool]
    taken: dict[str, int]

    def feed(self, event: Event, keys: Keys, watermark: int) -> None:
        """As of a learner, for the rules that want the event."""
        left = tuple(key for key in keys if self.wanted(event, key))
        for key in left:
            self.taken[key] = self.taken.get(key, 0) + 1
        if left:
            super().feed(event, left, watermark)


class Teacher:
    """One pass. `learned` is what the store has; `changes` is then what there is to put there."""

    def __init__(
        self,
        rules: RuleSet,
        learned: StoredLearning,
        *,
        clock: Clock,
        tz: tzinfo = UTC,
        lateness: int = LATENESS,
        enricher: Enricher | None = None,
        lists: Lists | None = None,
        forms: Sequence[Form] = (),
    ) -> None:
        own = RuleSet({key: rule for key, rule in rules.rules.items() if rule.learning is not None}, [])
        self.skipped: list[Skipped] = []
        self._rules = own.rules
        self._clock = clock
        self._tz = tz
        self._forms = forms
        self._enricher = enricher or Enricher()
        self._detector = Detector(own, tz=tz, lateness=lateness)
        self._pupil = Pupil(own, lambda _event, _keys, _mark: None, lists=lists, mute=True)
        self._pupil.wanted, self._pupil.taken = self._wanted, {}
        self._pupil.restore(StoredLearning(learned.rules))
        self._detector.learner = self._pupil
        self._live = {key: judge.course.live for key, judge in self._pupil.judges.items()}
        self._known = {
            (rule, log): lines for rule, log, lines in learned.taught if not self._pupil.begins_anew(rule)
        }
        self._names = {log for _, log in self._known}
        self._sizes = {int(log.partition(":")[0]) for log in self._names}
        self._files: dict[str, str] = {}
        self._sources: dict[str, Whole] = {}
        self._lines: dict[str, int] = {}

    def learn(self, paths: Sequence[str]) -> None:
        """Go over the logs behind some paths, merged by time. Raises UsageError for a missing path."""
        finder = Finder()
        surveyor = Surveyor(tz=self._tz, forms=self._forms)
        logs = surveyor.logs(self._named(finder.files(paths)))
        if not self._rules:
            return
        merge = Merge(logs, self._open, self._detector.watermark, ready=self._ready, ended=self._ended)
        for feed, events in merge:
            self._detector.feed(feed.name, events)
        self._detector.flush()
        for judge in self._pupil.judges.values():
            judge.rest()
        self.skipped += [*finder.skipped, *surveyor.skipped]

    def changes(self) -> LearningChanges:
        """What the store is to keep of it."""
        found = self._pupil.changes()
        found.taught = [
            (rule, log, lines)
            for log, lines in self._lines.items()
            for rule in self._rules
            if lines > self._known.get((rule, log), 0)
        ]
        return found

    def lessons(self) -> list[Lesson]:
        """What each rule took and knows, in the order of the rules."""
        found = []
        for key, judge in self._pupil.judges.items():
            rule = self._rules[key]
            start = judge.course.start
            until = 0 if start is None else start + judge.learn
            if rule.learning is not None:
                found.append(
                    Lesson(
                        key, rule.info.title, kind_of(rule.learning), self._pupil.taken.get(key, 0),
                        len(judge.memory), until, judge.course.late, judge.course.skipped,
                        judge.memory.evicted,
                    )
                )  # fmt: skip
        return found

    def _wanted(self, event: Event, rule: str) -> bool:
        live = self._live[rule]
        if live is not None and event.ts >= live:
            return False
        shown, line = self._sources[event.source].place(event.position)
        return line > self._known.get((rule, self._files[shown]), 0)

    # -- what the merge asks for ---------------------------------------------------------

    def _named(self, files: Iterable[LogFile]) -> Iterable[LogFile]:
        """The files, each known by its beginning from now on."""
        for file in files:
            self._files[file.shown] = self._fingerprint(file.start)
            yield file

    def _fingerprint(self, start: bytes) -> str:
        """The name a file's beginning was put on record under; a file may have been shorter then.

        Of several the longest: an early copy of a log may lie beside it.
        """
        sizes = [size for size in self._sizes if size <= len(start) and _print(start[:size]) in self._names]
        found = max(sizes, default=HEAD)
        return _print(start[:found])

    def _open(self, log: Log) -> tuple[Whole, Decoder]:
        source = WholeLog(log.name, log.files, clock=self._clock)
        self._sources[log.name] = source
        return source, Decoder(log.name, tz=self._tz, form=log.form)

    def _ready(self, events: list[Event]) -> None:
        self._enricher.apply(events)
        last = events[-1]
        shown, line = self._sources[last.source].place(last.position)
        log = self._files[shown]
        self._lines[log] = max(line, self._lines.get(log, 0))

    def _ended(self, feed: Feed) -> None:
        self.skipped += feed.source.notes


def _print(start: bytes) -> str:
    return f"{len(start)}:{blake2b(start, digest_size=16).hexdigest()}"
