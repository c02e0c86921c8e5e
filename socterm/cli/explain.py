"""`socterm explain`: how one line is read, and what each rule makes of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

import click
import msgspec

from socterm.cli.excepted import Excepted, in_force
from socterm.cli.output import clean, put_json
from socterm.cli.reading import store_options
from socterm.cli.settings import clock, configure, zone
from socterm.cli.wiring import load
from socterm.enrich import Enricher
from socterm.enrich.valuelists import ValueLists
from socterm.event import LogSource
from socterm.parsers.export import as_ecs
from socterm.pipeline.forms import known
from socterm.pipeline.lineread import LineRead, RuleRead, read_lines
from socterm.sigma.learning.plan import lists_of
from socterm.taxonomy import ACTIONS

_SHOWN = 5
_MOST_LACKS = 3
_MOST_LINES = 1000
_MARGIN = 13

Kept = Mapping[str, Sequence[str]]
NOTHING_KEPT: Kept = {}


@click.command()
@click.argument("line", metavar="LINE|-")
@click.option("--format", "form", metavar="NAME", help="Read it as this format, whatever it looks like.")
@click.option("--tz", metavar="ZONE", help="Zone of stamps without one.")
@click.option("--rules", multiple=True, metavar="PATH", help="More Sigma rules: a file or folder.")
@click.option("--all", "show_all", is_flag=True, help="Every rule that was tried, not only the nearest.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@store_options
def explain(
    line: str,
    form: str | None,
    tz: str | None,
    rules: tuple[str, ...],
    show_all: bool,
    as_json: bool,
    db: Path | None,
    config: Path | None,
) -> None:
    """Say how LINE is read: format, fields, time, log sources, and what each rule lacked.

    `-` reads lines from standard input, as lines of one source. With --db the exceptions of that store hold.
    """
    settings = configure({"tz": tz, "rules": rules, "config": config})
    lines = [line.encode("utf-8", "surrogateescape")]
    if line == "-":
        lines = [data.rstrip(b"\n") for data, _ in zip(sys.stdin.buffer, range(_MOST_LINES), strict=False)]
    local = zone(settings)
    rules_known = load(settings)
    lists = ValueLists.of(settings)
    lists.use(lists_of(rules_known))
    found = read_lines(
        lines,
        rules_known,
        now=clock(),
        tz=local,
        form=known(form) if form else "",
        enrich=Enricher.of(settings).apply,
        lists=lists,
    )
    excepted = Excepted(in_force(db, config), rules_known, local)
    for number, read in enumerate(found):
        kept = {rule.key: list(excepted.event(read.event, rule.key)) for rule in read.rules if not rule.lacks}
        if as_json:
            put_json(_as_json(read, kept))
            continue
        if number:
            click.echo()
        for text in told(read, local, show_all=show_all, kept=kept):
            click.echo(text)


def told(read: LineRead, tz: tzinfo, *, show_all: bool = False, kept: Kept = NOTHING_KEPT) -> list[str]:
    """The explanation as lines for a terminal. `kept` says by rule which exceptions keep the line from it."""
    event = read.event
    ecs = as_ecs(event)
    lines = [_row("Line", event.raw[:400]), _row("Read as", _read_as(read))]
    lines.append(_row("Time", f"{ecs['@timestamp']}  {_time(read, tz)}"))
    action = event.fields.get("event.action")
    if action in ACTIONS:
        lines.append(_row("Means", f"{action}: {ACTIONS[action].meaning}"))
    if event.repeat != 1:
        said = "another line has counted it already" if event.repeat == 0 else "occurrences in this one line"
        lines.append(_row("Counts", f"{event.repeat}: {said}"))
    fields = {name: value for name, value in ecs.items() if name not in _ELSEWHERE}
    width = max(map(len, fields), default=0)
    lines += [
        _row("Fields" if not number else "", f"{name:{width}}  {_value(value)}")
        for number, (name, value) in enumerate(fields.items())
    ]
    lines.append(
        _row("Log sources", "  ".join(map(_logsource, event.logsources)) or "none: no rule is for it")
    )
    return [clean(text) for text in [*lines, *_rules(read, kept, show_all=show_all)]]


_ELSEWHERE = frozenset({"@timestamp", "event.original", "socterm.repeat"})


def _row(title: str, text: str) -> str:
    return f"{title:{_MARGIN}}{text}"


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_as(read: LineRead) -> str:
    event = read.event
    if event.kind == "pipeline_error":
        return f"broken: {event.fields.get('error.message')}"
    dataset = event.fields.get("event.dataset")
    if dataset is None:
        return "nothing known: the whole line is kept as its message"
    if dataset == "syslog":
        return "syslog: a header that is understood, and a message that no format knows"
    if read.form is None:
        return str(dataset)
    return f"{dataset}: {read.form.title}"


def _time(read: LineRead, tz: tzinfo) -> str:
    if read.event.time_from == "received":
        return "(the line names none: the time of reading)"
    if read.event.time_from == "previous":
        return "(the line names none: the line before's)"
    if read.exact:
        return "(as the line says)"
    return f"(the line leaves year or zone open: the latest year not in the future, zone {tz})"


def _logsource(source: LogSource) -> str:
    names = ("product", "category", "service")
    return "/".join(f"{name}={part}" for name, part in zip(names, source, strict=True) if part)


def _rules(read: LineRead, kept: Kept, *, show_all: bool) -> list[str]:
    matched = sorted((rule for rule in read.rules if not rule.lacks), key=lambda rule: rule.held)
    missed = [rule for rule in read.rules if rule.lacks]
    shown = missed if show_all else missed[:_SHOWN]
    head = f"{len(read.rules)} of {read.known} are for these log sources, {len(matched)} matched"
    lines = [_row("Rules", head)]
    for rule in matched:
        lines += [_row("  held" if rule.held else "  matched", f"{rule.title} ({_weight(rule)})")]
        lines += [_row("", f"  {rule.memory}")] if rule.memory else []
        lines += [_row("  excepted", why) for why in kept.get(rule.key, ())]
        lines += [_row("", f"  counts towards: {title}") for title in rule.feeds]
    for rule in shown:
        lines += [_row("  missed", f"{rule.title} ({_weight(rule)})")]
        lines += [_row("", f"  {lack.text}") for lack in rule.lacks[:_MOST_LACKS]]
        if len(rule.lacks) > _MOST_LACKS:
            lines.append(_row("", f"  and {len(rule.lacks) - _MOST_LACKS} more"))
    if len(missed) > len(shown):
        lines.append(_row("", f"{len(missed) - len(shown)} more lacked as much or more (--all shows them)"))
    return lines


def _weight(rule: RuleRead) -> str:
    return rule.level if rule.alerting else "raises nothing by itself"


def _as_json(read: LineRead, kept: Kept) -> dict[str, Any]:
    return {
        "format": read.form.name if read.form else None,
        "event": as_ecs(read.event),
        "time": {"from": read.event.time_from, "exact": read.exact},
        "repeat": read.event.repeat,
        "logsources": [
            dict(zip(("product", "category", "service"), source, strict=True))
            for source in read.event.logsources
        ],
        "rules": [
            msgspec.to_builtins(rule) | {"matched": not rule.lacks, "excepted": kept.get(rule.key, [])}
            for rule in read.rules
        ],
    }
