"""How `socterm hunt` shows and writes what it found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from socterm.cli.hearing import Count
from socterm.cli.output import clean, put_json, second, stamp, table
from socterm.cli.search import event_json
from socterm.pipeline.export import COLUMNS, Exporter, as_text, event_cells
from socterm.store.doors.sqlviews import VIEWS
from socterm.whole import written

if TYPE_CHECKING:
    from socterm.pipeline.backtest import Report
    from socterm.pipeline.hunt import Hits
    from socterm.query import Query
    from socterm.store import Store
    from socterm.store.doors.history import Stretch
    from socterm.store.doors.hunts import View
    from socterm.store.doors.sandbox import SqlAnswer
    from socterm.store.rows import EventRow

BUCKETS: Final = 24
_ALERTS: Final = ("first", "last", "level", "title", "entity", "count", "events", "alert", "rule", "key")
put = put_json


def lines(rows: Sequence[EventRow], *, as_json: bool) -> None:
    """Events, newest first."""
    for row in rows:
        if as_json:
            put_json(event_json(row))
        else:
            click.echo(f"{row.id:>10}  {stamp(row.ts)}  {clean(row.raw)}")


def figures(hits: Hits, by: str, options: dict[str, Any]) -> None:
    """Hits over time and by value."""
    if options["histogram"]:
        _bars([(stamp(b.start), b.events) for b in hits.histogram(BUCKETS)], options["as_json"], "start")
    if by:
        if options["histogram"] and not options["as_json"]:
            click.echo("")
        found = hits.top(options["limit"])
        _bars(found, options["as_json"], "value")
        left = sum(hits.groups.values()) + hits.others - sum(number for _, number in found)
        if left and not options["as_json"]:
            click.echo(f"{left:>10,}  of other values")


def _bars(rows: Sequence[tuple[str, int]], as_json: bool, name: str) -> None:
    if as_json:
        for text, number in rows:
            put_json({name: text, "count": number})
        return
    most = max((number for _, number in rows), default=0) or 1
    room = 40
    with suppress(OSError):
        room = max(10, min(60, os.get_terminal_size(1).columns - 50))
    for text, number in rows:
        bar = "▇" * (max(1, round(number * room / most)) if number else 0)
        if name == "start":
            click.echo(f"{text[:16]}Z  {number:>10,}  {bar}".rstrip())
        else:
            click.echo(f"{number:>10,}  {clean(text)[:200]}")


def summary(hits: Hits, *, quiet: bool) -> None:
    """One line on standard error about all of them."""
    if quiet:
        return
    between = f" from {second(hits.first)} to {second(hits.last)}" if hits.count else ""
    stopped = "" if hits.complete else f"; stopped after {hits.done:,} of {hits.of:,} events"
    click.echo(f"{hits.count:,} hits{between}{stopped}", err=True)


def table_of(answer: SqlAnswer, options: dict[str, Any]) -> None:
    """Rows of SQL."""
    named = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    if options["export"]:
        maker = Exporter(options["export"], answer.columns, clean)
        with _target(options["output"]) as write:
            write(maker.head() + maker.rows(named))
    elif options["as_json"]:
        for row in named:
            put_json(row)
    else:
        table(answer.columns, [[as_text(value)[:300] for value in row] for row in answer.rows])
    if answer.more and not options["as_json"]:
        click.echo(f"the first {len(answer.rows):,} rows; --limit shows more", err=True)


def export(
    store: Store,
    query: Query | None,
    stretch: Stretch,
    options: dict[str, Any],
    stop: Callable[[], bool],
    count: Count,
) -> bool:
    """Write all hits, oldest first; whether it came to the end."""
    asked = [name.strip() for name in (options["columns"] or "").split(",") if name.strip()]
    columns = tuple(asked) or (() if options["export"] == "ndjson" else COLUMNS)
    maker = Exporter(options["export"], columns, clean)
    found = 0
    with _target(options["output"]) as write:
        write(maker.head())
        for portion in store.history.portions(stretch, query):
            write(maker.rows(event_cells(row, columns) for row in portion.rows))
            found += len(portion.rows)
            count(portion.high - 1 - stretch.low, stretch.size, f"{found:,} hits")
            if stop():
                click.echo(f"stopped: {found:,} hits are written, more there may be", err=True)
                return False
    if options["output"] is not None:
        click.echo(f"{found:,} hits written to {clean(str(options['output']))}", err=True)
    return True


def export_alerts(report: Report, options: dict[str, Any]) -> None:
    """Write the alerts that rules would have raised."""
    from socterm.pipeline.backtold import alert_as_plain

    maker = Exporter(options["export"], _ALERTS, clean)
    rows = []
    for one in report.alerts:
        row = alert_as_plain(one)
        if options["export"] != "ndjson":
            row["entity"] = ", ".join(f"{name}={value}" for name, value in row["entity"].items())
        rows.append(row)
    with _target(options["output"]) as write:
        write(maker.head() + maker.rows(rows))


@contextmanager
def _target(path: Path | None) -> Iterator[Callable[[str], Any]]:
    """Where an export goes. A file is replaced whole at its end, or not at all."""
    if path is None:
        yield sys.stdout.write
        return
    with written(path) as file:
        yield file.write


def views(found: Sequence[View], *, as_json: bool) -> None:
    """The saved views."""
    if as_json:
        for view in found:
            put_json(msgspec.to_builtins(view))
        return
    rows = [(v.name, v.kind, v.since, v.until, v.field, v.actor, v.query) for v in found]
    table(("NAME", "KIND", "SINCE", "UNTIL", "BY", "OWNER", "QUERY"), rows)


def tables(*, as_json: bool) -> None:
    """What SQL may ask."""
    for name, view in VIEWS.items():
        if as_json:
            put_json({"view": name, "about": view.about, "columns": list(view.names)})
            continue
        click.echo(f"{name}: {view.about}")
        for column, _, meaning in view.columns:
            click.echo(f"  {column:<15} {meaning}")
