"""`socterm templates`: what kinds of lines there are, how many and since when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from socterm.cli.output import clean, json_option, put_json, stamp
from socterm.cli.output import table as put_table
from socterm.cli.reading import moment, opened, store_options
from socterm.cli.wiring import clock
from socterm.errors import UsageError
from socterm.store.doors.templates import ORDERS, TemplateRow

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
@json_option
@store_options
def templates(
    number: int | None,
    event: int | None,
    order: str,
    since: str | None,
    limit: int,
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
            _list(
                store.templates.all(order=order, since=first, limit=limit), store.templates.total(), as_json
            )
            return
        rows = store.templates.get([number])
        if not rows:
            raise UsageError(f"there is no template {number}: socterm templates lists them")
        lines = store.events.get(store.templates.events(number, limit=min(limit, _LINES)))
    _list(rows, 0, as_json)
    if not as_json:
        for line in lines:
            click.echo(f"{line.id:>8}  {stamp(line.ts)}  {clean(line.raw)}")


def _list(rows: list[TemplateRow], total: int, as_json: bool) -> None:
    if as_json:
        for row in rows:
            put_json(_json(row))
        return
    head = ("number", "lines", "first seen", "last seen", "what", "text")
    put_table(
        head,
        [
            (row.id, f"{row.lines:,}", _day(row.first), _day(row.last), told(row), row.text[:_WIDEST])
            for row in rows
        ],
    )
    if total:
        click.echo(f"{len(rows):,} kinds of {total:,} lines")


def told(row: TemplateRow) -> str:
    """Whose lines they are and what a parser says of them, in a few words."""
    return " ".join(part for part in (row.dataset or row.program, row.action, row.outcome, row.code) if part)


def _day(ts: int) -> str:
    return stamp(ts)[:19].replace("T", " ")


def _json(row: TemplateRow) -> dict[str, Any]:
    return {
        "template": row.id, "how": row.how, "text": row.text, "program": row.program, "dataset": row.dataset,
        "action": row.action, "outcome": row.outcome, "code": row.code, "lines": row.lines,
        "first": stamp(row.first), "last": stamp(row.last), "example": row.example, "newest": row.newest,
    }  # fmt: skip
