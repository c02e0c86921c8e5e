"""`socterm report`: an incident or a shift as a document to hand on."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.output import put_json
from socterm.cli.reading import opened, store_options
from socterm.cli.wiring import clock
from socterm.errors import SoctermError, UsageError
from socterm.query.times import duration, interval

if TYPE_CHECKING:
    from socterm.reports import Document

FORMS = ("markdown", "html")
_ENDINGS = {".html": "html", ".htm": "html"}


@click.group()
def report() -> None:
    """Write an incident or a shift hand-over as Markdown or HTML; every statement says what it rests on."""


def report_options(lines: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What every report takes; `lines` is how many lines of logs it shows of an alert by default."""

    def on(function: Callable[..., None]) -> Callable[..., None]:
        options = (
            click.option("--format", "form", type=click.Choice(FORMS), help="Else by the file's name."),
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


def put(document: Document, *, form: str | None, output: Path | None, as_json: bool) -> None:
    """Write a report where and as it was asked for. Raises `SoctermError` where that cannot be."""
    from socterm.reports import html, markdown, plain

    if as_json:
        if output is not None or form is not None:
            raise UsageError("--json goes to standard output: leave out --output and --format")
        put_json(plain(document))
        return
    form = form or (_ENDINGS.get(output.suffix.lower(), "") if output is not None else "") or FORMS[0]
    text = html(document) if form == "html" else markdown(document)
    if output is None:
        click.echo(text, nl=False)
    else:
        replace(output, text)


def replace(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all; only its owner can read a new one.

    Raises `SoctermError` where it cannot be written, `UsageError` for what is no file.
    """
    try:
        path = path.expanduser().resolve()
        known = path.stat() if path.exists() else None
        if known is not None and not stat.S_ISREG(known.st_mode):
            raise UsageError(f"--output {path}: is no file")
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                if known is not None:
                    os.fchmod(file.fileno(), stat.S_IMODE(known.st_mode))
            Path(beside).replace(path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SoctermError(f"{path} cannot be written: {error.strerror or error}") from None


def _begin(since: str, now: int) -> int:
    """When (µs) a shift began: a span before now, or a time. Raises `UsageError` for neither."""
    back = duration(since.strip())
    found = interval(since.strip(), now) if back is None else (now - back, now)
    if found is None:
        raise UsageError(f"--since {since}: write a span such as 8h, or a time such as 2026-11-20T06:00")
    if found[0] >= now:
        raise UsageError(f"--since {since}: is still to come")
    return found[0]
