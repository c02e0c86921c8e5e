"""Which format a user said a source is of: `--format nginx_error`, `--format '/srv/app/*.log=keyvalue'`."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

from socterm.errors import UsageError
from socterm.parsers.registry import FORMATS


class Form(NamedTuple):
    """A format for the sources that fit a pattern; "*" fits all."""

    pattern: str
    name: str


def known(name: str) -> str:
    """The name of a format. Raises `UsageError` for one that nobody registered."""
    if name in FORMATS:
        return name
    near = get_close_matches(name, FORMATS, n=1)
    hint = f"did you mean {near[0]}?" if near else "`socterm formats` lists them"
    raise UsageError(f"--format: no format is called {name!r}; {hint}")


def forms_of(values: Sequence[str]) -> tuple[Form, ...]:
    """The choices of `[GLOB=]NAME` texts, in their order. Raises `UsageError` for an unknown name."""
    found = []
    for value in values:
        pattern, equals, name = value.rpartition("=")
        found.append(Form(pattern if equals else "*", known(name)))
    return tuple(found)


def form_for(forms: Sequence[Form], source: str) -> str:
    """The format a source is to be read as, "" where lines tell themselves. The last choice counts.

    >>> form_for((Form("*", "cef"), Form("/srv/*.log", "keyvalue")), "file:/srv/app.log")
    'keyvalue'
    """
    path = source.removeprefix("file:")
    for form in reversed(forms):
        if fnmatchcase(path, form.pattern) or fnmatchcase(source, form.pattern):
            return form.name
    return ""
