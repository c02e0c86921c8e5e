"""What a scan is going to read: files gathered into logs, each with the time its lines begin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, tzinfo
from itertools import pairwise
from pathlib import Path

import msgspec

from socterm.event import Chunk
from socterm.parsers.decoder import Decoder
from socterm.pipeline.forms import Form, form_for
from socterm.sigma.watermark import LATENESS
from socterm.sources.file import name_of
from socterm.sources.finding import LogFile, Skipped
from socterm.sources.readers import PACKED_SUFFIXES
from socterm.sources.rotation import age_of, rotated_from

SAMPLE = 32
"""Lines of a file's beginning that are read to see when it begins and whether its lines are in order."""

_DISORDER = 0.1
"""The share of sampled lines that may stand before an earlier one by more than the lateness bound."""


class Log(msgspec.Struct, frozen=True):
    """One log: a file, or the files of a rotated one, oldest first.

    `first` is the earliest time (µs) seen at its beginning. `unsorted` says that its lines are, or easily
    are, in no order of time: records of a document, an export that begins with the newest.
    """

    name: str
    form: str
    files: tuple[LogFile, ...]
    first: int
    unsorted: bool


class Surveyor:
    """Looks at the beginning of files as their decoder will. `now` (µs) replaces the files' own times."""

    def __init__(self, *, tz: tzinfo = UTC, forms: Sequence[Form] = (), now: int | None = None) -> None:
        self._tz = tz
        self._forms = forms
        self._now = now
        self.skipped: list[Skipped] = []

    def logs(self, files: Iterable[LogFile], look: Callable[[int], None] = lambda _: None) -> list[Log]:
        """The logs of these files, in the order in which they begin. `look` hears how many were looked at.

        Files that are named as one rotated log are one, if their times agree with it.
        """
        chains: dict[Path, list[Log]] = {}
        plain: set[Path] = set()
        for number, file in enumerate(files, 1):  # in order of their names: a packed copy comes later
            look(number)
            if _packed_copy(file.path, plain):
                self.skipped.append(Skipped(file.shown, "the packed copy of a file that is read"))
                continue
            plain.add(file.path)
            chains.setdefault(rotated_from(file.path) or file.path, []).append(self._log(file))
        found: list[Log] = []
        for path, parts in chains.items():
            found += _joined(path, parts)
        return sorted(found, key=lambda log: (log.first, log.name))

    def piped(self, name: str, start: bytes, now: int) -> Log:
        """A log that is read from a pipe and begins so."""
        form = form_for(self._forms, name)
        first, unsorted = self._times(name, form, start, now if self._now is None else self._now)
        return Log(name, form, (), first, unsorted)

    def _log(self, file: LogFile) -> Log:
        name = name_of(file.path)
        form = form_for(self._forms, name)
        now = file.mtime if self._now is None else self._now
        first, unsorted = self._times(name, form, file.start, now)
        bare = msgspec.structs.replace(file, start=b"")  # of many files that is much
        return Log(name, form, (bare,), first, unsorted or file.document)

    def _times(self, name: str, form: str, start: bytes, now: int) -> tuple[int, bool]:
        """The earliest time at the beginning, and whether lines there are out of order."""
        lines = start.split(b"\n")
        if len(lines) > 1:
            lines.pop()  # a part of a line, or nothing
        step = max(1, len(lines) // SAMPLE)
        chunk = Chunk(name, 0, lines[: step * SAMPLE : step], {}, now, live=False)
        events = Decoder(name, tz=self._tz, form=form).decode(chunk)
        times = [event.ts for event in events if event.time_from == "line"]
        if not times:
            return now, False
        return min(times), _disordered(times)


def _disordered(times: Sequence[int]) -> bool:
    high = times[0]
    behind = 0
    for ts in times:
        if ts < high - LATENESS:
            behind += 1
        else:
            high = max(high, ts)
    return behind > _DISORDER * len(times)


def _joined(path: Path, parts: list[Log]) -> list[Log]:
    """Files of one rotated log as one; each by itself where the times of their lines say otherwise."""
    if len(parts) == 1 or any(part.unsorted for part in parts):
        return parts
    ages = {part.name: age_of(part.files[0].path) for part in parts}
    if len({told for told, _ in ages.values()} - {""}) != 1:
        return parts
    ordered = sorted(parts, key=lambda log: (not ages[log.name][0], ages[log.name]))
    if any(one.first > two.first for one, two in pairwise(ordered)):
        return parts
    whole = tuple(file for part in ordered for file in part.files)
    return [Log(name_of(path), ordered[-1].form, whole, ordered[0].first, unsorted=False)]


def _packed_copy(path: Path, plain: set[Path]) -> bool:
    """Whether it is the packed form of a rotated file that is there too: a packer may still be at it."""
    return path.suffix in PACKED_SUFFIXES and path.with_suffix("") in plain and bool(age_of(path)[0])
