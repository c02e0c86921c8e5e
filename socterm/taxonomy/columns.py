"""ECS fields that stand in their own column of the store: what rules, filters and pivots ask for most.

Those that few different values fill stand there once for all the lines that share them.
Every other field lives in the row's `fields` JSON and can be asked for all the same, only slower.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """A promoted field: its ECS name, its column, its SQLite type, whether it is indexed with time, and
    whether it is one of those that many lines have the same of."""

    ecs: str
    name: str
    type: str
    indexed: bool = False
    shared: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("host.hostname", "host", "TEXT"),
    Column("event.dataset", "dataset", "TEXT", shared=True),
    Column("process.name", "process", "TEXT", shared=True),
    Column("process.pid", "pid", "INTEGER"),
    Column("source.ip", "source_ip", "TEXT", indexed=True),
    Column("source.port", "source_port", "INTEGER"),
    Column("user.name", "user", "TEXT", indexed=True),
    Column("user.effective.name", "effective_user", "TEXT"),
    Column("event.action", "action", "TEXT", shared=True),
    Column("event.outcome", "outcome", "TEXT", shared=True),
)
