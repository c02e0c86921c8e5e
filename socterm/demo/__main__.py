"""`python -m socterm.demo samples FOLDER` writes the sample files; `… show` prints the story."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from socterm.demo import SEED, START, render, write_samples


@click.group()
def main() -> None:
    """The attack story behind `socterm demo`, as files or on the screen."""


@main.command()
@click.argument(
    "folder", type=click.Path(file_okay=False, exists=True, path_type=Path), default="sample_logs"
)
def samples(folder: Path) -> None:
    """Write the sample log and its truth into FOLDER (default: sample_logs here)."""
    for path in write_samples(folder):
        click.echo(path)


@main.command()
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed is another morning.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), default=START, help="First stamp, with zone."
)
@click.option(
    "--label", "labels", multiple=True, help="Only this part of the story; may be given more than once."
)
def show(seed: int, start: datetime, labels: tuple[str, ...]) -> None:
    """Print the story's lines."""
    for step in render(seed, start):
        if not labels or step.label in labels:
            sys.stdout.write(step.line + "\n")


if __name__ == "__main__":
    main()
