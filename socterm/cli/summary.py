"""What a scan says of itself when it is over: what was read, what was left out, what was found."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from socterm.alerts.levels import LEVELS
from socterm.cli.output import stamp
from socterm.pipeline.scan import Progress, Scan
from socterm.pipeline.survey import Log
from socterm.sigma.model import RuleSet
from socterm.sources.finding import Skipped

LISTED: Final = 50
"""Skipped files that are named; `--format json` names all."""


class Summary:
    """Collects the figures of one scan."""

    def __init__(self, *, signals: bool) -> None:
        self._what = "signals" if signals else "alerts"
        self._files = 0
        self._skipped: list[Skipped] = []
        self._trouble: list[Skipped] = []
        self._fates: Counter[str] = Counter()
        self._levels: Counter[str] = Counter()
        self._parts = 0
        self._progress = Progress()
        self._called = self._begun = time.monotonic()
        self._seconds = 0.0
        self._interrupted = False
        self._known = 0

    def found(self, logs: Sequence[Log], skipped: Sequence[Skipped]) -> None:
        """What there is to read, and what is left out."""
        self._files = sum(len(log.files) or 1 for log in logs)
        self._skipped = sorted(skipped, key=lambda one: one.path)

    def rules(self, rules: RuleSet) -> None:
        """The rules and their fates."""
        self._fates = Counter(fate.fate for fate in rules.fates)

    def known(self, logs: int) -> None:
        """So many logs had been read into this store before."""
        self._known = logs

    def begin(self) -> None:
        """Reading begins: from here on events are counted a second."""
        self._begun = time.monotonic()

    def end(self, scan: Scan, *, interrupted: bool) -> None:
        """Reading is over."""
        self._seconds = time.monotonic() - self._begun
        self._progress = scan.progress
        self._levels = scan.results.levels
        self._parts = scan.results.parts
        self._trouble = scan.trouble
        self._interrupted = interrupted

    def worst(self) -> int:
        """The place of the gravest level found among LEVELS, -1 where nothing was found."""
        return max((LEVELS.index(level) for level, number in self._levels.items() if number), default=-1)

    def as_json(self) -> dict[str, Any]:
        """All figures by name."""
        progress = self._progress
        return {
            "partial": self._interrupted,
            "files": progress.files,
            "skipped": [{"file": one.path, "reason": one.reason} for one in self._skipped],
            "damaged": [{"file": one.path, "reason": one.reason} for one in self._trouble],
            "events": progress.events,
            "undecoded": progress.undecoded,
            "outside": progress.outside,
            "late": progress.late,
            "drops": progress.drops,
            "first": stamp(progress.first),
            "last": stamp(progress.last),
            "rules": dict(self._fates),
            self._what: {level: self._levels[level] for level in reversed(LEVELS) if self._levels[level]},
            "parts": self._parts,
            "seconds": round(time.monotonic() - self._called, 3),
            "events_per_second": round(self._rate()),
        }

    def lines(self) -> Iterator[str]:
        """The same for people."""
        yield from _named("skipped", self._skipped)
        yield from _named("not whole", self._trouble)
        progress = self._progress
        if self._interrupted:
            yield "interrupted: this is a partial result"
        left_out = f", {len(self._skipped):,} skipped" if self._skipped else ""
        between = f", {_day(progress.first)} to {_day(progress.last)} UTC" if progress.events else ""
        notes = [f"{progress.undecoded:,} undecoded"]
        notes += [f"{progress.outside:,} outside the time asked for"] if progress.outside else []
        notes += [f"{progress.late:,} late"] if progress.late else []
        notes += [f"{number:,} {reason}" for reason, number in progress.drops.items()]
        read = f"{progress.files:,} of {self._files:,}" if self._interrupted else f"{self._files:,}"
        yield f"files   {read} read{left_out}"
        yield f"events  {progress.events:,} ({', '.join(notes)}){between}"
        hint = " (socterm rules check says why)" if self._fates["refused"] else ""
        others = [f"{self._fates[fate]:,} {fate}" for fate in self._fates if fate not in ("active", "base")]
        yield f"rules   {', '.join([f'{self._active:,} active', *others])}{hint}"
        if self._known:
            yield f"store   {self._known:,} logs were in it already: only what is new in them was read"
        found = [f"{self._levels[level]:,} {level}" for level in reversed(LEVELS) if self._levels[level]]
        folded = f" (of them {self._parts:,} part of others)" if self._parts else ""
        yield f"{self._what:7} {', '.join(found) or 'none'}{folded}"
        whole = time.monotonic() - self._called
        yield f"time    {whole:.1f} s, reading {self._seconds:.1f} s: {self._rate():,.0f} events/s"

    @property
    def _active(self) -> int:
        return self._fates["active"] + self._fates["base"]

    def _rate(self) -> float:
        return self._progress.events / max(0.001, self._seconds)


def _named(word: str, files: Sequence[Skipped]) -> Iterator[str]:
    for one in files[:LISTED]:
        yield f"socterm: {word}: {one.path}: {one.reason}"
    if len(files) > LISTED:
        yield f"socterm: {word}: {len(files) - LISTED:,} more; --format json names all"


def _day(ts: int) -> str:
    return stamp(ts)[:19].replace("T", " ")
