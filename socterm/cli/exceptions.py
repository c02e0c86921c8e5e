"""`socterm exceptions`: what is kept from alerting, by whom, why, until when, and how often it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from socterm.alerts.exceptions import USUAL, expiry, status_of
from socterm.cli.excepting import made_from, previewed, suggested
from socterm.cli.output import clean, json_option, put_json, second, stamp, table
from socterm.cli.reading import NUMBER, opened, store_options
from socterm.cli.settings import clock, zone
from socterm.errors import UsageError
from socterm.store import Store
from socterm.store.rows import ExceptionRow

if TYPE_CHECKING:
    from socterm.pipeline.preview import Preview

_STATUSES = ("in force", "expired", "refused")


@click.group()
def exceptions() -> None:
    """Keep what is known to be harmless from alerting: with a reason, an end and a counter.

    Every decision is an audit row; `socterm alerts undo` takes the last one back.
    """


# -- reading -----------------------------------------------------------------------------


@exceptions.command("list")
@click.option("--status", type=click.Choice(_STATUSES), help="Only those.")
@click.option("--sigma", is_flag=True, help="Write their documents, as one file of Sigma filters.")
@json_option
@store_options
def list_(status: str | None, sigma: bool, as_json: bool, db: Path | None, config: Path | None) -> None:
    """All exceptions, the newest first, expired ones too."""
    now = clock()
    with opened(db, config) as (store, _):
        rows = store.exceptions.all()
        names = {rule.id: rule.title for rule in store.triage.rules()}
    rows = [row for row in rows if status in (None, status_of(row.expires, row.problem, now))]
    if sigma:
        click.echo("---\n".join(row.document.rstrip("\n") + "\n" for row in rows), nl=False)
    elif as_json:
        for row in rows:
            put_json(exception_json(row, now))
    else:
        table(
            ("ID", "STATUS", "HITS", "LAST HIT", "EXPIRES", "AUTHOR", "RULES", "EXCEPTION: REASON"),
            [
                (
                    row.id, status_of(row.expires, row.problem, now), row.hits, second(row.last_hit) or "-",
                    second(row.expires) or "never", row.author, _rules(row, names),
                    f"{whom(row)}: {row.problem or row.reason}",
                )
                for row in rows
            ],
        )  # fmt: skip


@exceptions.command()
@click.argument("ident", metavar="ID", type=NUMBER)
@json_option
@store_options
def show(ident: int, as_json: bool, db: Path | None, config: Path | None) -> None:
    """One exception: what it says, what it did, who decided what about it."""
    from socterm.cli.deciding import audit_json

    now = clock()
    with opened(db, config) as (store, _):
        row = _one(store, ident)
        history = store.exceptions.history(ident)
    if as_json:
        put_json({**exception_json(row, now), "history": [audit_json(entry) for entry in history]})
        return
    click.echo(f"exception {row.id}  {status_of(row.expires, row.problem, now)}  {clean(row.title)}")
    if row.problem:
        click.echo(f"problem  {clean(row.problem)}")
    click.echo(f"reason   {clean(row.reason)}")
    click.echo(f"by       {clean(row.author)}, {stamp(row.created)}")
    click.echo(f"expires  {stamp(row.expires) or 'never'}")
    click.echo(f"hits     {row.hits}{', the last ' + stamp(row.last_hit) if row.hits else ''}")
    if row.alert:
        click.echo(f"made of  alert {row.alert}")
    for line in row.document.splitlines():
        click.echo(f"  {clean(line)}")
    for entry in history:
        click.echo(f"  {stamp(entry.at)}  {clean(entry.actor)}  {entry.verb}  {clean(entry.note)}".rstrip())


# -- making ------------------------------------------------------------------------------


def _wording(function: Any) -> Any:
    """The options that say what is excepted."""
    options = (
        click.option(
            "--alert", type=NUMBER, metavar="ID", help="What it is about, of its rule and its parts'."
        ),
        click.option("--alone", is_flag=True, help="Of the alert's rule alone, not of its parts'."),
        click.option("--rule", "rules", multiple=True, metavar="RULE", help="Of this rule: its id or title."),
        click.option("--all-rules", is_flag=True, help="Of all rules."),
        click.option(
            "--field", "fields", multiple=True, metavar="NAME=VALUE", help="What an event must have."
        ),
        click.option(
            "--network", "networks", multiple=True, metavar="NAME=CIDR", help="An address in a network."
        ),
        click.option(
            "--file", type=click.Path(path_type=Path), metavar="FILE", help="A Sigma filter instead of these."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@exceptions.command()
@_wording
@click.option("--reason", help="Why. Whoever reads it in a year should understand.")
@click.option(
    "--expires", default=USUAL, show_default=True, help="12h, 30d, a day such as 2027-01-31, never."
)
@click.option("--close", is_flag=True, help="Close the alert as a false positive, in the same decision.")
@click.option("--anyway", is_flag=True, help="Also where it would have hidden a true positive.")
@json_option
@store_options
def add(
    reason: str | None,
    expires: str,
    close: bool,
    anyway: bool,
    as_json: bool,
    db: Path | None,
    config: Path | None,
    **said: Any,
) -> None:
    """Except something from now on. Says first what that would have hidden of the last seven days."""
    from socterm.pipeline.preview import told

    if close and not said["alert"]:
        raise UsageError("--close closes the alert that --alert names")
    with opened(db, config, readonly=False) as (store, settings):
        now = clock()
        made = made_from(store, settings, said, reason or "", now)
        ends = expiry(expires, now, zone(settings))
        found = previewed(store, settings, made["document"], now)
        if found.lost and not anyway:
            raise UsageError(f"{told(found)[-1]} Narrow it down, or say --anyway")
        rows = store.exceptions.add(
            made,
            actor=settings.actor,
            now=now,
            expires=ends,
            alert=said["alert"] or 0,
            closing=(said["alert"],) if close else (),
        )
        row = _one(store, int(rows[-1].about.partition(":")[2]))
    if as_json:
        put_json({**exception_json(row, now), "preview": preview_json(found)})
        return
    click.echo(f"exception {row.id}: {clean(row.title)}, until {stamp(row.expires) or 'somebody ends it'}")
    for line in told(found):
        click.echo(clean(line))


@exceptions.command()
@_wording
@json_option
@store_options
def preview(as_json: bool, db: Path | None, config: Path | None, **said: Any) -> None:
    """What an exception would have hidden in the last seven days. Changes nothing."""
    from socterm.pipeline.preview import told

    with opened(db, config) as (store, settings):
        now = clock()
        made = made_from(store, settings, said, "preview", now)
        found = previewed(store, settings, made["document"], now)
        common = suggested(store, said)
    if as_json:
        put_json(
            {
                **preview_json(found),
                "document": made["document"],
                "suggested": [msgspec.to_builtins(term) for term in common],
            }
        )
        return
    for line in told(found):
        click.echo(clean(line))
    table(
        ("ALERT", "LEVEL", "HIDDEN", "VERDICT", "ENTITY", "TITLE"),
        [
            (
                one.alert, one.level, f"{one.hidden} of {one.events}", one.verdict or "-",
                " ".join(f"{name}={value}" for name, value in one.entity.items()), one.title,
            )
            for one in found.alerts
        ],
    )  # fmt: skip
    for term in common:
        click.echo(clean(f"narrower: --field {term.field}={term.value}"))


@exceptions.command()
@click.argument("ident", metavar="ID", type=NUMBER)
@click.option("--at", metavar="WHEN", help="Not now but then: 12h, 30d, a day, never.")
@json_option
@store_options
def expire(ident: int, at: str | None, as_json: bool, db: Path | None, config: Path | None) -> None:
    """End an exception: what comes from now on alerts again. What it hid stays hidden."""
    with opened(db, config, readonly=False) as (store, settings):
        now = clock()
        _one(store, ident)
        ends = None if at is None else expiry(at, now, zone(settings))
        store.exceptions.end(ident, actor=settings.actor, now=now, expires=ends)
        row = _one(store, ident)
    if as_json:
        put_json(exception_json(row, now))
    else:
        click.echo(f"exception {row.id}: expires {stamp(row.expires) or 'never'}")


# -- what they share ---------------------------------------------------------------------


def _one(store: Store, ident: int) -> ExceptionRow:
    row = store.exceptions.get(ident)
    if row is None:
        raise UsageError(f"there is no exception {ident}; socterm exceptions list shows those there are")
    return row


def whom(row: ExceptionRow) -> str:
    """What an exception asks for, on one line; its title where it is a document of somebody's own."""
    from socterm.errors import RuleError
    from socterm.sigma.exceptiontext import read, terms_of

    try:
        terms = terms_of(read(row.document).hides)
    except RuleError:
        terms = None
    return " and ".join(map(str, terms)) if terms else row.title


def _rules(row: ExceptionRow, names: dict[str, str]) -> str:
    return ", ".join(names.get(rule, rule) for rule in row.rules) or "all"


def exception_json(row: ExceptionRow, now: int) -> dict[str, Any]:
    """An exception for programs: times as ISO 8601, null for never."""
    found: dict[str, Any] = msgspec.to_builtins(row)
    found["status"] = status_of(row.expires, row.problem, now)
    for name in ("created", "expires", "last_hit"):
        found[name] = stamp(found[name]) or None
    return found


def preview_json(found: Preview) -> dict[str, Any]:
    """A preview for programs."""
    said: dict[str, Any] = msgspec.to_builtins(found)
    said["since"] = stamp(found.since)
    said["would_hide"] = [one.alert for one in found.whole]
    said["true_positives"] = [one.alert for one in found.lost]
    return said
