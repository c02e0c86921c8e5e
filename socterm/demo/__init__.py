"""A labelled attack story in log form: what `socterm demo` plays and what the sample logs hold.

Pure: the same seed and start give the same bytes. Names are made up, addresses come from the documentation
ranges (RFC 5737, RFC 3849), and every line has the form the real program prints.
"""

from socterm.demo.pace import Cue, paced
from socterm.demo.samples import write_samples
from socterm.demo.story import SEED, START, Step, render
from socterm.demo.truth import ALERTS, QUIET, STEPS, Expected, Quiet

__all__ = [
    "ALERTS",
    "QUIET",
    "SEED",
    "START",
    "STEPS",
    "Cue",
    "Expected",
    "Quiet",
    "Step",
    "paced",
    "render",
    "write_samples",
]
