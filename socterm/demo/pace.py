"""When each line of a story is due; clocks and waiting are handed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from socterm.demo.model import Step
from socterm.demo.play import Told

SOON = 0.002
"""Seconds that are not worth a pause: lines due so soon go out together."""


class Cue(NamedTuple):
    """Wait `delay` seconds, then write `line` to `log`."""

    delay: float
    line: str
    label: str
    log: str = ""


def paced(steps: Iterable[Step], speed: float = 1.0) -> Iterator[Cue]:
    """Turn times of the story into waits between its lines, `speed` times as fast as they happened.

    `speed` 0 means no waiting at all. The first line comes at once. Raises `ValueError` for a negative speed.
    """
    if speed < 0:
        raise ValueError("the speed of the story cannot be negative")
    before: float | None = None
    for step in steps:
        gap = 0.0 if before is None else step.at_seconds - before
        before = step.at_seconds
        yield Cue(gap / speed if speed else 0.0, step.line, step.label, step.log)


_RATE = re.compile(r"(?P<number>\d{1,9}(\.\d{1,6})?)(?P<unit>x|/s|/m|/h)?", re.ASCII | re.IGNORECASE)
_PER_SECOND = {None: 1.0, "/s": 1.0, "/m": 1 / 60, "/h": 1 / 3600}


class Rate(NamedTuple):
    """How fast lines are due: `lines` a second, or as it happened, `speed` times as fast; 0: not said."""

    lines: float = 0.0
    speed: float = 0.0

    def due(self, number: int, at_seconds: float) -> float:
        """Seconds after the first line at which line `number` (from 0) is due, told at that moment."""
        if self.lines:
            return number / self.lines
        return at_seconds / self.speed if self.speed else 0.0


def rate_of(text: str) -> Rate:
    """`50`, `50/s`, `30/m`, `200/h`: lines; `1x`, `60x`: times as fast as it happened.

    Raises `ValueError` for anything else, and for 0.

    >>> rate_of("30/m"), rate_of("60x")
    (Rate(lines=0.5, speed=0.0), Rate(lines=0.0, speed=60.0))
    """
    found = _RATE.fullmatch(text.strip())
    number = float(found["number"]) if found else 0.0
    if found is None or not number:
        raise ValueError("is no rate, such as 50/s, 30/m or 1x (as fast as it happened)")
    unit = found["unit"].lower() if found["unit"] else None
    return Rate(speed=number) if unit == "x" else Rate(lines=number * _PER_SECOND[unit])


def send(
    lines: Iterable[Told],
    put: Callable[[Told], None],
    flush: Callable[[], None],
    rate: Rate,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], object],
    ended: Callable[[], bool],
) -> None:
    """Put each line when it is due, counted from the first one, so that waits that are too long are made up.

    `flush` is called before each wait: what is put is out before time passes. `ended` says that somebody
    has had enough; `sleep` may then return early.
    """
    paced = rate != Rate()
    began: float | None = None
    first = 0.0
    for number, told in enumerate(lines):
        if paced:
            if began is None:
                began, first = clock(), told.at_seconds
            wait = began + rate.due(number, told.at_seconds - first) - clock()
            if wait > SOON:
                flush()
                sleep(wait)
        if ended():
            return
        put(told)
