"""`socterm formats`: what can be read."""

from __future__ import annotations

import click

from socterm.cli.output import json_option, put_json, table
from socterm.parsers.registry import FORMATS, PROBLEMS


@click.command()
@json_option
def formats(as_json: bool) -> None:
    """List the log formats socterm reads, with their names for --format."""
    rows = sorted(FORMATS.values(), key=lambda made: made.name)
    if as_json:
        for made in rows:
            put_json({"name": made.name, "title": made.title, "example": made.example})
        return
    table(("FORMAT", "READS"), [(made.name, made.title) for made in rows])
    for problem in PROBLEMS:
        click.echo(f"socterm: {problem}", err=True)
