"""Labelled attack stories in log form: what `socterm generate` writes, `demo` plays and the samples hold.

Pure: the same story, seed and start give the same bytes. Names are made up, addresses come from private and
documentation ranges (RFC 1918, RFC 5737, RFC 3849), and every line has the form the real program prints.
A story is one module in `socterm/demo/stories/`; README.md beside this file says how to write one.
"""

from collections.abc import Iterator
from datetime import datetime

from socterm.demo.model import SEED, START, Chapter, Expected, Log, Noise, Quiet, Step, Story
from socterm.demo.pace import Cue, paced
from socterm.demo.play import background, play
from socterm.demo.samples import write_samples
from socterm.demo.stories import DEFAULT, stories

__all__ = [
    "DEFAULT",
    "SEED",
    "START",
    "Chapter",
    "Cue",
    "Expected",
    "Log",
    "Noise",
    "Quiet",
    "Step",
    "Story",
    "background",
    "paced",
    "play",
    "render",
    "stories",
    "write_samples",
]


def render(seed: int = SEED, start: datetime = START) -> Iterator[Step]:
    """The default story in order of time, stamped as rsyslog does. Raises `ValueError` without a zone."""
    return play(stories()[DEFAULT], seed, start)
