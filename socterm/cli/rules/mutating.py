"""`socterm rules mutate`: which parts of a rule no test of it would miss."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socterm.cli.output import clean, json_option, put_json
from socterm.cli.rules.common import chosen, outside, path_of, rule_options, settings_of
from socterm.cli.wiring import placeholders, rule_paths
from socterm.errors import UsageError

if TYPE_CHECKING:
    from socterm.pipeline.rulemutants import Tried

_USED = ("active", "no-source", "base")


@click.command()
@click.argument("names", nargs=-1, metavar="RULE...", required=True)
@click.option(
    "--accepted",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Mutants that mean the same as the rule: a line `rule | mutant | why` each.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="How many processes share the work.",
)
@click.option("-v", "--verbose", is_flag=True, help="Each mutant, and the test that noticed it.")
@rule_options
@json_option
def mutate(
    names: tuple[str, ...],
    accepted: Path | None,
    jobs: int,
    verbose: bool,
    extra: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """Break rules one part at a time and see whether their tests notice. Exit code 1 where none does.

    RULE is an id, a name, a title, a part of a title, a file or a folder. What is broken: selections, values,
    modifiers, conditions, thresholds, group-by, time spans, rules, and the settings of what rules remember.
    """
    from socterm.pipeline.rulemutants import Mutation
    from socterm.sigma.documents import read_file, rule_files

    settings = settings_of(extra, config)
    paths = rule_paths(settings.rules)
    more = outside([path for name in names if (path := path_of(name)) is not None], paths)
    files = [read_file(path) for path in rule_files([*paths, *map(Path, more)])]
    mutation = Mutation(files, placeholders(settings))
    tested = [f for f in chosen(mutation.rules, names) if f.fate in _USED]
    equivalent = _accepted(accepted)
    count: Counter[str] = Counter()
    for tried in mutation.all_of(tested, jobs=jobs):
        known = equivalent.pop((tried.rule, tried.mutant), None) if tried.fate == "unnoticed" else None
        said = "accepted" if known is not None else tried.fate
        count[said] += 1
        if as_json:
            put_json({**tried._asdict(), "fate": said, "why": known or tried.why})
        elif verbose or said == "unnoticed":
            click.echo(clean(_line(tried, said, known or tried.why)))
    for rule, mutant in equivalent if len(names) == 1 and path_of(names[0]) in paths else ():
        count["stale"] += 1
        click.echo(clean(f"stale      {rule}: {mutant}: accepted, but there is no such unnoticed mutant"))
    if not as_json:
        click.echo(", ".join(f"{number} {said}" for said, number in sorted(count.items())) or "no mutants")
    if count["unnoticed"] or count["stale"]:
        raise click.exceptions.Exit(1)


def _line(tried: Tried, said: str, why: str) -> str:
    return f"{said:<10} {tried.rule}: {tried.mutant}{f' ({why})' if why else ''}"


def _accepted(path: Path | None) -> dict[tuple[str, str], str]:
    """Mutants that mean the same as their rule, each with the reason. Raises `UsageError` for an odd line."""
    found: dict[tuple[str, str], str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path else (), 1):
        parts = [part.strip() for part in line.split(" | ")]
        if not line.strip() or line.startswith("#"):
            continue
        if len(parts) != 3 or not all(parts):
            raise UsageError(f"{path} line {number}: write `rule | mutant | why`")
        found[parts[0], parts[1]] = parts[2]
    return found
