"""`socterm db`: look at a store, keep it small, copy it."""

from __future__ import annotations

import click

from socterm.cli.db.copies import backup, restore
from socterm.cli.db.export import export
from socterm.cli.db.keeping import retain, vacuum
from socterm.cli.db.looking import canonical, check, info


@click.group()
def db() -> None:
    """Check, describe, trim, copy and dump a store."""


for command in (check, canonical, info, retain, vacuum, backup, restore, export):
    db.add_command(command)
