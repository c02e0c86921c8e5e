"""What a log format declares of itself. The registry finds declarations; nothing else knows their names.

A format is a module in `formats/` with `FORMATS = (Format(...), …)`, or a package of somebody else's with an
entry point in the group `socterm.formats` that gives such a tuple. It reads in any of three ways:

- `programs`: messages of programs that log through syslog or the journal (a body parser for each);
- `line`: whole lines of a log of its own, as `access.log` is;
- `object`: lines that are a JSON object of a certain make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from socterm.event import LogSource
from socterm.parsers.marks import Fields, Handler
from socterm.parsers.memory import Memory
from socterm.parsers.stamps import Clock


class Program(NamedTuple):
    """How a program's messages are read: its body parser, and the dataset that its lines are of.

    `dataset` is what `event.dataset` says and what log sources follow from (`taxonomy.logsources`).
    `family` is sshd, sudo or su where PAM's lines share the program's counters. `wraps` says that the
    program's old tag form `name(pam_unix)` stands for a PAM line. `varies` says that the log sources of a
    line hang on its action, or that the parser may set another dataset.
    """

    parse: Handler
    dataset: str
    family: str = ""
    wraps: bool = True
    varies: bool = False


class Reading(NamedTuple):
    """What a reader of whole lines is given beside the line: the source's clock and its memory.

    `clock` turns stamps into instants (see `moments`); `memory.recall` and `memory.keep` hold what lines tell
    about later ones.
    """

    clock: Clock
    memory: Memory


Found = tuple[int | None, tuple[LogSource, ...], int]
"""(instant in µs or None where the line names none, log sources, occurrences it stands for)."""

LineReader = Callable[[str, Fields, Reading], Found | None]
"""Reads a whole line into the fields it is given; None, with the fields untouched, if it is another's.

It must be strict: it is asked about lines of all formats, in any order, and the first yes counts.
"""

ObjectReader = Callable[[dict[str, Any], Fields, Reading], Found | None]
"""The same for a JSON object."""


Keys = tuple[frozenset[str], ...]
"""Sets of names; an object of a format has at least one of each set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One log format: its name (as `--format` takes it), what it is, an example line, and its readers.

    `programs` maps lower-case program names to how they are read; a name that ends in `*` stands for all
    that begin so. `begins` are the characters a line read by `line` may begin with, "" for any; such lines
    are also found behind a syslog header, in the journal and in docker's JSON, if nobody knows the program.
    `keys`: an object without a name of each of these sets is not of this format; its reader is not asked.
    `order`: readers of low order are asked first; generic ones (key=value, plain JSON) come last with 90.
    `logsources` adds datasets that `taxonomy` does not know; only formats from outside need it.
    """

    name: str
    title: str
    example: str
    programs: Mapping[str, Program] = field(default_factory=dict)
    line: LineReader | None = None
    begins: str = ""
    object: ObjectReader | None = None
    keys: Keys = ()
    order: int = 50
    logsources: Mapping[str, tuple[LogSource, ...]] = field(default_factory=dict)
