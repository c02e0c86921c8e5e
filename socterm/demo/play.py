"""From a story to its lines: seeded, stamped, in order of time, with as much noise as asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from random import Random
from typing import NamedTuple

from socterm.demo.model import SEED, Step, Story
from socterm.demo.sheet import STAMP, Sheet
from socterm.demo.stamps import HEADERS, Header, priority

Numbers = dict[tuple[str, str], int]
"""(kind, host) → the last number given out: see `Sheet`."""

TURN, SHORTEST, MOST = 30_000, 60.0, 1e5
"""A dense background comes in turns of about so many lines, at least so many seconds, and no busier."""


def play(
    story: Story,
    seed: int = SEED,
    start: datetime | None = None,
    *,
    noise: float = 1.0,
    header: str = "iso",
    numbers: Numbers | None = None,
) -> Iterator[Step]:
    """The whole story in order of time; the same arguments give the same bytes.

    `start` must carry a zone, which the stamps then show; raises `ValueError` otherwise. Moments rise from
    entry to entry. `noise` is how busy the background is, 0 for none. `numbers` are the process numbers
    given out so far, kept for whatever comes after.
    """
    begin = zoned(story.start if start is None else start)
    sheet = Sheet(Random(seed), begin, numbers=numbers)  # noqa: S311 - made-up data, the same every time
    _background(story, sheet, story.length, noise)
    for chapter in story.chapters:
        sheet.label = chapter.label
        chapter.write(sheet)
    yield from _stamped(sheet, begin, HEADERS[header])


class Told(NamedTuple):
    """A line, the story it belongs to, and its moment in seconds since the first story's start."""

    at_seconds: float
    step: Step
    story: Story


def tell(
    chosen: Sequence[Story],
    seed: int = SEED,
    start: datetime | None = None,
    *,
    noise: float = 1.0,
    header: str = "iso",
    on: bool = False,
    density: float = 0.0,
) -> Iterator[Told]:
    """Stories one after the other, in one stretch of time from `start` on (the first one's own).

    With `on` the background of the last goes on without end; where it has none, that is the end. `density`
    makes that background as busy as it must be for so many lines a second of its own time.
    Raises `ValueError` for a start without zone.
    """
    begin = zoned(chosen[0].start if start is None else start)
    numbers: Numbers = {}
    offset = 0.0
    for story in chosen:
        last, moment = 0.0, begin + timedelta(seconds=offset)
        for step in play(story, seed, moment, noise=noise, header=header, numbers=numbers):
            last = step.at_seconds
            yield Told(offset + last, step, story)
        offset += ceil(max(story.length, last)) + 1.0
    if on and noise > 0:
        yield from _go_on(chosen[-1], seed, begin, offset, noise, HEADERS[header], numbers, density)


def _go_on(
    story: Story,
    seed: int,
    begin: datetime,
    offset: float,
    factor: float,
    header: Header,
    numbers: Numbers,
    density: float,
) -> Iterator[Told]:
    """The background of a story, turn after turn. How busy the next turn is follows from those before."""
    length = story.length
    if density:
        length = min(length, max(SHORTEST, TURN / density))
        sheet = Sheet(Random(seed), begin)  # noqa: S311 - how busy is it as it is?
        _background(story, sheet, length, factor)
        factor = min(MOST, factor * density * length / max(1, len(sheet.in_order())))
    told, since = 0, offset
    for turn in count(1):
        rng = Random(seed + turn)  # noqa: S311 - made-up data, the same every time
        sheet = Sheet(rng, begin + timedelta(seconds=offset), round=turn, numbers=numbers)
        _background(story, sheet, length, factor)
        lines, last = 0, 0.0
        for step in _stamped(sheet, sheet.start, header):
            lines, last = lines + 1, step.at_seconds
            yield Told(offset + last, step, story)
        if not lines:
            return
        told += lines
        offset += ceil(max(length, last)) + 1.0
        if density:
            wanted = max(1.0, density * (offset - since + length + 1.0) - told)
            factor = min(MOST, factor * min(20.0, wanted / lines))


def zoned(start: datetime) -> datetime:
    """The start itself. Raises `ValueError` where it has no zone."""
    if start.utcoffset() is None:
        raise ValueError("the start of the story needs a time zone")
    return start


def _background(story: Story, sheet: Sheet, length: float, factor: float) -> None:
    if factor > 0:
        for kind in story.noise:
            sheet.label = kind.label
            kind.write(sheet, length, factor)


def _stamped(sheet: Sheet, begin: datetime, header: Header) -> Iterator[Step]:
    newest = -1
    for entry in sheet.in_order():
        # Nothing on a real machine happens on the whole second; chapters are written with round times.
        newest = max(newest + 1, round((entry.at * 1.000317159 + 0.2731) * 1_000_000))
        moment = begin + timedelta(microseconds=newest)
        at = newest / 1_000_000
        text = entry.text if isinstance(entry.text, str) else entry.text(moment)
        if entry.log.stamp is None:
            pri = priority(text)
            for part in text.split("\n"):
                yield Step(header(moment, entry.host, part), at, entry.label, entry.log.name, pri)
        else:
            for part in text.replace(STAMP, entry.log.stamp(moment)).split("\n"):
                yield Step(part, at, entry.label, entry.log.name)
