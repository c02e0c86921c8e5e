"""`socterm hunt`: the past, by query, rule or SQL; counted, grouped, drawn, exported, saved as a view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.hearing import Interrupted, counted, heard
from socterm.cli.meant import misspelt
from socterm.cli.output import json_option
from socterm.cli.reading import moment, opened, store_options
from socterm.cli.settings import clock
from socterm.errors import QueryError, UsageError

if TYPE_CHECKING:
    from socterm.config import Config
    from socterm.pipeline.backtest import Report
    from socterm.pipeline.hunt import Hits
    from socterm.query import Query
    from socterm.store import Store
    from socterm.store.doors.history import Stretch
    from socterm.store.doors.hunts import View

MOST_RAISED = 1_000
"""Alerts that one hunt may make."""

_VIEWED = ("since", "until", "by", "columns")


@click.command()
@click.argument("query", nargs=-1)
@click.option(
    "--rule", "named", multiple=True, metavar="RULE", help="A rule instead: file, folder, id or title."
)
@click.option("--sql", metavar="SELECT", help="One SELECT over the views of the store instead; see --tables.")
@click.option("--since", metavar="TIME", help="Only events from then on: 2026-11-20, 2026-11-20T10:00, 7d.")
@click.option("--until", metavar="TIME", help="Only events up to the end of that day, minute or second.")
@click.option("--by", metavar="FIELD", help="The commonest values of a field among the hits.")
@click.option("--histogram", is_flag=True, help="Hits over time.")
@click.option("--limit", "-n", type=click.IntRange(1, 1_000_000), default=50, help="Rows shown at most.")
@click.option("--export", type=click.Choice(("csv", "ndjson", "md")), help="All hits in this form.")
@click.option("--columns", metavar="FIELD,…", help="Fields to export.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Export there, not to standard output.",
)
@click.option("--raise", "raises", is_flag=True, help="Make alerts of what --rule finds.")
@click.option("--save", metavar="NAME", help="Save the query with its times, columns and grouping as a view.")
@click.option("--view", metavar="NAME", help="What was saved; other options go before what it says.")
@click.option("--views", is_flag=True, help="List the saved views.")
@click.option("--forget", metavar="NAME", help="Forget a saved view.")
@click.option("--tables", is_flag=True, help="List the views that --sql may ask, with their columns.")
@json_option
@store_options
def hunt(query: tuple[str, ...], db: Path | None, config: Path | None, **options: Any) -> None:
    """Look through all stored events: QUERY, a rule, or SQL. Ctrl-C ends it with what was found so far.

    Example: socterm hunt 'user.name:root and not source.ip:10.0.0.0/8' --since 7d --by source.ip --histogram
    """
    from socterm.cli import hunted

    if options["tables"]:
        hunted.tables(as_json=options["as_json"])
        return
    writes = bool(options["save"] or options["forget"] or options["raises"])
    with opened(db, config, readonly=not writes) as (store, settings):
        if options["views"]:
            hunted.views(store.hunts.views(), as_json=options["as_json"])
        elif options["forget"]:
            if not store.hunts.drop_view(options["forget"]):
                raise UsageError(f"no view is saved as {options['forget']!r}")
        else:
            code = _Hunt(store, settings, " ".join(query), options).run()
            if code:
                raise click.exceptions.Exit(code)


class _Hunt:
    """One call of the command."""

    def __init__(self, store: Store, settings: Config, text: str, options: dict[str, Any]) -> None:
        self._store = store
        self._settings = settings
        self._options = options
        self._text = text
        self._kind = "sql" if options["sql"] else "events"
        given = [name for name in ("since", "until", "by", "histogram", "columns") if options[name]]
        if options["view"]:
            self._take(store.hunts.view(options["view"]))
        if self._kind == "sql":
            self._text = options["sql"] or self._text
        if sum((self._kind == "sql", bool(options["named"]))) > 1 or (options["sql"] and text):
            raise UsageError("a query, --rule and --sql are three ways to hunt; use one at a time")
        if self._kind == "sql" and given:
            raise UsageError(f"--{given[0]} goes with a query; SQL says for itself what it looks at")

    def _take(self, view: View) -> None:
        """What was saved, where nothing else is said."""
        if view.kind == "alerts":
            raise UsageError(f"{view.name} is a view of alerts; hunts look at events")
        if self._text or self._options["sql"] or self._options["named"]:
            raise UsageError("--view brings its own query; give times, columns and grouping beside it only")
        self._kind, self._text = view.kind, view.query
        saved = {
            "since": view.since, "until": view.until, "by": view.field, "columns": ",".join(view.columns),
        }  # fmt: skip
        for name in _VIEWED:
            self._options[name] = self._options[name] or saved[name] or None

    def run(self) -> int:
        """Do it; the exit code."""
        options = self._options
        if options["named"]:
            return self._rules()
        if options["raises"]:
            raise UsageError("--raise goes with --rule: alerts are what rules make")
        if options["save"] and not self._text:
            raise UsageError("there is nothing to save: give a query or --sql")
        if self._kind == "sql":
            self._save()
            return self._sql()
        query = self._query()
        stretch = self._stretch()
        self._save()
        if options["export"]:
            return self._export(query, stretch)
        return self._hits(query, stretch)

    def _query(self) -> Query | None:
        from socterm.query import parse

        try:
            query = parse(self._text, now=clock())
        except QueryError as error:
            at = min(error.position, len(self._text))
            around = self._text[max(0, at - 30) : at] + "»" + self._text[at : at + 30]
            raise QueryError(f"{error}: {' '.join(around.split())}", at) from None
        return None if query.is_empty else query

    def _stretch(self) -> Stretch:
        now = clock()
        since, until = self._options["since"], self._options["until"]
        start = moment("--since", since, now)[0] if since else None
        end = moment("--until", until, now)[1] if until else None
        if start is not None and end is not None and start >= end:
            raise UsageError("--since is not before --until: no event lies between them")
        return self._store.history.stretch(start, end)

    def _save(self) -> None:
        options = self._options
        if not options["save"]:
            return
        from socterm.store.doors.hunts import View

        columns = tuple(name.strip() for name in (options["columns"] or "").split(",") if name.strip())
        view = View(
            options["save"], self._kind, self._text, columns, options["since"] or "", options["until"] or "",
            options["by"] or "",
        )  # fmt: skip
        self._store.hunts.save_view(view, actor=self._settings.actor, now=clock())

    # -- ways to hunt --------------------------------------------------------------------

    def _hits(self, query: Query | None, stretch: Stretch) -> int:
        from socterm.cli import hunted
        from socterm.pipeline.hunt import hunt as go
        from socterm.taxonomy import resolve

        options = self._options
        by = resolve(options["by"]) if options["by"] else ""
        with heard() as stop, counted("events", quiet=options["as_json"]) as count:
            hits = go(
                self._store.history, query, stretch, by=by, stop=stop,
                tell=lambda at: count(at.done, at.of, f"{at.count:,} hits"),
            )  # fmt: skip
        if by or options["histogram"]:
            hunted.figures(hits, by, options)
        else:
            self._lines(hits)
        hunted.summary(hits, quiet=options["as_json"])
        if not hits.count:
            misspelt(query)
        elif by and not hits.groups:
            misspelt(None, by)
        return 0 if hits.complete else Interrupted.code

    def _lines(self, hits: Hits) -> None:
        from socterm.cli import hunted

        rows = self._store.events.get(hits.ids[: self._options["limit"]])
        hunted.lines(rows, as_json=self._options["as_json"])

    def _export(self, query: Query | None, stretch: Stretch) -> int:
        from socterm.cli import hunted

        options = self._options
        with heard() as stop, counted("events", quiet=options["output"] is None) as count:
            complete = hunted.export(self._store, query, stretch, options, stop, count)
        return 0 if complete else Interrupted.code

    def _sql(self) -> int:
        from socterm.cli import hunted

        with heard() as stop:
            answer = self._store.sql.ask(self._text, rows=self._options["limit"], stop=stop)
        hunted.table_of(answer, self._options)
        return 0

    def _rules(self) -> int:
        from socterm.cli import hunted
        from socterm.cli.rules.backtesting import rules_for, run, show, told_of

        options = self._options
        for name in ("save", "by", "histogram"):
            if options[name]:
                raise UsageError(f"--{name} goes with a query; a rule has its own days and entities")
        query = self._query() if self._text else None
        stretch = self._stretch()
        rules, keys = rules_for(self._settings, options["named"])
        with heard() as stop:
            report = run(
                self._store, self._settings, rules, keys, query, (stretch.start, stretch.end), stop,
                quiet=options["as_json"],
            )  # fmt: skip
        told = told_of(self._store, rules, report, most=options["limit"])
        if options["export"]:
            hunted.export_alerts(report, options)
        elif options["as_json"]:
            hunted.put(told)
        else:
            show(told)
        if not report.complete:
            return Interrupted.code
        if options["raises"]:
            self._raise(report)
        return 0

    def _raise(self, report: Report) -> None:
        """Have alerts made of what would be new; asked twice is once."""
        from socterm.pipeline.raising import raisable, raise_now

        new = raisable(report.alerts)
        if len(new) > MOST_RAISED:
            raise UsageError(
                f"--raise makes {MOST_RAISED:,} alerts at most, not {len(new):,}: narrow it down"
            )
        asked = self._store.hunts.ask_for(new, actor=self._settings.actor, now=clock())
        made = raise_now(self._settings.db, clock=clock) if asked else 0
        said = "the process that ingests makes" if made is None else "made"
        click.echo(f"{said} {asked if made is None else made:,} alerts of it", err=True)
