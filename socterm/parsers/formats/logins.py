"""Small login logs as tables: a row says which words a message holds, how it is taken apart, and what it
means.

Many applications tell of little more than who could not log in, and from where. Each of them is a table of
rows
here (`logins_mail`, `logins_web`, `logins_apps`, `logins_hosts`) and no module of its own. A row's pattern is
anchored at both of the message's trusted ends where the producer's grammar allows, and names its parts:

- `user`, `reason`, `domain`, `method`, `from`, `to`, `id`: see `_FIELDS`;
- `ip`: the peer, an address or a name; `port`: its port; `peer`: both in one word;
- `host`: the peer's name where the address stands beside it; `pid`: a process.

A producer that writes its own log files says in a shape how a line's stamp is found; the rows read what is
behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from socterm.parsers.format import Found, LineReader, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.marks import Fields, Handler, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

LONGEST = 8192
"""Characters of a line that a table is asked about."""

_FIELDS = {
    "user": "user.name",
    "reason": "event.reason",
    "domain": "user.domain",
    "from": "email.from.address",
    "to": "email.to.address",
    "id": "email.local_id",
    "command": "process.command_line",
    "host": "source.domain",
}


_LEVELS = {"warn": "warning", "eror": "error", "err": "error", "crit": "critical"}


class Row(NamedTuple):
    """One shape of message: `needle` is in it, `form` takes it apart, `action` and `outcome` say what it
    means.

    An action of "" only names the peer and the user.
    """

    needle: str
    form: str
    action: str
    outcome: str = ""


class Table(NamedTuple):
    """One producer: its dataset, the programs it logs as, its rows, and the shapes of its own log's lines."""

    dataset: str
    programs: tuple[str, ...]
    rows: tuple[Row, ...]
    shapes: tuple[Shape, ...] = ()


class Shape(NamedTuple):
    """How a line of a producer's own log begins. `needle` is in every such line and in few others.

    `form` names `stamp` (as `moments` reads it) or its parts (`year`, `month`, …), and may name `level`,
    `pid` and
    `host`. The rows read what is behind it. `all` says that lines which no row knows are the producer's too.
    """

    begins: str
    needle: str
    form: str
    all: bool = False


class _Ready(NamedTuple):
    needle: str
    match: Callable[[str], re.Match[str] | None]
    fields: Fields


def _ready(rows: Iterable[Row]) -> tuple[_Ready, ...]:
    return tuple(
        _Ready(
            row.needle,
            re.compile(row.form, re.DOTALL).match,
            mark(row.action, row.outcome) if row.action else {},
        )
        for row in rows
    )


def _write(found: re.Match[str], f: Fields) -> None:
    """The named parts of a match under their ECS names."""
    for key, value in found.groupdict().items():
        if not value:
            continue
        if key == "ip":
            put_peer(f, value, found.groupdict().get("port") or "")
        elif key == "peer":
            put_end_of(f, value)
        elif key == "pid":
            if len(value) <= 10:
                f["process.pid"] = int(value)
        elif key == "level":
            f["log.level"] = _LEVELS.get(value.lower(), value.lower())
        elif key in _FIELDS:
            f[_FIELDS[key]] = value


def _apply(rows: Sequence[_Ready], msg: str, f: Fields) -> bool:
    """The first row that fits writes its fields; false where none does."""
    for needle, match, fields in rows:
        if needle in msg:
            found = match(msg)
            if found is not None:
                _write(found, f)
                f |= fields
                return True
    return False


def read_rows(table: Table) -> Callable[[str, Fields], bool]:
    """What asks this table's rows about a message alone; the answer is whether one knew it."""
    ready = _ready(table.rows)
    return lambda message, fields: _apply(ready, message, fields)


def programs(tables: Sequence[Table], fallback: str = "syslog") -> dict[str, Program]:
    """How each program of these tables is read; several tables may share a program's name.

    What none of a shared program's rows knows is of the dataset `fallback`.
    """
    named: dict[str, list[Table]] = {}
    for table in tables:
        for name in table.programs:
            named.setdefault(name, []).append(table)
    return {
        name: Program(
            _handler(found), found[0].dataset if len(found) == 1 else fallback, wraps=False, varies=True
        )
        for name, found in named.items()
    }


def _handler(tables: Sequence[Table]) -> Handler:
    ready = [(table.dataset, _ready(table.rows)) for table in tables]

    def read(msg: str, f: Fields, mem: Memory) -> int:
        if msg.startswith(("pam_", "PAM ", "(pam_")):
            return pam(msg, f, mem)
        for dataset, rows in ready:
            if _apply(rows, msg, f):
                f["event.dataset"] = dataset
                return mem.times
        return mem.times

    return read


class _Known(NamedTuple):
    needle: str
    match: Callable[[str], re.Match[str] | None]
    dataset: str
    rows: tuple[_Ready, ...]
    all: bool


_PARTS = ("month", "day", "hour", "minute", "second", "fraction", "zone")


def _moment(found: re.Match[str], reading: Reading) -> tuple[bool, int | None]:
    """(whether the stamp is one or there is none, its instant)."""
    parts = found.groupdict()
    if "stamp" in parts:
        stamp = parts["stamp"]
        if not stamp:
            return True, None
        ts = when(reading.clock, stamp)
        return ts is not None, ts
    if "month" in parts:
        ts = reading.clock.instant({**dict.fromkeys(_PARTS), **parts})
        return ts is not None, ts
    return True, None


def lines(tables: Sequence[Table]) -> LineReader:
    """A reader of these producers' own logs, told apart by their first character and a needle."""
    by_first: dict[str, list[_Known]] = {}
    for table in tables:
        rows = _ready(table.rows)
        for shape in table.shapes:
            known = _Known(shape.needle, re.compile(shape.form).match, table.dataset, rows, shape.all)
            for first in shape.begins:
                by_first.setdefault(first, []).append(known)

    def read(text: str, f: Fields, reading: Reading) -> Found | None:
        candidates = by_first.get(text[:1])
        if candidates is None or len(text) > LONGEST:
            return None
        for needle, match, dataset, rows, whole in candidates:
            if needle not in text:
                continue
            head = match(text)
            if head is None:
                continue
            found: Fields = {"event.dataset": dataset}
            _write(head, found)
            message = text[head.end() :]
            if not _apply(rows, message, found) and not whole:
                continue
            good, ts = _moment(head, reading)
            if not good:
                continue
            found["message"] = message
            f |= found
            return ts, logsources_of(dataset, f.get("event.action", "")), 1
        return None

    return read


def beginnings(tables: Sequence[Table]) -> str:
    """All characters that a line of these tables' own logs may begin with."""
    return "".join(sorted({first for table in tables for shape in table.shapes for first in shape.begins}))
