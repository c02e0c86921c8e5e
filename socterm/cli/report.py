"""`socterm report`: an incident or a shift as a document to hand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.output import put_json
from socterm.cli.reading import NUMBER, opened, store_options
from socterm.cli.settings import clock
from socterm.errors import UsageError
from socterm.query.times import duration, interval

if TYPE_CHECKING:
    from socterm.reports import Document


_forms = click.Choice(("markdown", "html"))


@click.group()
def report() -> None:
    """Write an incident or a shift hand-over as Markdown or HTML; every statement says what it rests on."""


def report_options(lines: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What every report takes; `lines` is how many lines of logs it shows of an alert by default."""

    def on(function: Callable[..., None]) -> Callable[..., None]:
        options = (
            click.option("--format", "form", type=_forms, help="The form, else by the file's name."),
            click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Where to."),
            click.option(
                "--lines", type=click.IntRange(0, 1000), default=lines, show_default=True, metavar="N",
                help="Lines of logs of an alert.",
            ),
            click.option("--json", "as_json", is_flag=True, help="The statements as one JSON object."),
            store_options,
        )  # fmt: skip
        for option in reversed(options):
            function = option(function)
        return function

    return on


@report.command()
@click.option("--since", default="8h", show_default=True, metavar="TIME", help="Its begin: 8h, or a time.")
@report_options(lines=3)
def shift(since: str, lines: int, db: Path | None, config: Path | None, **form: Any) -> None:
    """The hand-over of a shift: what is open, what was decided by whom, the noise, what to keep an eye on."""
    from socterm.reports import shift_report
    from socterm.reports.gather import shift_facts

    now = clock()
    begin = _begin(since, now)
    with opened(db, config, readonly=None) as (store, settings):
        facts = shift_facts(store, since=begin, until=now, author=settings.actor, lines=lines)
    put(shift_report(facts), **form)


@report.command()
@click.argument("ident", type=NUMBER, metavar="ID")
@report_options(lines=10)
def incident(ident: int, lines: int, db: Path | None, config: Path | None, **form: Any) -> None:
    """An incident: what happened in order, to whom, why it is one, what was decided, and the lines."""
    from socterm.reports import incident_report
    from socterm.reports.gather import incident_facts

    with opened(db, config, readonly=None) as (store, settings):
        facts = incident_facts(store, ident, now=clock(), author=settings.actor, lines=lines)
    put(incident_report(facts), **form)


def put(document: Document, *, form: str | None, output: Path | None, as_json: bool) -> None:
    """Write a report where and as it was asked for. Raises `SoctermError` where that cannot be."""
    from socterm.reports import plain
    from socterm.reports.writing import ENDINGS, FORMS, write

    if as_json:
        if output is not None or form is not None:
            raise UsageError("--json goes to standard output: leave out --output and --format")
        put_json(plain(document))
        return
    told = ENDINGS.get(output.suffix.lower()) if output is not None else None
    text = FORMS[form or told or "markdown"](document)
    if output is None:
        click.echo(text, nl=False)
    else:
        write(output, text)


def _begin(since: str, now: int) -> int:
    """When (µs) a shift began: a span before now, or a time. Raises `UsageError` for neither."""
    back = duration(since.strip())
    found = interval(since.strip(), now) if back is None else (now - back, now)
    if found is None:
        raise UsageError(f"--since {since}: write a span such as 8h, or a time such as 2026-11-20T06:00")
    if found[0] >= now:
        raise UsageError(f"--since {since}: is still to come")
    return found[0]
