"""`socterm alerts`: list, show and decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from socterm.alerts.levels import LEVELS
from socterm.alerts.states import STATES
from socterm.cli.deciding import VERBS, audit_json, members
from socterm.cli.meant import misspelt
from socterm.cli.output import clean, json_option, put_json, second, stamp, table
from socterm.cli.reading import NUMBER, opened, query_of, store_options
from socterm.cli.search import event_json
from socterm.cli.settings import clock
from socterm.errors import UsageError
from socterm.store.rows import AlertRow


@click.group()
def alerts() -> None:
    """List, show and decide alerts; every decision is an audit row and can be undone."""


@alerts.command("list")
@click.argument("query", nargs=-1)
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these states.")
@click.option("--all", "everything", is_flag=True, help="Closed and merged ones too, and parts of others.")
@click.option("--parts", is_flag=True, help="Those that are part of others too.")
@click.option("--min-level", type=click.Choice(LEVELS), default="informational", help="This level and above.")
@click.option("--limit", "-n", type=click.IntRange(1), default=1000, show_default=True, help="At most N.")
@json_option
@store_options
def list_(
    query: tuple[str, ...],
    states: tuple[str, ...],
    everything: bool,
    parts: bool,
    min_level: str,
    limit: int,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """Open alerts, gravest first. What is part of another one listed is only counted there (+N)."""
    wanted = query_of(query) if query else None
    chosen = STATES if everything else states or None
    with opened(db, config, readonly=None) as (store, _):
        store.snoozes.wake(clock())
        rows = store.triage.alerts(
            states=chosen, min_level=min_level, query=wanted, limit=limit, parts=parts or everything
        )
    _list(rows, as_json)
    if not rows:
        misspelt(wanted)


def _list(rows: list[AlertRow], as_json: bool) -> None:
    if as_json:
        for row in rows:
            put_json(alert_json(row))
        return
    table(
        ("ID", "LEVEL", "COUNT", "LAST", "STATE", "ENTITY", "TITLE"),
        [(r.id, r.level, r.count, second(r.last), _state(r), entity_text(r), titled(r)) for r in rows],
    )


@alerts.command()
@click.argument("alert_id", type=NUMBER)
@click.option(
    "--events", "limit", type=click.IntRange(0), default=20, show_default=True, help="Evidence lines."
)
@json_option
@store_options
def show(alert_id: int, limit: int, as_json: bool, db: Path | None, config: Path | None) -> None:
    """One alert: why it fired, its evidence, its history."""
    with opened(db, config) as (store, _):
        row = store.triage.alert(alert_id)
        if row is None:
            raise UsageError(f"there is no alert {alert_id}; socterm alerts list shows those there are")
        events = store.triage.alert_events(alert_id, limit=limit) if limit else []
        history = store.triage.history(alert_id)
        parts = store.triage.parts(alert_id)
        head = store.triage.alert(row.part_of) if row.part_of else None
        steps = store.triage.steps(row.rule)
    if as_json:
        put_json(
            {
                **alert_json(row),
                "check": steps,
                "part_alerts": [alert_json(part) for part in parts],
                "events": [event_json(event) for event in events],
                "history": [audit_json(entry) for entry in history],
            }
        )
        return
    click.echo(f"alert {row.id}  {row.level}  {_state(row)}  {clean(row.title)}")
    click.echo(f"entity   {entity_text(row) or '-'}")
    click.echo(f"count    {row.count} events, {row.signals} firings")
    click.echo(f"between  {stamp(row.first)} and {stamp(row.last)}")
    click.echo(f"tags     {', '.join(row.tags) or '-'}")
    click.echo(f"why      {clean(row.description)}")
    if row.owner:
        click.echo(f"owner    {clean(row.owner)}")
    if row.follows:
        click.echo(f"follows  #{row.follows}, closed as {row.follows_verdict.replace('_', ' ')}")
    if head is not None:
        click.echo(f"part of  {_briefly(head)}")
    for part in parts:
        click.echo(f"part     {_briefly(part)}")
    for number, step in enumerate(steps, 1):
        click.echo(f"check {number:>2} {clean(step)}")
    for event in events:
        click.echo(f"  #{event.id}  {stamp(event.ts)}  {clean(event.raw)}")
    for entry in history:
        click.echo(f"  {stamp(entry.at)}  {clean(entry.actor)}  {entry.verb}  {clean(entry.note)}".rstrip())


@alerts.command()
@click.argument("alert_id", type=NUMBER)
@click.option("--rule", "whole_rule", is_flag=True, help="All alerts of its rule, whatever the entity.")
@json_option
@store_options
def group(alert_id: int, whole_rule: bool, as_json: bool, db: Path | None, config: Path | None) -> None:
    """List the open alerts of the same rule and entity: what the verbs decide together with --group."""
    with opened(db, config, readonly=None) as (store, _):
        store.snoozes.wake(clock())
        ids = members(store, (alert_id,), "close", "rule" if whole_rule else "group")
        rows = [row for row in map(store.triage.alert, ids) if row is not None]
    _list(rows, as_json)


for verb in VERBS:
    alerts.add_command(verb)


def alert_json(row: AlertRow) -> dict[str, Any]:
    """An alert for programs: times as ISO 8601."""
    found: dict[str, Any] = msgspec.to_builtins(row)
    for name in ("first", "last", "created", "updated", "until"):
        found[name] = stamp(found[name])
    return found


def _state(row: AlertRow) -> str:
    if row.until:
        return f"{row.state} until {stamp(row.until)[:16]}Z"
    return f"{row.state}/{row.verdict}" if row.verdict else row.state


def _briefly(row: AlertRow) -> str:
    """An alert on one line, beside another."""
    return f"#{row.id}  {row.level}  {_state(row)}  {row.count} events  {titled(row)}"


def titled(row: AlertRow) -> str:
    """An alert's title, with how many alerts are part of it."""
    title = clean(row.title)
    return f"{title}  +{row.parts}" if row.parts else title


def entity_text(row: AlertRow) -> str:
    """Whom the alert is about, on one line."""
    return clean(" ".join(f"{name}={value}" for name, value in row.entity.items()))
