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
from socterm.sigma.watermark import JUMP, LATENESS
from socterm.sources.file import name_of
from socterm.sources.finding import LogFile, Skipped
from socterm.sources.readers import PACKED_SUFFIXES
from socterm.sources.rotation import age_of, rotated_from
from socterm.sources.whole import WholeLog

SAMPLE = 32
"""Lines that are read of a file's beginning, to see when it begins and whether its lines are in order."""

STEP = 2000
"""Lines of an unsorted file of which so many are sampled."""

DEEP = 32 << 20
"""Bytes of text of an unsorted file that are looked through for its earliest line."""

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
        now = now if self._now is None else self._now
        times = self._sample(name, form, start.split(b"\n"), now)
        unsorted = _disordered(times)
        return Log(name, form, (), _earliest(times, now, unsorted=unsorted), unsorted)

    def _log(self, file: LogFile) -> Log:
        name = name_of(file.path)
        form = form_for(self._forms, name)
        now = file.mtime if self._now is None else self._now
        lines = file.start.split(b"\n")
        if len(lines) > 1:
            lines.pop()  # a part of a line, or nothing
        times = self._sample(name, form, lines, now)
        unsorted = file.document or _disordered(times)
        if unsorted and file.size > len(file.start):
            times += self._deeper(name, form, file, now)
        bare = msgspec.structs.replace(file, start=b"")  # of many files that is much
        return Log(name, form, (bare,), _earliest(times, now, unsorted=unsorted), unsorted)

    def _deeper(self, name: str, form: str, file: LogFile, now: int) -> list[int]:
        """Times throughout a file that is in no order: its oldest lines may be the last."""
        source = WholeLog(name, (file,), clock=lambda: now)
        times: list[int] = []
        left = DEEP
        while left > 0 and (chunk := source.read(STEP)) is not None:
            left -= sum(map(len, chunk.lines))
            times += self._sample(name, form, chunk.lines, now)
        source.close()
        return times

    def _sample(self, name: str, form: str, lines: list[bytes], now: int) -> list[int]:
        """The times of some lines, the last among them; lines without a stamp have none."""
        chosen = lines[:: max(1, len(lines) // SAMPLE)] + lines[-1:]
        decoder = Decoder(name, tz=self._tz, form=form)
        events = decoder.decode(Chunk(name, 0, chosen, {}, now, live=False))
        return [event.ts for event in events if event.time_from == "line"]


def _earliest(times: Sequence[int], now: int, *, unsorted: bool) -> int:
    """The earliest time that can be believed, `now` where there is none.

    A single line with a wrong stamp stands far before the others, farther than half of them are apart. But
    of a log in order of time the first line is believed: nothing speaks against it.
    """
    if not times:
        return now
    ordered = sorted(times)
    middle = ordered[len(ordered) // 2]
    near = (one for one, two in pairwise(ordered) if two - one <= max(JUMP, middle - two))
    found = next(near, ordered[0])
    return found if unsorted else min(found, times[0])


def _disordered(times: Sequence[int]) -> bool:
    high = times[0] if times else 0
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
