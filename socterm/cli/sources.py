"""`socterm sources`: what this store has read."""

from __future__ import annotations

from pathlib import Path

import click

from socterm.cli.output import json_option, put_json, stamp, table
from socterm.cli.reading import opened, store_options


@click.group()
def sources() -> None:
    """List what this store has read, with counters."""


@sources.command("list")
@json_option
@store_options
def list_(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Each source: lines, the share understood, its newest event, what was late or dropped."""
    with opened(db, config) as (store, _):
        rows = store.triage.sources()
    if as_json:
        for row in rows:
            put_json(row)
        return
    table(
        ("SOURCE", "LINES", "DECODED", "NEWEST", "LATE", "DROPPED", "NOTE"),
        [
            (
                row.name,
                row.lines,
                f"{100 * row.decoded / row.lines:.1f}%" if row.lines else "-",
                stamp(row.newest),
                row.late,
                sum(row.drops.values()),
                row.note,
            )
            for row in rows
        ],
    )
