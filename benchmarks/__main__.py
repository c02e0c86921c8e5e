"""`python -m benchmarks [--check] [NAME…]`: run benchmarks, print their figures beside their bars."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from pathlib import Path

import click

from benchmarks import (
    bench_console,
    bench_detect,
    bench_end_to_end,
    bench_enrich,
    bench_http,
    bench_hunt,
    bench_keys,
    bench_match,
    bench_mixed,
    bench_panes,
    bench_parse,
    bench_search,
    bench_sigma,
    bench_soak,
    bench_sources,
    bench_store,
)
from benchmarks.frame import Benchmark, Figure, Setting, table

BENCHMARKS: dict[str, Benchmark] = {
    "sources": bench_sources.sources,
    "http": bench_http.intake,
    "mixed": bench_mixed.mixed,
    "parse": bench_parse.parse,
    "enrich": bench_enrich.enrich,
    "match": bench_match.match,
    "load": bench_match.load,
    "sigma": bench_sigma.sigma,
    "detect": bench_detect.detect,
    "store": bench_store.store,
    "hunt": bench_hunt.hunting,
    "search": bench_search.search,
    "panes": bench_panes.panes,
    "keys": bench_keys.keys,
    "soak": bench_soak.soak,
    "end-to-end": bench_end_to_end.end_to_end,
    "start": bench_console.start,
    "first-frame": bench_console.first_frame,
    "loop-lag": bench_console.loop_lag,
    "line-to-alert": bench_console.line_to_alert,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)), metavar="[NAME]...")
@click.option("--check", is_flag=True, help="Exit with 1 where a bar is missed or could not be measured.")
@click.option(
    "--lines", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Lines of the log."
)
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read this log instead."
)
@click.option("--write", type=click.Path(exists=True, path_type=Path), help="Put the table into this page.")
@click.option(
    "--events",
    type=click.IntRange(100_000),
    default=10_000_000,
    show_default=True,
    help="Events of the big store.",
)
@click.option("--alerts", type=click.IntRange(1_000), default=10_000, show_default=True, help="Its alerts.")
@click.option(
    "--seconds", type=float, default=60.0, show_default=True, help="How long each of soak and mixed takes."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another log.")
def main(
    names: tuple[str, ...],
    check: bool,
    lines: int,
    file: Path | None,
    write: Path | None,
    events: int,
    alerts: int,
    seconds: float,
    seed: int,
) -> None:
    """Measure socterm; without NAMEs, everything."""
    found: list[tuple[str, Figure]] = []
    with tempfile.TemporaryDirectory(prefix="socterm-benchmarks-") as folder:
        setting = Setting(Path(folder), lines, seed, file, events, alerts, seconds)
        for name in names or tuple(BENCHMARKS):
            click.echo(f"{name} …", err=True)
            found += [(name, figure) for figure in _figures(name, setting)]
    click.echo(table(found))
    if write is not None:
        _put(write, table(found))
    if check and any(figure.verdict in {"MISSED", "not measured"} for _, figure in found):
        sys.exit(1)


def _put(page: Path, figures: str) -> None:
    """Replace what stands between the two marks, and say on what machine it was measured."""
    before, start, rest = page.read_text(encoding="utf-8").partition("<!-- figures -->\n")
    _, end, after = rest.partition("<!-- /figures -->")
    if not start or not end:
        raise click.UsageError(f"{page} has no <!-- figures --> and <!-- /figures --> marks")
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    told = f"{os.cpu_count()} cores, {platform.system()}, {versions}."
    page.write_text(f"{before}{start}{told}\n\n{figures}\n{end}{after}", encoding="utf-8")


def _figures(name: str, setting: Setting) -> list[Figure]:
    try:
        return BENCHMARKS[name](setting)
    except RuntimeError as error:
        click.echo(f"{name}: {error}", err=True)
        return [Figure(name, None, "", note="failed, see above")]


if __name__ == "__main__":
    main()
