"""`socterm incidents`: list, show, split, merge and decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from socterm.alerts.incidents import OPEN_STATES, STATES, Link
from socterm.alerts.states import VERDICTS
from socterm.cli.deciding import audit_json, report
from socterm.cli.output import clean, json_option, put_json, second, stamp, table
from socterm.cli.reading import NUMBER, opened, store_options
from socterm.cli.search import event_json
from socterm.cli.settings import clock
from socterm.errors import UsageError
from socterm.store.doors.incident_rows import IncidentPage, IncidentRow, MemberRow


@click.group()
def incidents() -> None:
    """List, show and decide incidents: alerts that tell one story; `alerts undo` takes decisions back."""


@incidents.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these states.")
@click.option("--all", "everything", is_flag=True, help="Closed ones and those merged into others too.")
@click.option("--limit", "-n", type=click.IntRange(1), default=1000, show_default=True, help="At most N.")
@json_option
@store_options
def list_(
    states: tuple[str, ...], everything: bool, limit: int, as_json: bool, db: Path | None, config: Path | None
) -> None:
    """Open incidents, gravest first."""
    chosen = STATES if everything else states or OPEN_STATES
    with opened(db, config) as (store, _):
        rows = store.incidents.all(chosen, limit)
    if as_json:
        for row in rows:
            put_json(incident_json(row))
        return
    table(
        ("ID", "LEVEL", "ALERTS", "FIRST", "LAST", "STATE", "TACTICS", "TITLE"),
        [
            (
                r.id,
                r.level,
                r.alerts,
                second(r.first),
                second(r.last),
                _state(r),
                _tactics(r),
                r.title,
            )
            for r in rows
        ],
    )


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@click.option(
    "--events", "limit", type=click.IntRange(0), default=3, show_default=True, help="Evidence lines an alert."
)
@json_option
@store_options
def show(incident_id: int, limit: int, as_json: bool, db: Path | None, config: Path | None) -> None:
    """One incident: its alerts in order of time, why each belongs to it, whom it is about, what was done."""
    with opened(db, config) as (store, _):
        page = store.incidents.page(incident_id)
        if page is None:
            raise UsageError(f"there is no incident {incident_id}; socterm incidents list shows them")
        evidence = {
            one.id: store.triage.alert_events(one.id, limit=limit, newest_first=False) if limit else []
            for one in page.alerts
        }
    if as_json:
        put_json(
            {
                **incident_json(page.row),
                "members": [
                    {**member_json(one), "events": [event_json(event) for event in evidence[one.id]]}
                    for one in page.alerts
                ],
                "links": page.links,
                "entities": page.roles,
                "history": [audit_json(entry) for entry in page.history],
            }
        )
        return
    _head(page)
    for one in page.alerts:
        click.echo(
            f"\n{stamp(one.first)}  #{one.id}  {one.level}  {one.state}  x{one.count}  {clean(one.title)}"
        )
        for text in reasons(page, one):
            click.echo(f"    {text}")
        for event in evidence[one.id]:
            click.echo(f"    {stamp(event.ts)}  #{event.id}  {clean(event.raw)}")
    click.echo()
    for entry in page.history:
        click.echo(f"{stamp(entry.at)}  {clean(entry.actor)}  {entry.verb}  {clean(entry.note)}".rstrip())


def _head(page: IncidentPage) -> None:
    row = page.row
    click.echo(f"incident {row.id}  {row.level}  {_state(row)}  {clean(row.title)}")
    click.echo(f"between  {stamp(row.first)} and {stamp(row.last)}")
    click.echo(f"opened   {row.why}")
    click.echo(f"tactics  {_tactics(row) or '-'}")
    if row.owner:
        click.echo(f"owner    {clean(row.owner)}")
    if row.merged_into:
        click.echo(f"merged   into incident {row.merged_into}")
    for role in page.roles:
        named = "about it" if role.named else "in evidence"
        click.echo(f"entity   {clean(role.field)}={clean(role.value)}  {role.alerts} alerts, {named}")


def reasons(page: IncidentPage, one: MemberRow) -> list[str]:
    """Why an alert belongs to its incident, a line each; for the first of all, which others joined it."""
    own = [link for link in page.links if link.alert == one.id]
    found = [_reason(link, f"#{link.other}") for link in own]
    if not own:
        others = [link for link in page.links if link.other == one.id]
        found = [f"#{link.alert} {_reason(link, 'this one')}" for link in others]
    return [*found, "put here by a person"] if one.pinned else found


def _reason(link: Link, other: str) -> str:
    if not link.field:
        return f"part of {other}"
    return f"joined {other} by {clean(link.field)}={clean(link.value)}"


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@click.argument("alerts", type=NUMBER, nargs=-1, required=True, metavar="ALERT…")
@json_option
@store_options
def split(incident_id: int, alerts: tuple[int, ...], **options: Any) -> None:
    """Take alerts out of an incident, into a new one."""
    _decide("split", incident_id, alerts, **options)


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@click.argument("others", type=NUMBER, nargs=-1, required=True, metavar="OTHER…")
@json_option
@store_options
def merge(incident_id: int, others: tuple[int, ...], **options: Any) -> None:
    """Put all alerts of other incidents into one."""
    _decide("merge", incident_id, others, **options)


@incidents.command()
@click.argument("alerts", type=NUMBER, nargs=-1, required=True, metavar="ALERT…")
@click.option("--into", type=NUMBER, default=0, metavar="ID", help="Into this incident; else a new one.")
@json_option
@store_options
def escalate(alerts: tuple[int, ...], into: int, **options: Any) -> None:
    """Put alerts into an incident by hand; work on them has begun."""
    _decide("escalate", alerts, into=into, **options)


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@click.option(
    "--verdict", type=click.Choice(sorted(VERDICTS)), default="undetermined", show_default=True, help="Why."
)
@json_option
@store_options
def close(incident_id: int, verdict: str, **options: Any) -> None:
    """Close an incident and its open alerts; a new alert of weight that joins it opens it again."""
    _decide("decide", incident_id, "close", verdict=verdict, **options)


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@json_option
@store_options
def reopen(incident_id: int, **options: Any) -> None:
    """Open a closed incident again; its alerts stay as they are."""
    _decide("decide", incident_id, "reopen", **options)


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@json_option
@store_options
def start(incident_id: int, **options: Any) -> None:
    """Say that work on an incident has begun."""
    _decide("decide", incident_id, "start", **options)


@incidents.command()
@click.argument("incident_id", type=NUMBER)
@click.argument("text")
@json_option
@store_options
def note(incident_id: int, text: str, **options: Any) -> None:
    """Write a note on an incident."""
    _decide("decide", incident_id, "note", text=text, **options)


def _decide(
    what: str, *given: Any, as_json: bool, db: Path | None, config: Path | None, **details: Any
) -> None:
    with opened(db, config, readonly=False) as (store, settings):
        rows = getattr(store.incidents, what)(*given, actor=settings.actor, now=clock(), **details)
    report(rows, as_json)


def incident_json(row: IncidentRow) -> dict[str, Any]:
    """An incident for programs: times as ISO 8601."""
    found: dict[str, Any] = msgspec.to_builtins(row)
    return found | {name: stamp(found[name]) for name in ("first", "last", "created", "updated")}


def member_json(one: MemberRow) -> dict[str, Any]:
    """An alert of an incident for programs."""
    found: dict[str, Any] = msgspec.to_builtins(one)
    return found | {name: stamp(found[name]) for name in ("first", "last", "fired")}


def _state(row: IncidentRow) -> str:
    return f"{row.state}/{row.verdict}" if row.verdict else row.state


def _tactics(row: IncidentRow) -> str:
    return " > ".join(row.tactics)
