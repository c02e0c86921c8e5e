"""From a story to its lines: seeded, stamped, in order of time, with as much noise as asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from socterm.demo.model import SEED, Step, Story
from socterm.demo.sheet import STAMP, Entry, Sheet
from socterm.demo.stamps import HEADERS, Header


def play(
    story: Story,
    seed: int = SEED,
    start: datetime | None = None,
    *,
    noise: float = 1.0,
    header: str = "iso",
    numbers: dict[tuple[str, str], int] | None = None,
) -> Iterator[Step]:
    """The whole story in order of time; the same arguments give the same bytes.

    `start` must carry a zone, which the stamps then show; raises `ValueError` otherwise. Moments rise from
    entry to entry. `noise` is how busy the background is, 0 for none. `numbers` are the process numbers
    given out so far, kept for whatever comes after.
    """
    begin = zoned(story.start if start is None else start)
    sheet = Sheet(Random(seed), begin, numbers=numbers)  # noqa: S311 - made-up data, the same every time
    _background(story, sheet, noise)
    for chapter in story.chapters:
        sheet.label = chapter.label
        chapter.write(sheet)
    yield from _stamped(sheet, begin, HEADERS[header], 0.0)


def background(
    story: Story,
    seed: int,
    start: datetime,
    *,
    noise: float = 1.0,
    header: str = "iso",
    numbers: dict[tuple[str, str], int] | None = None,
) -> Iterator[Step]:
    """What goes on after the story: its noise again and again, without end (nothing where it has none)."""
    begin, numbers = zoned(start), {} if numbers is None else numbers
    turn = 0
    while True:
        turn += 1
        offset = story.length * turn
        sheet = Sheet(
            Random(seed + turn),  # noqa: S311 - made-up data, the same every time
            begin + timedelta(seconds=offset),
            round=turn,
            numbers=numbers,
        )
        _background(story, sheet, noise)
        lines = list(_stamped(sheet, begin + timedelta(seconds=offset), HEADERS[header], offset))
        if not lines:
            return
        yield from lines


def zoned(start: datetime) -> datetime:
    """The start itself. Raises `ValueError` where it has no zone."""
    if start.utcoffset() is None:
        raise ValueError("the start of the story needs a time zone")
    return start


def _background(story: Story, sheet: Sheet, factor: float) -> None:
    if factor > 0:
        for kind in story.noise:
            sheet.label = kind.label
            kind.write(sheet, story.length, factor)


def _stamped(sheet: Sheet, begin: datetime, header: Header, offset: float) -> Iterator[Step]:
    newest = -1
    for entry in sheet.in_order():
        # Nothing on a real machine happens on the whole second; chapters are written with round times.
        newest = max(newest + 1, round((entry.at * 1.000317159 + 0.2731) * 1_000_000))
        moment = begin + timedelta(microseconds=newest)
        for line in _lines(entry, moment, header):
            yield Step(line, offset + newest / 1_000_000, entry.label, entry.log.name)


def _lines(entry: Entry, moment: datetime, header: Header) -> list[str]:
    text = entry.text if isinstance(entry.text, str) else entry.text(moment)
    if entry.log.stamp is None:
        return [header(moment, entry.host, part) for part in text.split("\n")]
    return text.replace(STAMP, entry.log.stamp(moment)).split("\n")
