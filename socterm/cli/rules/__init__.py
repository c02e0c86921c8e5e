"""`socterm rules`: what the rules are, whether they work, what they cover. One file a command."""

from __future__ import annotations

import click

from socterm.cli.rules.backtesting import backtest
from socterm.cli.rules.checking import check
from socterm.cli.rules.covering import coverage
from socterm.cli.rules.explaining import explain
from socterm.cli.rules.fielding import fields
from socterm.cli.rules.listing import list_
from socterm.cli.rules.mutating import mutate
from socterm.cli.rules.switching import off, on
from socterm.cli.rules.testing import test
from socterm.cli.rules.updating import update


@click.group()
def rules() -> None:
    """List, check, test, back-test, explain and update rules; say what they cover."""


for _command in (list_, check, test, mutate, explain, coverage, update, fields, backtest, off, on):
    rules.add_command(_command)
