"""`socterm entity`: all that is known of one user, address or host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from socterm.alerts.bonds import KINDS
from socterm.cli.output import clean, json_option, put_json, stamp
from socterm.cli.reading import opened, store_options
from socterm.errors import UsageError
from socterm.query.values import is_address
from socterm.store.doors.entities import FIELDS, EntityPage


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="FIELD=VALUE")
@json_option
@store_options
def entity(what: tuple[str, ...], as_json: bool, db: Path | None, config: Path | None) -> None:
    """Say what is known of one user, address or host: when it was seen, its alerts, risk, whom it met.

    \b
    socterm entity 203.0.113.9
    socterm entity user alice
    """
    field, value = _named(what)
    with opened(db, config) as (store, _):
        page = store.entities.page(field, value)
    if as_json:
        put_json(_json(page))
    else:
        _print(page)


def _named(what: tuple[str, ...]) -> tuple[str, str]:
    """The field and the value that were asked for; an address alone is that of a source."""
    if len(what) == 1 and is_address(what[0]):
        return "source.ip", what[0]
    field, equals, value = what[0].partition("=") if len(what) == 1 else (what[0], "=", " ".join(what[1:]))
    field = FIELDS.get(field, field)
    if field not in KINDS or not equals or not value:
        raise UsageError("name one thing: socterm entity user alice, or 203.0.113.9, or host web01")
    return field, value


def _json(page: EntityPage) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(page)
    for part in (found, *found["alerts"]):
        part["first"], part["last"] = stamp(part["first"]), stamp(part["last"])
    return found


def _print(page: EntityPage) -> None:
    unseen = "never seen" if page.exact else "not seen of late"
    click.echo(f"{clean(page.field)}  {clean(page.value)}  {page.baseline or unseen}  risk {page.risk}")
    if page.lines:
        about = "" if page.exact else "at least " if page.lines == page.sampled else "about "
        click.echo(f"seen     {stamp(page.first)} to {stamp(page.last)}, {about}{page.lines:,} lines")
        told = ", ".join(f"{clean(name)} {count:,}" for name, count in page.outcomes.items())
        click.echo(f"outcome  {told}{_of(page)}")
    for name, value in page.known.items():
        click.echo(f"known    {clean(name)}={clean(value)}")
    for peer in page.peers:
        failed = f", {peer.failures:,} failed" if peer.failures else ""
        click.echo(f"met      {clean(peer.field)}={clean(peer.value)}  {peer.count:,}{failed}")
    if page.incidents:
        click.echo(f"incident {', '.join(map(str, page.incidents))}")
    for one in page.alerts:
        named = "" if one.named else "  (in evidence)"
        state = f"{one.state}/{one.verdict}" if one.verdict else one.state
        click.echo(f"alert    #{one.id}  {one.level}  {state}  {stamp(one.last)}  {clean(one.title)}{named}")


def _of(page: EntityPage) -> str:
    return "" if page.exact else f" (of its latest {page.sampled:,} lines)"
