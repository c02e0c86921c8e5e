"""What a story is, as plain values. How to write one: `socterm/demo/README.md`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from socterm.demo.sheet import Sheet

SEED = 2026
START = datetime(2026, 3, 17, 9, 12, 0, tzinfo=UTC)
"""Samples begin here: a Tuesday morning, so that nothing is out of working hours in UTC."""

Stamp = Callable[[datetime], str]


class Log(NamedTuple):
    """A log file a story writes, and how its lines are stamped.

    `stamp` makes the text that stands for `STAMP` in its lines; None: syslog, whose lines get the header that
    is asked for (`stamps.HEADERS`). `name` is the end of the sample's file name: "auth.log".
    """

    name: str
    stamp: Stamp | None = None


class Chapter(NamedTuple):
    """One part of a story: its label in the truth, what happens in it, and what writes its lines."""

    label: str
    says: str
    write: Callable[[Sheet], object]


class Noise(NamedTuple):
    """Background of one kind: `write(sheet, length, factor)` fills `length` seconds, `factor` times as busy.

    It is called again for as long as somebody wants lines: `sheet.start` is then a later moment and
    `sheet.round` the number of the call, 0 the first. It must stay noise whatever the factor.
    """

    label: str
    says: str
    write: Callable[[Sheet, float, float], object]


class Expected(NamedTuple):
    """An alert that must be there, by the `name` of its rule. `events` is its count where that is certain.

    `superseded_by` names the stronger rule that may speak in its place on the same entity: then either is
    right, and both are named.
    """

    rule: str
    entity: dict[str, str]
    steps: tuple[str, ...]
    events: int | None = None
    superseded_by: str = ""


class Quiet(NamedTuple):
    """An alert that must not be there, and why somebody might think it should."""

    rule: str
    entity: dict[str, str]
    why: str


class Story(NamedTuple):
    """An attack, or its benign twin, as log lines with the truth about them.

    Beyond `alerts` no rule may raise anything of level medium or higher. `length` is in seconds.
    """

    name: str
    says: str
    logs: tuple[Log, ...]
    length: float
    chapters: tuple[Chapter, ...]
    noise: tuple[Noise, ...] = ()
    alerts: tuple[Expected, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    start: datetime = START
    twin_of: str = ""

    @property
    def steps(self) -> dict[str, str]:
        """Label → what it is, of everything a line of this story may belong to."""
        return {part.label: part.says for part in self.noise} | {
            part.label: part.says for part in self.chapters
        }


class Step(NamedTuple):
    """One line of a story, when it is written (seconds since the start), its part, and its log's name.

    `priority` is the PRI a line of syslog is sent with, -1 for lines of other logs.
    """

    line: str
    at_seconds: float
    label: str
    log: str = ""
    priority: int = -1
