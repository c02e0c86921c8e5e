"""`socterm templates`: what kinds of lines there are, how many and since when."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import click

from socterm.cli.output import clean, json_option, put_json, second, stamp
from socterm.cli.output import table as put_table
from socterm.cli.reading import moment, opened, store_options
from socterm.cli.settings import clock
from socterm.errors import SoctermError, UsageError
from socterm.store.doors.templates import ORDERS, TemplateRow, Totals

_LINES = 10
_WIDEST = 120


@click.command()
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--event", type=click.IntRange(1), metavar="ID", help="The kind of line that this event is.")
@click.option(
    "--order", type=click.Choice(list(ORDERS)), default="rare", show_default=True, help="What comes first."
)
@click.option("--since", metavar="TIME", help="Only those first seen then or later: a day, a time, 7d.")
@click.option(
    "--limit", "-n", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most N."
)
@click.option("--vectors", is_flag=True, help="Have the model for embeddings make those that are missing.")
@json_option
@store_options
def templates(
    number: int | None,
    event: int | None,
    order: str,
    since: str | None,
    limit: int,
    vectors: bool,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """List the kinds of lines there are, the rarest first; with NUMBER one of them and its newest lines.

    \b
    socterm templates --since 1d --order new     kinds of lines never seen before
    socterm templates --event 4711               how rare is this one
    socterm search socterm.template:17           all lines of a kind
    """
    if vectors:
        _make_vectors(db, config)
        return
    now = clock()
    first = moment("--since", since, now)[0] if since else None
    with opened(db, config) as (store, _):
        if event is not None:
            found = store.templates.of_event(event)
            if found is None:
                raise UsageError(
                    f"event {event} has no template: there is no such event, or it is older than they"
                )
            number = found.id
        if number is None:
            rows = store.templates.all(order=order, since=first, limit=limit)
            _list(rows, as_json, store.templates.totals())
            return
        rows = store.templates.get([number])
        if not rows:
            raise UsageError(f"there is no template {number}: socterm templates lists them")
        lines = store.events.get(store.templates.events(number, limit=min(limit, _LINES)))
    _list(rows, as_json)
    if not as_json:
        for line in lines:
            click.echo(f"{line.id:>8}  {stamp(line.ts)}  {clean(line.raw)}")


def _make_vectors(db: Path | None, config: Path | None) -> None:
    """All that are missing, for search by meaning; whoever ingests makes them by and by."""
    from socterm.analyst import open_backend
    from socterm.analyst.backend import BackendError
    from socterm.analyst.vectors import Learner

    with opened(db, config, readonly=False) as (store, settings):
        learner, made = Learner(store.templates, open_backend(settings.llm)), 0
        try:
            while more := learner.step(threading.Event()):
                made += more
        except BackendError as error:
            raise SoctermError(f"{made:,} vectors made, then no more: {error.health.reason}") from None
        click.echo(f"{made:,} vectors made of {store.templates.totals().kinds:,} kinds")


def _list(rows: list[TemplateRow], as_json: bool, totals: Totals | None = None) -> None:
    if as_json:
        for row in rows:
            put_json(_json(row))
        return
    head = ("NUMBER", "LINES", "FIRST SEEN", "LAST SEEN", "WHAT", "TEXT")
    put_table(
        head,
        [
            (row.id, f"{row.lines:,}", second(row.first), second(row.last), told(row), _text(row)[:_WIDEST])
            for row in rows
        ],
    )
    if totals is not None:
        listed = sum(row.alike for row in rows)
        shown = "" if listed == totals.kinds else f"{listed:,} of "
        click.echo(f"{shown}{totals.kinds:,} kinds of {totals.lines:,} lines")
        if totals.beyond:
            click.echo(f"There was no room for the kinds of {totals.beyond:,} of them: they count as one.")


def _text(row: TemplateRow) -> str:
    return "(all that came when there was no room for one more)" if not row.alike else row.text


def told(row: TemplateRow) -> str:
    """Whose lines they are and what a parser says of them, in a few words."""
    return " ".join(part for part in (row.dataset or row.program, row.action, row.outcome, row.code) if part)


def _json(row: TemplateRow) -> dict[str, Any]:
    return {
        "template": row.id, "how": row.how, "text": row.text, "program": row.program, "dataset": row.dataset,
        "action": row.action, "outcome": row.outcome, "code": row.code, "lines": row.lines,
        "first": stamp(row.first), "last": stamp(row.last), "example": row.example, "newest": row.newest,
    }  # fmt: skip
