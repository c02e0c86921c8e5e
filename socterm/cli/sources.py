"""`socterm sources`: is my log being read, and is it understood?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from socterm.cli.output import json_option, put_json, stamp, table
from socterm.cli.reading import opened, store_options
from socterm.cli.settings import clock
from socterm.errors import UsageError
from socterm.pipeline.sourceview import age, commonest, rate, share, trouble
from socterm.store.rows import SourceRow


@click.group()
def sources() -> None:
    """List what this store has read and what was understood of it."""


@sources.command("list")
@json_option
@store_options
def list_(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Each source: lines, what was understood and as what, rate, newest event, what went wrong."""
    with opened(db, config) as (store, _):
        rows = store.triage.sources()
    now = clock()
    if as_json:
        for row in rows:
            put_json(_record(row, now))
        return
    table(
        ("SOURCE", "LINES", "PARSED", "RATE", "NEWEST", "LATE", "LET GO", "FORMATS", "TROUBLE"),
        [
            (
                row.name,
                row.lines,
                share(row),
                f"{rate(row, now):.0f}/s",
                age(row, now),
                row.late,
                row.let_go,
                commonest(row),
                trouble(row),
            )
            for row in rows
        ],
    )


@sources.command("undecoded")
@click.argument("name", required=False, metavar="[SOURCE]")
@json_option
@store_options
def undecoded(name: str | None, as_json: bool, db: Path | None, config: Path | None) -> None:
    """The latest lines that no format knew, of all sources or of one."""
    with opened(db, config) as (store, _):
        rows = [row for row in store.triage.sources() if name is None or row.name == name]
        if name is not None and not rows:
            raise UsageError(f"no source is called {name}; socterm sources list shows them")
        events = store.events.get([number for row in rows for number in row.samples])
    if as_json:
        for event in events:
            put_json({"id": event.id, "source": event.source, "position": event.position, "line": event.raw})
        return
    table(
        ("EVENT", "SOURCE", "LINE", "WHY"),
        [(e.id, e.source, e.raw[:200], e.fields.get("error.message", "")) for e in events],
    )


def _record(row: SourceRow, now: int) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(row)
    found["rate"] = rate(row, now)
    found["newest"] = stamp(row.newest)
    found["updated"] = stamp(row.updated)
    return found
