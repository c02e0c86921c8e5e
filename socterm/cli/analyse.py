"""`socterm analyse`: five roles over an alert or an incident, drafted by rules, refined by a local model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socterm.cli.output import clean, put_json
from socterm.cli.reading import opened, store_options
from socterm.cli.settings import clock, zone
from socterm.config import prompts_dir
from socterm.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socterm.store.doors.analyses import Proposal, Trace


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="ALERT|incident ID")
@click.option("--kept", is_flag=True, help="Show the last round as it is kept; begin none.")
@click.option("--no-model", is_flag=True, help="Drafts of the rules only, whatever model there is.")
@click.option("--fast", is_flag=True, help="Ask the model once for all it may say.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@store_options
def analyse(
    what: tuple[str, ...],
    kept: bool,
    no_model: bool,
    fast: bool,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """Have five roles look at an alert or an incident: what it is, whom it is about, what to do next.

    Nothing is decided: what they propose is a person's to do.

    \b
    socterm analyse 3
    socterm analyse incident 2 --json
    """
    from socterm.analyst import NullBackend, open_backend
    from socterm.analyst.prompts import Prompts
    from socterm.analyst.roles.desk import Roles

    about = case_of(what)
    with opened(db, config, readonly=None) as (store, settings):
        trace = store.analyses.latest(about) if kept else None
        if kept and trace is None:
            raise UsageError(f"nothing is kept of {about.replace(':', ' ')}: leave out --kept")
        if trace is None:
            backend = NullBackend("--no-model") if no_model else open_backend(settings.llm)
            writable = os.access(settings.db, os.W_OK) and os.access(settings.db.resolve().parent, os.W_OK)
            roles = Roles(
                store,
                backend,
                now=clock,
                tz=zone(settings),
                fast=fast,
                keeping=writable,
                prompts=Prompts(prompts_dir(os.environ)),
            )
            trace = roles.whole(about, actor=settings.actor)
        proposals = store.analyses.proposals(about)
    show(trace, proposals, as_json=as_json)


_LEADS = {"head": "", "title": "", "note": "  · "}


def case_of(words: Sequence[str]) -> str:
    """The case somebody names: `3`, `alert 3`, `incident 2`. Raises UsageError for anything else."""
    kind, number = ("alert", words[0]) if len(words) == 1 else (words[0], " ".join(words[1:]))
    number = number.removeprefix("#")
    if kind not in ("alert", "incident") or not number.isdecimal() or len(number) > 18:
        raise UsageError("name an alert or an incident: socterm analyse 3, or socterm analyse incident 2")
    return f"{kind}:{int(number)}"


def show(trace: Trace, proposals: Sequence[Proposal], *, as_json: bool) -> None:
    """The round for people or for programs."""
    from socterm.analyst.roles.told import action, plain, told

    if as_json:
        put_json(plain(trace, proposals))
        return
    for said in told(trace):
        lead = (
            "" if said.look in ("head", "title") or not said.text else "  · " if said.look == "note" else "  "
        )
        label = f"  ({said.label})" if said.label else ""
        click.echo(f"{lead}{clean(said.text)}{clean(label)}")
    if proposals:
        click.echo("Proposals (a person applies them, in the console with A on the alert)")
        for one in proposals:
            click.echo(f"  {clean(action(one))}: {clean(one.why)}")
