"""`socterm rules check`: a linter for rule files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socterm.cli.output import clean, json_option, put_json
from socterm.cli.rules.common import rule_options, settings_of
from socterm.cli.wiring import placeholders, refuse_missing, rule_paths
from socterm.errors import UsageError

if TYPE_CHECKING:
    from socterm.sigma.lint.finding import Finding


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@click.option("--hints", is_flag=True, help="Also what a good rule has and these lack.")
@click.option("--summary", is_flag=True, help="Only how many findings there are of each kind.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    help="How findings are printed.",
)
@rule_options
@json_option
def check(
    paths: tuple[Path, ...],
    strict: bool,
    hints: bool,
    summary: bool,
    form: str,
    extra: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """Say what is wrong, odd or missing in rule files, with line and character. Exit code 1 on errors.

    PATH is a file or folder; without one it is all rules that are loaded. Rules a correlation refers to may
    also stand in socterm's own pack and in what is configured.
    """
    from socterm.sigma.documents import read_file, rule_files
    from socterm.sigma.lint.together import lint
    from socterm.sigma.load import load_files

    settings = settings_of(extra, config)
    context = rule_files(rule_paths(settings.rules))
    refuse_missing(paths)
    chosen = rule_files(paths) if paths else context
    for path in paths:
        if not rule_files([path]):
            raise UsageError(f"{path}: no rule files (.yml, .yaml) in it")
    mine = {path.resolve() for path in chosen}
    files = [read_file(path) for path in chosen]
    beside = [read_file(path) for path in context if path.resolve() not in mine]
    findings = lint(files, load_files([*files, *beside], placeholders=placeholders(settings)))
    shown = [f for f in findings if hints or f.severity != "hint"]
    if as_json:
        for finding in shown:
            put_json(finding)
    else:
        if not summary:
            for finding in shown:
                click.echo(clean(finding.text) if form == "text" else _github(finding))
        if form == "text":
            _summary(findings, len(files), hints=hints, kinds=summary)
    bad = ("error", "warning") if strict else ("error",)
    if any(finding.severity in bad for finding in findings):
        raise click.exceptions.Exit(1)


def _github(finding: Finding) -> str:
    """A workflow command: GitHub shows it beside the line."""
    kind = "notice" if finding.severity == "hint" else finding.severity
    message = clean(finding.message).replace("%", "%25")
    path = clean(finding.path).replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
    return f"::{kind} file={path},line={finding.line},col={finding.char},title={finding.check}::{message}"


def _summary(findings: Sequence[Finding], files: int, *, hints: bool, kinds: bool) -> None:
    if kinds:
        counted = Counter((f.severity, f.check) for f in findings)
        for (severity, name), number in sorted(counted.items(), key=lambda item: (item[0][0], -item[1])):
            click.echo(f"{number:7} {severity:8} {name}")
    by = Counter(f.severity for f in findings)
    unseen = "" if hints or not by["hint"] else " (--hints shows them)"
    click.echo(f"{files} files: {by['error']} errors, {by['warning']} warnings, {by['hint']} hints{unseen}")
