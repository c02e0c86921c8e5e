"""`socterm rules`: the fate of every rule, and their tests."""

from __future__ import annotations

from pathlib import Path

import click

from socterm.cli.output import json_option, put_json, table
from socterm.cli.wiring import configure, rule_paths
from socterm.errors import SoctermError


@click.group()
def rules() -> None:
    """List rules with their fate, run their tests."""


_paths = click.option("--rules", "extra", multiple=True, metavar="PATH", help="More rules: a file or folder.")
_config = click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file."
)


@rules.command("list")
@click.option("--fate", type=click.Choice(["active", "base", "disabled", "refused"]), help="Only these.")
@_paths
@_config
@json_option
def list_(fate: str | None, extra: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Every rule document read and what became of it: active, base, disabled or refused, and why."""
    from socterm.pipeline.rulecheck import load_checked

    settings = configure({"rules": extra, "config": config})
    loaded = load_checked(rule_paths(settings.rules))
    fates = [f for f in loaded.fates if fate is None or f.fate == fate]
    if as_json:
        for f in fates:
            put_json(f)
        return
    table(
        ("FATE", "LEVEL", "TITLE", "REASON", "FILE"),
        [(f.fate, f.level, f.title, f.reason, _where(f.path, f.line)) for f in fates],
    )


def _where(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


@rules.command()
@_paths
@_config
@json_option
def test(extra: tuple[str, ...], config: Path | None, as_json: bool) -> None:
    """Run the tests inside the rule files. Exit code 1 where one fails."""
    from socterm.pipeline.rulecheck import run_rule_tests
    from socterm.sigma.load import load_rules

    settings = configure({"rules": extra, "config": config})
    loaded = load_rules(rule_paths(settings.rules))
    outcomes = run_rule_tests(loaded)
    if as_json:
        for outcome in outcomes:
            put_json(outcome)
    else:
        for outcome in outcomes:
            if outcome.problem:
                click.echo(f"FAIL  {outcome.title}: {outcome.test}: {outcome.problem}")
        failed = sum(1 for o in outcomes if o.problem)
        click.echo(f"{len(outcomes) - failed} passed, {failed} failed")
    refused = [f for f in loaded.fates if f.fate == "refused"]
    if any(o.problem for o in outcomes):
        raise click.exceptions.Exit(1)
    if refused:
        raise SoctermError(f"{len(refused)} rules were refused; socterm rules list --fate refused says why")
