"""What decisions can be about besides alerts: all are written, undone and redone the same way.

A kind of thing gives a `Subject` and is entered in `SUBJECTS`. Its audit rows say `about="kind:id"`; their
`before` and `after` are all that decisions change of it, as JSON, and {} where it is not there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Subject(NamedTuple):
    """One kind of thing: how its state is read and written by id, inside the caller's transaction.

    `finish` is called once when all of a decision is written, with (id, before, after) of each such thing.
    What begins with ~ in a state is for `write`, and not compared with what `read` says.
    `verbs` are those that a person decides and `undo` takes back; what the software writes has other ones.
    """

    read: Callable[[sqlite3.Connection, int], dict[str, Any]]
    write: Callable[[sqlite3.Connection, int, dict[str, Any], int], None]
    verbs: frozenset[str]
    finish: Callable[[sqlite3.Connection, Sequence[tuple[int, Any, Any]], int], None] | None = None


SUBJECTS: dict[str, Subject] = {}
"""Kind → how it is read and written."""


def subject(about: str) -> tuple[Subject, int]:
    """The kind and the id in an audit row's `about`."""
    kind, _, ident = about.partition(":")
    return SUBJECTS[kind], int(ident)
