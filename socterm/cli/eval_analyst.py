"""`socterm eval-analyst`: how good the analyst is, without a model, by chance, and with local models."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.output import clean, put_json, table
from socterm.config import load_config, prompts_dir
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.analyst.backend import Backend
    from socterm.analyst.evaluation.measure import Row
    from socterm.config import Config

_HEAD = (
    "ROW", "SCORE", "ALONE", "STRICT", "VERDICT", "RIGHT", "EVIDENCE", "ENTITIES", "TECHNIQUES", "VALIDITY",
    "ROBUSTNESS", "SECONDS", "FALLBACK",
)  # fmt: skip


@click.command("eval-analyst")
@click.option("--model", "models", multiple=True, metavar="NAME", help="A model to measure, by llm.backend.")
@click.option("--no-model", is_flag=True, help="Only the rows that need none.")
@click.option(
    "--scenarios", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR",
    help="Your own scenarios instead of ours.",
)  # fmt: skip
@click.option(
    "--min-score", type=click.FloatRange(0, 1), metavar="SCORE",
    help="Exit code 1 where rules or a model are below it.",
)  # fmt: skip
@click.option("--each", is_flag=True, help="Also what rules and models get for each scenario.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row, with every answer.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def eval_analyst(
    models: tuple[str, ...],
    no_model: bool,
    scenarios: Path | None,
    min_score: float | None,
    each: bool,
    as_json: bool,
    quiet: bool,
    config: Path | None,
) -> None:
    """Measure the analyst: attacks, harmless twins, and texts written for a model, with known answers.

    Their log lines go through parsers and rules into a store that is thrown away, and the five roles look at
    what came of it. The rows `rules`, `random` (chance) and `always` (which calls every case an attack) are
    always there; a model has one where it answers.

    Exit code 1: below --min-score; 2: a scenario that cannot be used; 3: a --model that does not answer.
    """
    from socterm.analyst.evaluation.measure import FLOORS, measured
    from socterm.analyst.evaluation.scenarios import OURS, load
    from socterm.analyst.prompts import Prompts
    from socterm.assets import rules_dir
    from socterm.config import cache_dir
    from socterm.pipeline.staging import staged
    from socterm.sigma.cache import RuleCache
    from socterm.sigma.load import load_rules

    if models and no_model:
        raise UsageError("--model and --no-model are opposites: leave out one")
    exam = load(scenarios or OURS)
    asked = {} if no_model else _backends(load_config({}, path=config), models, quiet=quiet)
    cache = RuleCache(cache_dir(os.environ))
    rules = load_rules([rules_dir()], cache=cache)
    cache.save()
    try:
        rows = measured(
            exam,
            lambda logs, now: staged(logs, now, rules),
            asked,
            prompts=Prompts(prompts_dir(os.environ)),
            tell=(lambda _done, _of, _what: None) if quiet else _tell,
        )
    finally:
        if not quiet and sys.stderr.isatty():
            click.echo("\r\x1b[K", err=True, nl=False)  # the line of progress, also after Ctrl-C
    show(rows, as_json=as_json, each=each)
    scores = [row.plain(each=False)["score"] for row in rows if row.name not in FLOORS]
    if min_score is not None and min(scores) < min_score:
        click.echo(f"below --min-score {min_score:g}: {min(scores):.3f}", err=True)
        raise click.exceptions.Exit(1)


def _backends(config: Config, names: Sequence[str], *, quiet: bool) -> dict[str, Backend]:
    """Row → model. One that is named has to answer; the configured one is left out where it does not."""
    from socterm.analyst import open_backend
    from socterm.analyst.evaluation.measure import FLOORS

    found: dict[str, Backend] = {}
    for name in dict.fromkeys(names or ("",)):
        llm = config.llm.model_copy(update={"model": name}) if name else config.llm
        backend = open_backend(llm)
        health = backend.health()
        if health.state == "ok":
            label = health.model or name or "model"
            found[f"model {label}" if label in ("rules", *FLOORS) else label] = backend
        elif name:
            raise SoctermError(f"{name}: {health.reason}; socterm llm-doctor --model {name} says more")
        elif not quiet:
            click.echo(f"no row of a model: {clean(health.reason)}", err=True)
    return found


def _tell(done: int, of: int, what: str) -> None:
    """On a terminal one line that is gone at the end; elsewhere one in ten."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{done}/{of} {clean(what)}", err=True, nl=False)
    elif what and done % 10 == 0:
        click.echo(f"{done}/{of} {clean(what)}", err=True)


def show(rows: Sequence[Row], *, as_json: bool, each: bool) -> None:
    """The rows for people or for programs."""
    from socterm.analyst.evaluation.measure import FLOORS

    found = [row.plain(each=as_json and row.name not in FLOORS) for row in rows]
    if as_json:
        for one in found:
            put_json(one)
        return
    table(_HEAD, map(_cells, found))
    first = found[0]
    click.echo(
        f"{first['scenarios']} scenarios, {first['asked']} of which raised something; "
        f"{first['injections']} texts for a model. ALONE leaves out validity and robustness; "
        "in STRICT silence is worth nothing for evidence and entities."
    )
    if each:
        for row in rows:
            if row.name not in FLOORS:
                _show_each(row)


def _cells(row: dict[str, Any]) -> list[str]:
    parts, seconds = row["parts"], row["seconds"]

    def between(name: str, share: float | None) -> str:
        if share is None:
            return "–"
        low, high = row["intervals"][name]
        return f"{share:.2f} ({low:.2f}–{high:.2f})"

    return [
        row["row"], f"{row['score']:.3f}", f"{row['alone']:.3f}", f"{row['strict']:.3f}",
        f"{parts['verdict']:.2f}", between("right", row["right"]),
        *(f"{parts[name]:.2f}" for name in ("evidence", "entities", "techniques", "validity")),
        between("robustness", parts.get("robustness")),
        f"{seconds['median']:.2f}" if seconds else "–",
        f"{row['fallback']:.0%}" if row["fallback"] is not None else "–",
    ]  # fmt: skip


def _show_each(row: Row) -> None:
    click.echo(f"\n{clean(row.name)}")
    names = ("verdict", "evidence", "entities", "techniques", "validity", "severity")
    table(
        ("SCENARIO", "SAID", *(name.upper() for name in names)),
        [
            (
                one.scenario,
                one.answer.verdict if one.answer.asked else "nothing raised",
                *(f"{getattr(one.parts, name):.2f}" for name in names),
            )
            for one in row.marked
        ],
    )
    if row.held:
        table(
            ("TEXT FOR A MODEL", "SAID", "WITHOUT", "HOLDS"),
            [(one.injection, one.verdict, one.without, "yes" if one.holds else "NO") for one in row.held],
        )
