"""All formats, found: which body parser reads which program, which readers are asked about a whole line.

Formats declare themselves (see `format`): each module of `formats/`, then what other packages offer as entry
points in the group `socterm.formats`. One that cannot be loaded is left out and named in `PROBLEMS`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points

from socterm.parsers import formats
from socterm.parsers.format import Format, Keys, LineReader, ObjectReader, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields
from socterm.parsers.memory import Memory
from socterm.parsers.objects import json_reader

GROUP = "socterm.formats"
LAST = 90
"""The order from which on a reader takes what nobody else knows."""
_NAMES_KEPT = 4096
_LONGEST_KEPT = 200
"""Characters of a name worth keeping: no program's has more, a forger's may have a million."""


PROBLEMS: list[str] = []
"""One line for each format from outside that could not be loaded."""


def _own() -> Iterator[Format]:
    for module in sorted(pkgutil.iter_modules(formats.__path__), key=lambda found: found.name):
        yield from getattr(importlib.import_module(f"{formats.__name__}.{module.name}"), "FORMATS", ())


def _foreign() -> Iterator[Format]:
    for point in sorted(entry_points(group=GROUP), key=lambda found: found.name):
        try:
            loaded = tuple(point.load())
        except Exception as error:  # noqa: BLE001 - whatever a stranger's package does, ours goes on without it
            reason = " ".join(str(error).split())
            PROBLEMS.append(f"format {point.name} ({point.value}) cannot be loaded: {reason}")
            continue
        yield from (made for made in loaded if isinstance(made, Format))
        if not all(isinstance(made, Format) for made in loaded):
            PROBLEMS.append(f"format {point.name} ({point.value}) gives something that is no Format")


def _gathered() -> dict[str, Format]:
    """Formats by name, ours first: a name that is taken stays with whom has it."""
    found: dict[str, Format] = {}
    for made in (*_own(), *_foreign()):
        if made.name in found:
            PROBLEMS.append(f"format {made.name} is declared twice; the first one counts")
        else:
            found[made.name] = made
    return found


FORMATS: dict[str, Format] = _gathered()
"""Every format there is, by name."""

_ORDERED = sorted(FORMATS.values(), key=lambda made: (made.order, made.name))


def _programs() -> tuple[dict[str, Program], list[tuple[str, Program]]]:
    whole: dict[str, Program] = {}
    begun: list[tuple[str, Program]] = []
    for made in _ORDERED:
        for name, program in made.programs.items():
            if name.endswith("*"):
                begun.append((name[:-1], program))
            else:
                whole.setdefault(name, program)
    begun.sort(key=lambda entry: -len(entry[0]))
    return whole, begun


PROGRAMS, _BEGUN = _programs()
"""Lower-case program name, without a path → how it is read."""

OBJECTS: tuple[tuple[ObjectReader, Keys], ...] = tuple(
    (made.object, made.keys) for made in _ORDERED if made.object is not None
)
LINES: tuple[tuple[str, LineReader], ...] = (
    ("{", json_reader(OBJECTS)),
    *((made.begins, made.line) for made in _ORDERED if made.line is not None),
)
GENERIC: frozenset[LineReader] = frozenset(
    made.line for made in _ORDERED if made.line is not None and made.order >= LAST
)
"""Readers of lines that others know better: they are never the first to be asked."""
_READERS: dict[str, tuple[LineReader, ...]] = {}


def readers_of(first: str) -> tuple[LineReader, ...]:
    """The readers that may be asked about a line beginning with this character, in order."""
    known = _READERS.get(first)
    if known is None:
        known = tuple(reader for begins, reader in LINES if not begins or first in begins)
        if len(_READERS) < _NAMES_KEPT:
            _READERS[first] = known
    return known


def plain(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for every other program: what PAM writes through it, and lines of formats that go whole
    into a file elsewhere and through syslog, the journal or a container here."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    times = of_a_line(readers_of(msg[:1]), msg, f, mem)
    if times is None:
        return mem.times
    mem.asked = True
    return times


def of_a_line(readers: Iterable[LineReader], msg: str, f: Fields, mem: Memory) -> int | None:
    """What a message tells that is a whole line of a format, how often; None where it is of none."""
    if mem.clock is None:
        return None
    reading = Reading(mem.clock, mem)
    for reader in readers:
        found = reader(msg, f, reading)
        if found is not None:
            mem.told, mem.logsources, times = found
            return times * mem.times
    return None


UNKNOWN = Program(plain, "syslog", wraps=False, varies=True)
_named: dict[str, Program] = {}


def program_of(name: str) -> Program:
    """The row for a program name as logged: case, a leading path and systemd's parentheses do not matter.

    >>> program_of("/usr/sbin/CRON") is PROGRAMS["cron"]
    True
    """
    found = PROGRAMS.get(name) or _named.get(name)
    if found is None:
        found = _search(name.strip("()").lower())
        if len(name) <= _LONGEST_KEPT:
            if len(_named) >= _NAMES_KEPT:
                _named.clear()
            _named[name] = found
    return found


def _search(name: str) -> Program:
    found = PROGRAMS.get(name)
    if found is not None:
        return found
    base = name.rpartition("/")[2]
    for candidate in (name, base):
        for beginning, program in _BEGUN:
            if candidate.startswith(beginning):
                return program
    return PROGRAMS.get(base, UNKNOWN)
