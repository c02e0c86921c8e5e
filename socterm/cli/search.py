"""`socterm search`: stored events by query, or by what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from socterm.cli.meant import misspelt
from socterm.cli.output import clean, json_option, put_json, stamp
from socterm.cli.reading import opened, query_of, store_options
from socterm.errors import UsageError
from socterm.pipeline.export import event_cells
from socterm.store.rows import EventRow
from socterm.taxonomy import resolve


@click.command()
@click.argument("query", nargs=-1)
@click.option(
    "--limit", "-n", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="At most N."
)
@click.option("--oldest", is_flag=True, help="Oldest first.")
@click.option("--count", is_flag=True, help="Only how many there are.")
@click.option("--by", metavar="FIELD", help="The commonest values of a field among the matches.")
@click.option("--like", metavar="TEXT", help="Instead of a query: what you look for, in plain words.")
@json_option
@store_options
def search(
    query: tuple[str, ...],
    limit: int,
    oldest: bool,
    count: bool,
    by: str | None,
    like: str | None,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """Find events: free words, field:value, ranges, CIDR, and/or/not; or by what they mean.

    \b
    socterm search 'user.name:root and source.ip:203.0.113.0/24 and failed'
    socterm search --like 'show me failed logins'
    """
    if like is not None:
        if query or by or count or oldest:
            raise UsageError("--like takes no query and none of --by, --count, --oldest beside it")
        _by_meaning(like, limit, as_json=as_json, db=db, config=config)
        return
    wanted = query_of(query)
    with opened(db, config) as (store, _):
        if count:
            found = store.events.count(wanted)
            if not found.value:
                misspelt(wanted)
            if as_json:
                put_json({"count": found.value, "complete": found.complete})
            else:
                click.echo(found.value)
            return
        if by:
            counted = store.events.count_by(resolve(by), wanted, limit=limit)
            if not counted:
                misspelt(wanted, resolve(by))
            for value, n in counted:
                if as_json:
                    put_json({"value": value, "count": n})
                else:
                    click.echo(f"{n:>8}  {clean(value)}")
            return
        page = store.events.page(wanted, limit=limit, oldest_first=oldest)
        if not page.rows:
            if not as_json:
                click.echo("0 events", err=True)
            misspelt(wanted)
        for row in page.rows:
            if as_json:
                put_json(event_json(row))
            else:
                click.echo(f"{row.id:>8}  {stamp(row.ts)}  {clean(row.raw)}")


def event_json(row: EventRow) -> dict[str, Any]:
    """An event as flat ECS, with its id and where it came from."""
    return event_cells(row)


def _by_meaning(question: str, limit: int, *, as_json: bool, db: Path | None, config: Path | None) -> None:
    from socterm.analyst import open_backend
    from socterm.analyst.search import Search

    with opened(db, config, readonly=None) as (store, settings):
        answers = Search(store.events, store.templates, open_backend(settings.llm)).hybrid(
            question, limit=limit
        )
    for hit in answers.hits:
        template = hit.template
        if as_json:
            about = {"socterm.template": template.id if template else None, "socterm.found_by": hit.why}
            put_json({**event_json(hit.event), **about, "socterm.answered_by": answers.source})
            continue
        rarity = f"  ({template.lines:,} like it)" if template else ""
        click.echo(f"{hit.event.id:>8}  {stamp(hit.event.ts)}  {clean(hit.event.raw)}{rarity}")
    if not as_json:
        click.echo(f"source: {clean(answers.source)}", err=True)
