"""`socterm db check`, `canonical` and `info`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from socterm.amounts import shown_size, shown_span
from socterm.cli.doing import Doing
from socterm.cli.output import clean, json_option, put_json, stamp
from socterm.cli.reading import store_file, store_options, store_path
from socterm.cli.saying import say
from socterm.cli.settings import clock
from socterm.store.connection import MENDING
from socterm.store.upkeep.describe import Facts, describe


@click.command()
@json_option
@store_options
def check(as_json: bool, db: Path | None, config: Path | None) -> None:
    """Look for damage: pages, audit chain, counts, evidence, gaps. Exit code 1 where there is any."""
    from socterm.store.upkeep.check import check as check_store

    path = store_file(db, config)
    with Doing("checking") as doing:
        problems = check_store(path, lambda: doing(0, 0), say)
    if as_json:
        put_json({"db": str(path), "ok": not problems, "problems": problems})
    else:
        for problem in problems:
            click.echo(clean(problem))
        click.echo(f"{path}: {'ok' if not problems else f'{len(problems)} problems'}")
    if any(problem.startswith("file:") for problem in problems):
        say(f"what pages are lost nothing brings back: {MENDING}")
    if problems:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--json", is_flag=True, expose_value=False, help="Accepted; the dump is always JSON lines.")
@store_options
def canonical(db: Path | None, config: Path | None) -> None:
    """Dump all content in a fixed order, without row ids and wall-clock columns, to compare stores.

    One JSON object a line.
    """
    from socterm.store.upkeep.canonical import canonical as lines_of

    for line in lines_of(store_path(db, config)):
        sys.stdout.write(line + "\n")


@click.command()
@json_option
@store_options
def info(as_json: bool, db: Path | None, config: Path | None) -> None:
    """What a store holds and what it costs: events, alerts, pages, what retention let go."""
    facts = describe(store_path(db, config), now=clock())
    if as_json:
        put_json(facts)
        return
    for name, value in _lines(facts):
        click.echo(f"{name:<12} {clean(value)}")


def _lines(facts: Facts) -> list[tuple[str, str]]:
    states = ", ".join(f"{number:,} {state.replace('_', ' ')}" for state, number in facts.alerts.items())
    free = f"{facts.free_pages:,} free" + ("" if facts.shrinks else " (socterm db vacuum gives them back)")
    behind = f", {facts.unindexed:,} not in the full-text index yet" if facts.unindexed else ""
    return [
        ("db", facts.db),
        ("schema", facts.schema),
        ("size", f"{shown_size(facts.bytes)} ({facts.bytes:,} bytes), log {shown_size(facts.log)}"),
        ("pages", f"{facts.pages:,} of {shown_size(facts.page_bytes)}, {free}"),
        ("events", f"{facts.events:,}, {facts.evidence:,} of them evidence{behind}"),
        ("oldest", stamp(facts.oldest)),
        ("newest", stamp(facts.newest)),
        ("let go", f"{facts.let_go:,} events, the evidence of {facts.released:,} closed alerts"),
        ("alerts", f"{states or 'none'}; {facts.open_alerts:,} open"),
        ("decisions", f"{facts.decisions:,}"),
        ("sources", f"{facts.sources:,}"),
        ("kinds", f"{facts.kinds:,}"),
        ("retention", _terms(facts)),
        ("ingest", facts.ingest or "none"),
    ]


def _terms(facts: Facts) -> str:
    kept = facts.retention
    if not kept.get("older") and not kept.get("max_size"):
        return "none: everything is kept"
    parts = []
    if kept.get("older"):
        parts.append(f"events for {shown_span(kept['older'])}")
    if kept.get("max_size"):
        parts.append(f"at most {shown_size(kept['max_size'])}")
    parts.append(f"evidence of closed alerts for {shown_span(kept.get('closed', 0)) or 'ever'}")
    return ", ".join(parts) + (f"; {kept['note']}" if kept.get("note") else "")
