"""`socterm rules test`: the tests inside rule files, run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socterm.cli.output import clean, json_option, put_json
from socterm.cli.rules.common import chosen, outside, path_of, place, rule_options, settings_of
from socterm.cli.wiring import placeholders, rule_paths
from socterm.errors import SoctermError

if TYPE_CHECKING:
    from socterm.sigma.model import RuleFate
    from socterm.sigma.testing import Outcome


@click.command()
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("-v", "--verbose", is_flag=True, help="Each test, and the rules that have none.")
@rule_options
@json_option
def test(
    names: tuple[str, ...], verbose: bool, extra: tuple[str, ...], config: Path | None, as_json: bool
) -> None:
    """Run the tests inside the rule files. Exit code 1 where one fails.

    RULE is an id, a name, a title, a part of a title, or a file; without one all rules are tested. Rules
    without tests are counted; a rule that was refused is an error.
    """
    from socterm.pipeline.rulecheck import run_rule_tests
    from socterm.sigma.load import load_rules

    settings = settings_of(extra, config)
    paths = rule_paths(settings.rules)
    more = outside([path for name in names if (path := path_of(name)) is not None], paths)
    rules = load_rules([*paths, *map(Path, more)], placeholders=placeholders(settings))
    asked = chosen(rules, names) if names else rules.fates
    outcomes = run_rule_tests(rules, {f.key for f in asked} if names else None)
    tested = {outcome.rule for outcome in outcomes}
    refused = [f for f in asked if f.fate == "refused"]
    without = [f for f in asked if f.key not in tested and f.fate != "refused"]
    if as_json:
        for outcome in outcomes:
            put_json(outcome)
        for f in refused:
            put_json({"rule": f.key, "title": f.title, "path": f.path, "refused": f.reason})
        for f in without if verbose else ():
            put_json({"rule": f.key, "title": f.title, "path": f.path, "tests": 0})
    else:
        _print(outcomes, without, refused, verbose=verbose)
    if any(outcome.problem for outcome in outcomes):
        raise click.exceptions.Exit(1)
    if refused:
        said = f"{len(refused)} rules were refused; socterm rules list --fate refused says why"
        raise SoctermError(f"{refused[0].title}: refused: {refused[0].reason}" if len(refused) == 1 else said)


def _print(
    outcomes: Sequence[Outcome], without: Sequence[RuleFate], refused: Sequence[RuleFate], *, verbose: bool
) -> None:
    for outcome in outcomes:
        if outcome.problem:
            click.echo(clean(f"FAIL  {outcome.title}: {outcome.test}: {outcome.problem}"))
        elif verbose:
            click.echo(clean(f"ok    {outcome.title}: {outcome.test}"))
    for f in refused:
        click.echo(clean(f"REFUSED  {f.title}: {f.reason} ({place(f.path, f.line)})"))
    if verbose:
        for f in without:
            click.echo(clean(f"none  {f.title}: no tests ({place(f.path, f.line)})"))
    failed = sum(1 for outcome in outcomes if outcome.problem)
    parts = [f"{len(outcomes) - failed} passed", f"{failed} failed"]
    parts += [f"{len(without)} rules without tests"] if without else []
    parts += [f"{len(refused)} refused"] if refused else []
    click.echo(", ".join(parts))
