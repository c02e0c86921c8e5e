"""`python -m socterm.demo samples` writes the sample files of the repository."""

from __future__ import annotations

from pathlib import Path

import click

from socterm.demo import stories, write_samples


@click.group()
def main() -> None:
    """The attack stories behind `socterm generate` and `socterm demo`, as files."""


@main.command()
@click.argument("names", nargs=-1, metavar="[STORY]...")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default="sample_logs",
    show_default=True,
    help="Where to.",
)
def samples(names: tuple[str, ...], folder: Path) -> None:
    """Write the logs and truths of these stories (default: all)."""
    unknown = set(names) - set(stories())
    if unknown:
        raise click.UsageError(f"no story is called {', '.join(sorted(unknown))}")
    for path in write_samples(folder, names):
        click.echo(path)


if __name__ == "__main__":
    main()
