"""`socterm rules backtest`: a rule over stored events, before it is switched on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.hearing import Interrupted, counted, heard
from socterm.cli.output import clean, json_option, put_json
from socterm.cli.rules.common import chosen, db_option, outside, path_of, rule_options, settings_of
from socterm.cli.settings import clock, zone
from socterm.cli.wiring import load
from socterm.config import Config
from socterm.errors import SoctermError, UsageError
from socterm.query.times import duration

if TYPE_CHECKING:
    from socterm.pipeline.backtest import Report
    from socterm.query import Query
    from socterm.sigma.model import RuleSet
    from socterm.store import Store

_RUNS = ("active", "no-source", "base", "disabled")
_BAR = 40


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="RULE")
@click.option("--days", type=click.IntRange(1, 36_500), help="Only events of the last N days (default: all).")
@click.option("--since", metavar="TIME", help="Only events from then on: 2026-11-20, 2026-11-20T10:00, 7d.")
@click.option("--until", metavar="TIME", help="Only events up to the end of that day, minute or second.")
@click.option("--query", metavar="QUERY", help="Only events that match.")
@click.option("--save", is_flag=True, help="Keep the report in the store, for the console to show.")
@click.option("--most", type=click.IntRange(0, 20_000), default=20, help="Alerts and entities told of.")
@db_option
@rule_options
@json_option
def backtest(names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Say what rules would have raised on stored events: hits a day, entities, alerts, what is known already.

    RULE is an id, a name, a title, a part of a title, a file or a folder. Nothing is changed; alerts would
    stand at the times of their events. Ctrl-C ends it with what was found so far (exit code 130).
    """
    settings = settings_of(options["extra"], options["config"], options["db"])
    if not settings.db.exists():
        raise SoctermError(f"{settings.db}: no store there yet; socterm or socterm run makes it")
    from socterm.cli.reading import opened, query_of

    query = query_of((options["query"],)) if options["query"] else None
    times = stretch_of(options)
    rules, keys = rules_for(settings, names)
    with opened(settings.db, options["config"], readonly=not options["save"]) as (store, _), heard() as stop:
        report = run(store, settings, rules, keys, query, times, stop, quiet=as_json)
        told = told_of(store, rules, report, most=options["most"])
        if options["save"]:
            for key in keys if report.complete else ():
                store.hunts.save_backtest(key, json.dumps(told), now=clock())
    if as_json:
        put_json(told)
    else:
        show(told)
    if not report.complete:
        raise click.exceptions.Exit(Interrupted.code)


def rules_for(settings: Config, names: Sequence[str]) -> tuple[RuleSet, list[str]]:
    """The rules with those asked for among them, by key. Raises `UsageError` where one cannot be run."""
    from socterm.cli.wiring import rule_paths

    more = outside(
        [path for name in names if (path := path_of(name)) is not None], rule_paths(settings.rules)
    )
    wider = settings.model_copy(update={"rules": [*settings.rules, *map(Path, more)]})
    rules = load(wider, tested=False)
    asked = chosen(rules, names)
    refused = [fate for fate in asked if fate.fate == "refused"]
    if refused:
        raise UsageError(f"{refused[0].title}: refused: {refused[0].reason}")
    usable = [fate.key for fate in asked if fate.fate in _RUNS and fate.key in rules.rules]
    # Of a file with base rules those that alert are meant; a base rule by its name means itself.
    alerting = [key for key in usable if rules.rules[key].alerting]
    keys = alerting or usable
    if not keys:
        raise UsageError(f"{names[0]}: there is no rule in it that could raise an alert")
    return rules, keys


def stretch_of(options: dict[str, Any]) -> tuple[int | None, int | None]:
    """[start, end) in µs, None for open ends, of `--days`, `--since` and `--until`."""
    from socterm.cli.reading import moment

    now = clock()
    days, since, until = options.get("days"), options["since"], options["until"]
    if days and since:
        raise UsageError("--days and --since both say where to begin; give one of them")
    start = now - (duration(f"{days}d") or 0) if days else None
    if since:
        start = moment("--since", since, now)[0]
    end = moment("--until", until, now)[1] if until else None
    if start is not None and end is not None and start >= end:
        raise UsageError("--since is not before --until: no event lies between them")
    return start, end


def run(
    store: Store,
    settings: Config,
    rules: RuleSet,
    keys: Sequence[str],
    query: Query | None,
    times: tuple[int | None, int | None],
    stop: Interrupted,
    *,
    quiet: bool,
) -> Report:
    """The back-test, with a line of progress on a terminal."""
    from socterm.enrich.valuelists import ValueLists
    from socterm.pipeline.backtest import Backtest
    from socterm.sigma.learning.plan import lists_of

    lists = ValueLists.of(settings)
    lists.use(lists_of(rules))
    now = clock()
    excepted = [(e.id, e.document) for e in store.exceptions.all() if not e.expires or e.expires > now]
    made = Backtest(rules, keys, tz=zone(settings), lists=lists, exceptions=excepted)
    with counted("events", quiet=quiet) as count:
        return made.run(
            store.history,
            store.history.stretch(*times),
            query,
            stop=stop,
            tell=lambda at: count(at.done, at.of, f"{at.alerts:,} alerts"),
        )


def told_of(store: Store, rules: RuleSet, report: Report, *, most: int) -> dict[str, Any]:
    """The report as JSON, with titles and lines in it."""
    from socterm.pipeline.backtold import as_plain

    titles = {fate.key: fate.title for fate in rules.fates}
    return as_plain(report, titles, store.events.get(report.samples), most=most)


def show(told: dict[str, Any]) -> None:
    """The report for people."""
    for rule in told["rules"]:
        click.echo(clean(f"{rule['title']}  ({rule['id']})"))
    looked = f"{told['events']:,} events read" + ("" if told["complete"] else ", stopped before the end")
    between = f" from {told['from'][:16]} to {told['to'][:16]}" if told["from"] else ""
    click.echo(f"{looked}{between}")
    click.echo(
        f"{told['alerts']:,} alerts on {told['entities']:,} entities, {told['hits']:,} hits: "
        f"{told['already_alerts']:,} are alerts already, {told['evidence_of_others']:,} are evidence of "
        f"others, {told['new_alerts']:,} would be new"
    )
    _hidden(told)
    _days(told["days"])
    if told["top_entities"]:
        click.echo("\nEntities")
    for row in told["top_entities"]:
        click.echo(clean(f"{row['hits']:>10,}  {row['alerts']:>6,} alerts  {row['entity']}"))
    if told["would_be"]:
        click.echo("\nAlerts it would have raised")
    for row in told["would_be"]:
        entity = ", ".join(row["entity"].values())
        known = f"  (alert {row['alert']})" if row["alert"] else ""
        click.echo(
            clean(
                f"  {row['first'][:19]}  x{row['count']:<6} {row['level']:<8} {entity}  {row['title']}{known}"
            )
        )
    if told["samples"]:
        click.echo("\nSamples" if told["alerts"] else "\nEvents that match, though too few for an alert")
    for row in told["samples"]:
        click.echo(clean(f"{row['id']:>10}  {row['event.original'][:400]}"))


def _hidden(told: dict[str, Any]) -> None:
    for ident, times in told["hidden_by_exceptions"].items():
        click.echo(f"Exception {ident} kept {times:,} away")
    for title, times in told["kept_by_filters"].items():
        click.echo(clean(f"The filter {title} kept {times:,} events away"))
    if told["hurried"]:
        click.echo(f"{told['hurried']:,} matches came too much out of order to be put in their place")


def _days(days: list[dict[str, Any]]) -> None:
    if not days:
        return
    most = max(day["hits"] for day in days) or 1
    width = min(_BAR, _columns() - 40) if _columns() > 50 else 10
    click.echo("\nHits a day (UTC)")
    for day in days:
        bar = "▇" * max(1 if day["hits"] else 0, round(day["hits"] * width / most))
        click.echo(f"  {day['day']}  {day['hits']:>9,}  {day['alerts']:>5,} alerts  {bar}".rstrip())


def _columns() -> int:
    with suppress(OSError):
        return os.get_terminal_size(1).columns
    return 100
