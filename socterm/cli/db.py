"""`socterm db`: check, dump and describe a store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from socterm.cli.output import clean, json_option, put_json
from socterm.cli.reading import opened, store_options
from socterm.cli.wiring import configure
from socterm.errors import SoctermError


@click.group()
def db() -> None:
    """Check, dump and describe a store."""


@db.command()
@json_option
@store_options
def check(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Look for damage: pages, audit chain, counts, evidence, gaps. Exit code 1 where there is any."""
    from socterm.store.check import check as check_store

    path = _existing(db, config)
    problems = check_store(path)
    if as_json:
        put_json({"db": str(path), "ok": not problems, "problems": problems})
    else:
        for problem in problems:
            click.echo(clean(problem))
        click.echo(f"{path}: {'ok' if not problems else f'{len(problems)} problems'}")
    if problems:
        raise click.exceptions.Exit(1)


@db.command()
@click.option("--json", is_flag=True, expose_value=False, help="Accepted; the dump is always JSON lines.")
@store_options
def canonical(db: Path | None, config: Path | None) -> None:
    """Dump all content in a fixed order, without row ids and wall-clock columns, to compare stores.

    One JSON object a line.
    """
    from socterm.store.canonical import canonical as lines_of

    for line in lines_of(_existing(db, config)):
        sys.stdout.write(line + "\n")


@db.command()
@json_option
@store_options
def info(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Size, events, alerts and sources of a store."""
    with opened(db, config) as (store, settings):
        facts = {
            "db": str(settings.db),
            "bytes": settings.db.stat().st_size,
            "events": store.events.newest_id(),
            "open_alerts": sum(store.triage.counts().values()),
            "sources": len(store.triage.sources()),
        }
    if as_json:
        put_json(facts)
        return
    for name, value in facts.items():
        click.echo(f"{name:<12} {value}")


def _existing(db: Path | None, config: Path | None) -> Path:
    path = configure({"db": db, "config": config}).db
    if not path.exists():
        raise SoctermError(f"{path}: no store there yet; socterm or socterm run makes it")
    return path
