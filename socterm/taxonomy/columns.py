"""ECS fields that stand in their own column of the store: what rules, filters and pivots ask for most.

Every other field lives in the row's `fields` JSON and can be asked for all the same, only slower.
"""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """A promoted field: its ECS name, its column, its SQLite type, and whether it is indexed with time."""

    ecs: str
    name: str
    type: str
    indexed: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("host.hostname", "host", "TEXT"),
    Column("process.name", "process", "TEXT"),
    Column("process.pid", "pid", "INTEGER"),
    Column("source.ip", "source_ip", "TEXT", indexed=True),
    Column("source.port", "source_port", "INTEGER"),
    Column("user.name", "user", "TEXT", indexed=True),
    Column("user.effective.name", "effective_user", "TEXT"),
    Column("event.action", "action", "TEXT"),
    Column("event.outcome", "outcome", "TEXT"),
)
