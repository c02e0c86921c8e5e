"""`socterm db export`: events or alerts, all or those of a query, as lines of JSON or as a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click
import msgspec

from socterm.alerts.states import STATES
from socterm.cli.doing import Doing
from socterm.cli.output import clean, stamp
from socterm.cli.reading import opened, query_of, store_options
from socterm.pipeline.export import COLUMNS, Exporter, event_cells
from socterm.query import Query
from socterm.store import Store
from socterm.store.rows import AlertRow
from socterm.whole import written

AT_ONCE = 2_000
MOST_ALERTS = 10_000_000

ALERT_COLUMNS = (
    "id", "first", "last", "level", "title", "rule", "entity", "count", "signals", "state", "verdict",
    "owner", "tags", "created", "updated", "key",
)  # fmt: skip
EVENT_COLUMNS = (*COLUMNS, "socterm.source", "socterm.position", "event.original")


@click.command()
@click.argument("query", nargs=-1)
@click.option("--alerts", is_flag=True, help="Alerts of any state instead of events.")
@click.option(
    "--format", "form", type=click.Choice(["ndjson", "csv"]), default="ndjson", show_default=True,
    help="Lines of JSON with all fields, or a table of the main ones.",
)  # fmt: skip
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Instead of stdout.")
@store_options
def export(
    query: tuple[str, ...],
    alerts: bool,
    form: str,
    output: Path | None,
    db: Path | None,
    config: Path | None,
) -> None:
    """Write events, oldest first, or alerts: all, or those that match a query.

    Example: socterm db export --format csv -o root.csv 'user.name:root and failed'
    """
    wanted = query_of(query)
    columns = ALERT_COLUMNS if alerts else EVENT_COLUMNS
    exporter = Exporter(form, columns, clean)
    with opened(db, config) as (store, _), _out(output) as out, Doing("exporting") as doing:
        out.write(exporter.head())
        for rows in _alerts(store, wanted) if alerts else _events(store, wanted, doing):
            out.write(exporter.rows(rows))


def _events(store: Store, query: Query, doing: Doing) -> Iterator[list[dict[str, Any]]]:
    after, done = 0, 0
    whole = 0 if not query.is_empty else store.events.count().value
    while True:
        page = store.events.page(query, after=after, limit=AT_ONCE, oldest_first=True)
        if not page.rows:
            return
        yield [event_cells(row) | {"message": row.message} for row in page.rows]
        after = page.rows[-1].id
        done += len(page.rows)
        doing(done, whole)


def _alerts(store: Store, query: Query) -> Iterator[list[dict[str, Any]]]:
    found = store.triage.alerts(states=STATES, query=query, limit=MOST_ALERTS, parts=True)
    for start in range(0, len(found), AT_ONCE):
        yield [_alert(row) for row in found[start : start + AT_ONCE]]


def _alert(row: AlertRow) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(row)
    for name in ("first", "last", "created", "updated"):
        found[name] = stamp(found[name])
    return found


@contextmanager
def _out(path: Path | None) -> Iterator[TextIO]:
    """Where to write. Raises `SoctermError` where that fails."""
    if path is None:
        yield sys.stdout
        return
    with written(path) as file:
        yield file
