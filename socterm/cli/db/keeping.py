"""`socterm db retain` and `vacuum`: keep a store small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from socterm import amounts
from socterm.amounts import shown_size
from socterm.cli.doing import Doing
from socterm.cli.output import json_option, put_json
from socterm.cli.reading import store_options, store_path
from socterm.cli.settings import clock, configure
from socterm.errors import UsageError
from socterm.store.keeping.retention import Terms
from socterm.store.upkeep import care

SPARE = 0.2
"""The share of free room in the file from which on it is told: such a store gives none back by itself."""


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A span of time or a size, by the function that reads it."""

    def __init__(self, name: str, read: Callable[[str], int]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """µs or bytes."""
        try:
            return self._read(str(value))
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


@click.command()
@click.option("--older", type=Amount("span", amounts.span), metavar="SPAN", help="Events go after, e.g. 30d.")
@click.option("--max-size", type=Amount("size", amounts.size), metavar="SIZE", help="The file, e.g. 5G.")
@click.option(
    "--closed", type=Amount("span", amounts.span), metavar="SPAN", help="Closed alerts keep evidence for."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
@store_options
def retain(
    older: int | None,
    max_size: int | None,
    closed: int | None,
    dry_run: bool,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """Delete what is too old or too much now, as ingest does by itself under [retention].

    What open alerts and episodes under way cite stays. It may run beside an ingest, and be cut off.
    """
    from socterm.cli.wiring import terms_of

    path = store_path(db, config)
    said = terms_of(configure({"db": db, "config": config}))
    given = {"older": older, "max_size": max_size, "closed": closed}
    terms = msgspec.structs.replace(said, **{name: n for name, n in given.items() if n is not None})
    if not terms.limited:
        raise UsageError("say how much to keep: --older 30d or --max-size 5G, or both")
    if dry_run:
        _tell_plan(care.plan(path, terms, now=clock()), terms, as_json=as_json)
        return
    with Doing("deleting events") as doing:
        done = care.retain(path, terms, now=clock(), told=doing)
    if as_json:
        put_json(done)
        return
    sizes = f"{shown_size(done.before)} → {shown_size(done.after)}"
    click.echo(f"{path}: {done.gone:,} events let go, {sizes}")
    if done.free > SPARE * done.after:
        click.echo(f"{shown_size(done.free)} in the file are free: socterm db vacuum gives them back")
    if done.note:
        click.echo(done.note)


def _tell_plan(plan: care.Plan, terms: Terms, *, as_json: bool) -> None:
    if as_json:
        put_json(plan)
        return
    if terms.older:
        click.echo(f"{plan.too_old:,} events are too old")
    if terms.max_size:
        click.echo(f"about {plan.for_size:,} events have to go for the size")
    click.echo(f"{plan.alerts:,} closed alerts would lose their evidence")


@click.command()
@click.option("--full", is_flag=True, help="Rewrite the whole file; nobody may ingest meanwhile.")
@json_option
@store_options
def vacuum(full: bool, as_json: bool, db: Path | None, config: Path | None) -> None:
    """Give room that nothing needs any more back to the disk.

    A store made by an older socterm is rewritten once, for which there has to be as much room again.
    """
    path = store_path(db, config)
    with Doing("giving room back") as doing:
        done = care.vacuum(path, now=clock(), full=full, told=doing)
    if as_json:
        put_json({"db": str(path), "before": done.before, "after": done.after})
    else:
        click.echo(f"{path}: {shown_size(done.before)} → {shown_size(done.after)}")
