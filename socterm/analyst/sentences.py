"""The sentences of answers from rules: headings, values with their counts, one line of a log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo
from itertools import zip_longest
from typing import Any

from socterm.analyst import render
from socterm.analyst.border import one_line
from socterm.analyst.intents import Question, Subject
from socterm.analyst.toolparts import Result
from socterm.store.rows import EventRow

VALUES = 8
"""Values of a field that are shown."""

SHOWN = 8
"""Lines that tell most."""

_LACKING = (
    ("user.name", "user"),
    ("user.target.name", "about"),
    ("source.ip", "from"),
    ("process.command_line", "command"),
    ("process.executable", "program"),
    ("service.name", "service"),
)
"""What a line should say, and a message that is only a sentence (as those of Windows) does not."""


_DULL = ("session_opened", "_closed", "_close", "_ending", "_connect", "_disconnect", "logged-out", "_logout")
"""Ends of actions that say little: every login has them around it."""


def event_line(row: EventRow, tz: tzinfo) -> str:
    """One event: when, where, its message, and who, whence and what where the message leaves that out."""
    host = row.fields.get("host.hostname")
    where = f"{render.value(host, 30)} " if host else ""
    said = row.message
    lacking = [
        f" · {name} {render.value(row.fields[field], 100)}"
        for field, name in _LACKING
        if row.fields.get(field) and str(row.fields[field]) not in said
    ]
    return (
        f"{render.when(row.ts, tz)} {where}{one_line(said, 140)}{''.join(lacking[:3])} {render.cite(row.id)}"
    )


def telling(rows: Sequence[EventRow]) -> list[EventRow]:
    """The lines that tell most, newest first: some of each kind in turn, of what is rare first."""
    often = Counter(_kind(row) for row in rows)
    kinds: dict[tuple[Any, ...], dict[tuple[Any, ...], EventRow]] = {kind: {} for kind in often}
    for row in rows:
        alike = (row.fields.get("host.hostname"), row.fields.get("process.command_line"))
        kinds[_kind(row)].setdefault(alike, row)
    ranked = sorted(kinds, key=lambda kind: (str(kind[0]).endswith(_DULL), often[kind]))
    rare_first = [list(kinds[kind].values()) for kind in ranked]
    in_turn = [row for turn in zip_longest(*rare_first) for row in turn if row is not None]
    return sorted(in_turn[:SHOWN], key=lambda row: -row.ts)


def _kind(row: EventRow) -> tuple[Any, ...]:
    return row.fields.get("event.action"), row.fields.get("event.outcome")


def pairs(found: Result, most: int = VALUES) -> str:
    """Values with their counts; one alone needs none."""
    if len(found.counts) == 1:
        return render.value(found.counts[0][0])
    shown = [f"{render.value(name)} ({number:,})" for name, number in found.counts[:most]]
    return ", ".join(shown) + (" and more" if len(found.counts) > most else "")


_PLACE = {"source.ip": "from", "host.hostname": "on"}


def heading(whom: Sequence[Subject]) -> str:
    """Those meant, as a heading: `alice on web01`."""
    first, *others = whom
    return render.value(first.value) + after_noun(others)


def after_noun(whom: Sequence[Subject]) -> str:
    """Those meant, after a noun: `logins from 203.0.113.9`, `logins of root on web01`."""
    return "".join(f" {_PLACE.get(one.field, 'of')} {render.value(one.value)}" for one in whom)


def in_quotes(words: Sequence[str]) -> str:
    """Words of a question, as its own."""
    return f"“{one_line(' '.join(words), 80)}”"


def with_words(question: Question) -> str:
    """What has to stand in the lines, after a noun."""
    return f" with {in_quotes(question.left)}" if question.left else ""


def capital(text: str) -> str:
    """A sentence's beginning."""
    return f"{text[0].upper()}{text[1:]}"
