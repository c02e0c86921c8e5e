"""Labelled attack stories in log form: what `socterm generate` writes, `demo` plays and the samples hold.

Pure: the same story, seed and start give the same bytes. Names are made up, addresses come from private and
documentation ranges (RFC 1918, RFC 5737, RFC 3849), and every line has the form the real program prints.
A story is one module in `socterm/demo/stories/`; README.md beside this file says how to write one.
"""

from collections.abc import Iterator
from datetime import datetime

from socterm.demo.model import SEED, START, Chapter, Expected, Log, Noise, Quiet, Step, Story
from socterm.demo.pace import Cue, Rate, paced, rate_of, send
from socterm.demo.play import Told, play, tell
from socterm.demo.samples import Ledger, truth_text, write_samples
from socterm.demo.stories import DEFAULT, stories

__all__ = [
    "DEFAULT",
    "SEED",
    "START",
    "Chapter",
    "Cue",
    "Expected",
    "Ledger",
    "Log",
    "Noise",
    "Quiet",
    "Rate",
    "Step",
    "Story",
    "Told",
    "paced",
    "play",
    "rate_of",
    "render",
    "send",
    "stories",
    "tell",
    "truth_text",
    "write_samples",
]


def render(seed: int = SEED, start: datetime = START) -> Iterator[Step]:
    """The default story in order of time, stamped as rsyslog does. Raises `ValueError` without a zone."""
    return play(stories()[DEFAULT], seed, start)
