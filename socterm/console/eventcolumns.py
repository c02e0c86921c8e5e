"""Which fields the Events list shows, how wide, and what a search marks in them. Pure.

A web log has neither host nor program, a firewall no user: the columns follow what most of the lines in sight
are, unless somebody chose their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from socterm.query.tree import And, Node, Or, Query, Term

MESSAGE = "message"
"""The last column, always: it takes what is left."""


class Kind(NamedTuple):
    """A kind of line: told by a field it has, shown by its columns."""

    told_by: tuple[str, ...]
    columns: tuple[str, ...]


KINDS: tuple[Kind, ...] = (
    Kind(("http.request.method", "http.response.status_code"),
         ("source.ip", "http.response.status_code", "http.request.method")),
    Kind(("dns.question.name",), ("source.ip", "dns.question.name")),
    Kind(("winlog.event_id", "event.code"), ("host.hostname", "event.code", "user.name")),
    Kind(("destination.port", "network.transport"),
         ("source.ip", "destination.ip", "destination.port", "network.transport")),
)  # fmt: skip
"""The first that fits a line is its kind."""

USUAL = ("host.hostname", "process.name")
"""Columns of all other lines, and of lines of many kinds."""

SHARE = 0.6
"""The share of lines that has to be of one kind for its columns to be taken."""

INSTEAD = {
    "host.hostname": ("host.name", "source.ip", "observer.hostname"),
    "process.name": ("event.dataset", "event.provider"),
}
"""What stands in a column where the line has no such field."""

WIDTHS = {
    "host.hostname": 10, "process.name": 10, "source.ip": 15, "destination.ip": 15, "user.name": 12,
    "user.effective.name": 12, "destination.port": 5, "source.port": 5, "http.response.status_code": 3,
    "http.request.method": 6, "network.transport": 4, "event.code": 6, "event.outcome": 7, "process.pid": 7,
    "dns.question.name": 28, "event.action": 16, "url.original": 28, "process.command_line": 28,
}  # fmt: skip
OTHERWISE = 14
"""Cells of a column that is not in the table."""


def kind_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns a single line asks for."""
    return next((kind.columns for kind in KINDS if any(name in fields for name in kind.told_by)), USUAL)


def fitting(lines: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns for some lines: of the kind most of them are, else the usual ones."""
    counted = Counter(kind_of(fields) for fields in lines)
    if not counted:
        return USUAL
    columns, times = counted.most_common(1)[0]
    return columns if times >= SHARE * counted.total() else USUAL


def value_of(fields: Mapping[str, Any], column: str) -> tuple[str, str]:
    """(field, value) that stands in a column of a line; ("", "") where it stands empty."""
    for name in (column, *INSTEAD.get(column, ())):
        if name in fields:
            found = fields[name]
            return name, ", ".join(map(str, found)) if isinstance(found, list | tuple) else str(found)
    return "", ""


def widths(columns: Sequence[str], cells: int) -> list[tuple[str, int]]:
    """The columns there is room for beside a message of some length, each with its width."""
    out: list[tuple[str, int]] = []
    left = cells - 12 - max(24, cells // 3)
    for column in columns:
        room = WIDTHS.get(column, OTHERWISE)
        if room + 1 > left:
            break
        out.append((column, room))
        left -= room + 1
    return out


def title_of(column: str) -> str:
    """A column's name in few letters: the last word of its field that tells something."""
    short = {
        "host.hostname": "host", "process.name": "program", "http.response.status_code": "st.",
        "http.request.method": "method", "network.transport": "via", "destination.ip": "to",
        "destination.port": "port", "source.ip": "from", "dns.question.name": "asked for",
        "event.code": "code", "process.command_line": "command", "url.original": "url",
    }  # fmt: skip
    return short.get(column) or column.removesuffix(".name").rsplit(".", 1)[-1]


def needles(query: Query | None) -> re.Pattern[str] | None:
    """What a search looks for, to be marked where it stands; None where there is nothing to mark."""
    words = [] if query is None else list(dict.fromkeys(_words(query.tree)))
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None


def _words(node: Node) -> Iterable[str]:
    if isinstance(node, Term):
        parts = [part for part in str(node.arg).split("*") if part]
        if node.op in {"word", "phrase", "eq", "like"}:
            yield from parts
    elif isinstance(node, And | Or):
        for item in node.items:
            yield from _words(item)


def found_fields(lines: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, str]]:
    """(field, how many lines have it, a value) of some lines, commonest first."""
    times: Counter[str] = Counter()
    values: dict[str, str] = {}
    for fields in lines:
        for name, value in fields.items():
            times[name] += 1
            values.setdefault(name, str(value))
    ranked = sorted(times.items(), key=lambda item: (-item[1], item[0]))
    return [(name, count, values[name]) for name, count in ranked if name != MESSAGE]
