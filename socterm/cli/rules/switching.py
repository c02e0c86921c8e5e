"""`socterm rules off` and `on`: a rule raises no alerts, for a reason and until a day."""

from __future__ import annotations

from pathlib import Path

import click

from socterm.alerts.exceptions import EVERYTHING, Wording, expiry, status_of
from socterm.cli.excepting import rule_named
from socterm.cli.output import clean, stamp
from socterm.cli.reading import opened, store_options
from socterm.cli.settings import clock, zone
from socterm.errors import UsageError


@click.command()
@click.argument("name", metavar="RULE")
@click.option("--reason", required=True, help="Why. Whoever reads it in a year should understand.")
@click.option(
    "--expires", default="never", show_default=True, help="12h, 30d, a day such as 2027-01-31, never."
)
@store_options
def off(name: str, reason: str, expires: str, db: Path | None, config: Path | None) -> None:
    """Let RULE (an id, a title or a part of one) raise no more alerts in this store.

    It goes on being matched and counted, and feeds the rules built on it: an exception for all it finds.
    """
    from socterm.pipeline.exceptions import made

    with opened(db, config, readonly=False) as (store, settings):
        now = clock()
        rule = rule_named(store.triage.rules(), name)
        if rule.fate != "active":
            raise UsageError(f"{rule.title} is {rule.fate}: it raises no alerts as it is")
        wording = Wording((rule.id,), (EVERYTHING,), reason)
        found = made(wording, author=settings.actor, now=now, names=(rule.title,))
        ends = expiry(expires, now, zone(settings))
        rows = store.exceptions.add(found, actor=settings.actor, now=now, expires=ends)
    click.echo(
        f"{clean(rule.title)}: off until {stamp(ends) or 'somebody switches it on'} ({rows[-1].about})"
    )


@click.command()
@click.argument("name", metavar="RULE")
@store_options
def on(name: str, db: Path | None, config: Path | None) -> None:
    """Let RULE raise alerts again; what it found meanwhile does not come back."""
    with opened(db, config, readonly=False) as (store, settings):
        now = clock()
        rule = rule_named(store.triage.rules(), name)
        found = [
            row
            for row in store.exceptions.all()
            if row.off and row.rules == (rule.id,) and status_of(row.expires, "", now) == "in force"
        ]
        if not found:
            raise UsageError(f"{rule.title} is not switched off")
        for row in found:
            store.exceptions.end(row.id, actor=settings.actor, now=now)
    click.echo(f"{clean(rule.title)}: on")
