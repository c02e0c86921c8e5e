"""When each line of a story is due. It only says so; whoever plays the story waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from socterm.demo.model import Step


class Cue(NamedTuple):
    """Wait `delay` seconds, then write `line`."""

    delay: float
    line: str
    label: str


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
        yield Cue(gap / speed if speed else 0.0, step.line, step.label)
