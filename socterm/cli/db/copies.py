"""`socterm db backup` and `restore`."""

from __future__ import annotations

from pathlib import Path

import click

from socterm.amounts import shown_size
from socterm.cli.doing import Doing
from socterm.cli.output import json_option, put_json
from socterm.cli.reading import store_options, store_path
from socterm.cli.settings import clock, configure
from socterm.errors import UsageError
from socterm.store.upkeep import backup as copies

quick_option = click.option(
    "--quick", is_flag=True, help="Do not look through the copy; checking a big one takes minutes."
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@quick_option
@json_option
@store_options
def backup(file: Path, quick: bool, as_json: bool, db: Path | None, config: Path | None) -> None:
    """Copy the store to FILE, also while another process ingests; FILE is there whole or not at all."""
    path = store_path(db, config)
    with Doing("copying and checking") as doing:
        size = copies.backup(path, file, now=clock(), thorough=not quick, told=doing)
    if as_json:
        put_json({"db": str(path), "file": str(file), "bytes": size, "checked": not quick})
    else:
        click.echo(f"{path}: copied to {file}, {shown_size(size)}{'' if quick else ', checked'}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@quick_option
@json_option
@store_options
def restore(file: Path, quick: bool, as_json: bool, db: Path | None, config: Path | None) -> None:
    """Put a copy in the place of the store; the former one is kept beside it.

    Refused while anybody has the store open.
    """
    path = configure({"db": db, "config": config}).db
    if not file.exists():
        raise UsageError(f"{file}: no such file")
    with Doing("checking and copying") as doing:
        aside = copies.restore(file, path, thorough=not quick, now=clock(), told=doing)
    if as_json:
        put_json({"db": str(path), "file": str(file), "former": str(aside) if aside else ""})
    else:
        click.echo(f"{path}: restored from {file}" + (f"; the former one is {aside}" if aside else ""))
