"""`socterm metrics`: how well triage goes, in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from socterm.alerts.metrics import Metrics, RuleNoise, Spread
from socterm.cli.output import clean, json_option, put_json, stamp, table
from socterm.cli.reading import moment, opened, store_options
from socterm.cli.settings import clock
from socterm.errors import UsageError

SECOND = 1_000_000
_UNITS = (("d", 86_400 * SECOND), ("h", 3_600 * SECOND), ("m", 60 * SECOND))


@click.command()
@click.option(
    "--since", default="7d", show_default=True, metavar="TIME", help="Such as 24h, 7d or 2026-11-01T06:00."
)
@click.option("--until", metavar="TIME", help="Up to the end of that day, minute or second; now by default.")
@click.option(
    "--rules", "most", type=click.IntRange(0), default=10, show_default=True, help="Noisiest rules."
)
@json_option
@store_options
def metrics(
    since: str, until: str | None, most: int, as_json: bool, db: Path | None, config: Path | None
) -> None:
    """How fast alerts come, are seen and closed, how many were false, which rules are noisy, what is open."""
    now = clock()
    end = now if until is None else min(now, moment("--until", until, now)[1])
    start = moment("--since", since, now)[0]
    if start >= end:
        raise UsageError(f"--since {clean(since)}: it must be before {stamp(end)}")
    with opened(db, config, readonly=None) as (store, _):
        store.snoozes.wake(now)
        found = store.metrics.figures(start, end, now)
    if as_json:
        put_json(metrics_json(found))
        return
    for line in lines(found):
        click.echo(line)
    if most and found.rules:
        click.echo()
        table(("ALERTS", "PARTS", "OPEN", "FALSE", "RULE"), map(_rule, found.rules[:most]))
        click.echo()
        for rule in found.rules[:most]:
            if rule.tune:
                click.echo(f"tune {clean(rule.title)}: {clean(' '.join(rule.tune.split()))}")


def metrics_json(found: Metrics) -> dict[str, Any]:
    """The figures for programs: moments as ISO 8601, spans in seconds."""
    record: dict[str, Any] = msgspec.to_builtins(found)
    for name in ("since", "until"):
        record[name] = stamp(record[name])
    for name in ("detect", "acknowledge", "resolve"):
        record[name] = {k: v if k == "count" else v / SECOND for k, v in record[name].items()}
    return record


def lines(found: Metrics) -> Iterable[str]:
    """The figures for people, but for the rules."""
    yield f"alerts        {found.alerts} and {found.parts} parts of them, {found.per_hour:.1f} an hour"
    yield f"              raised from {stamp(found.since)[:16]}Z to {stamp(found.until)[:16]}Z"
    yield f"detected      {_spread(found.detect)} after the first event (MTTD)"
    if found.later:
        late = "of logs that were read a day or more after they were written"
        yield f"              without {found.later} {late}"
    yield f"acknowledged  {_spread(found.acknowledge)} after the alert (MTTA)"
    yield f"closed        {_spread(found.resolve)} after the alert (MTTR); {found.reopened} were reopened"
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.verdicts.items())
    yield f"verdicts      {said or 'none yet'}; false positives {share(found.false_share)}"
    yield f"open now      {sum(sum(row.values()) for row in found.backlog.values())}, {found.snoozed} snoozed"
    for level, row in found.backlog.items():
        if any(row.values()):
            ages = ", ".join(f"{count} {age}" for age, count in row.items() if count)
            yield f"  {level:<12}{ages}"


def _rule(rule: RuleNoise) -> tuple[object, ...]:
    return rule.alerts, rule.parts, rule.open, share(rule.false_share), rule.title


def share(value: float | None) -> str:
    """A share in percent; "-" where nothing was said yet."""
    return "-" if value is None else f"{100 * value:.0f}%"


def _spread(found: Spread) -> str:
    if not found.count:
        return "-"
    return f"{span(found.mean)} on average, half within {span(found.median)}, 90% within {span(found.p90)}"


def span(time: int) -> str:
    """A span (µs) in two units at most: 42s, 3m 5s, 2h 10m, 5d 3h.

    >>> span(185_000_000), span(90_061_000_000)
    ('3m 5s', '1d 1h')
    """
    for name, size in _UNITS:
        if time >= size:
            smaller, one = _below(name)
            rest = time % size // one
            return f"{time // size}{name} {rest}{smaller}" if rest else f"{time // size}{name}"
    return f"{time // SECOND}s" if time >= SECOND else f"{time / SECOND:.2g}s"


def _below(name: str) -> tuple[str, int]:
    following = [*_UNITS[1:], ("s", SECOND)]
    return following[[unit for unit, _ in _UNITS].index(name)]
