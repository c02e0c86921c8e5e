"""`socterm rules fields`: what rules for a log source can ask for, and who writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.output import json_option, put_json, table
from socterm.cli.rules.common import loaded, one_of, rule_options, settings_of, source_filter, source_text
from socterm.errors import UsageError

if TYPE_CHECKING:
    from socterm.event import LogSource
    from socterm.sigma.model import Rule, RuleSet

_MOST = 6
_KINDS = {"closed": "", "mixed": "in part", "open": "yes"}


@click.command()
@click.argument("name", required=False, metavar="[RULE]")
@click.option("--logsource", metavar="SOURCE", help="The fields of it, e.g. linux/sshd or category=proxy.")
@rule_options
@json_option
def fields(
    name: str | None, logsource: str | None, extra: tuple[str, ...], config: Path | None, as_json: bool
) -> None:
    """Which fields rules can ask for, by log source, and which formats write them.

    Without arguments the log sources are listed; with --logsource the fields of each that fits, under their
    ECS names and what Sigma's rules call them. With RULE (id, name or title) the fields that rule asks for,
    and whether anything is known to have them.
    """
    settings_of(extra, config)  # named in vain it is told, whether it is needed or not
    if name is not None:
        rows = list(_of_rule(name, extra, config))
        _put(rows, as_json, ("RULE", "FIELD", "STANDS AS", "KNOWN", "DATASETS"))
    elif logsource is not None:
        rows = [row for source in _fitting(logsource) for row in _of_source(source)]
        _put(rows, as_json, ("LOG SOURCE", "FIELD", "SIGMA NAMES", "DATASETS", "FORMATS"))
    else:
        _put(list(_sources()), as_json, ("LOG SOURCE", "FIELDS", "SIGMA NAMES", "OWN NAMES", "DATASETS"))


def _put(rows: list[dict[str, Any]], as_json: bool, header: tuple[str, ...]) -> None:
    if as_json:
        for row in rows:
            put_json(row)
        return
    table(header, [[_cell(value) for value in row.values()] for row in rows])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        more = f" and {len(value) - _MOST} more" if len(value) > _MOST else ""
        return ", ".join(map(str, value[:_MOST])) + more
    return str(value)


def _fitting(text: str) -> list[LogSource]:
    from socterm.taxonomy import known_logsources

    fits = source_filter(text)
    found = sorted(source for source in known_logsources() if fits(source))
    if not found:
        raise UsageError(
            f"nothing here writes the log source {text}; socterm rules fields lists those there are"
        )
    return found


def _sources() -> Iterator[dict[str, Any]]:
    from socterm.taxonomy import known_logsources
    from socterm.taxonomy.yields import closed, datasets_of, fields_for, names_for

    for source in sorted(known_logsources()):
        yield {
            "logsource": source_text(source),
            "fields": len(fields_for(source)),
            "sigma_names": len(names_for(source)),
            "own_names": _KINDS[closed(source)],
            "datasets": list(datasets_of(source)),
        }


def _of_source(source: LogSource) -> Iterator[dict[str, Any]]:
    from socterm.taxonomy.yields import field_rows

    for row in field_rows(source):
        yield {
            "logsource": source_text(source),
            "field": row.field,
            "sigma_names": list(row.names),
            "datasets": list(row.datasets),
            "formats": _formats(row.datasets),
        }


def _formats(datasets: Iterable[str]) -> list[str]:
    from socterm.taxonomy.yields import YIELDS

    return sorted({form for dataset in datasets for form in YIELDS[dataset].formats})


def _of_rule(name: str, extra: tuple[str, ...], config: Path | None) -> Iterator[dict[str, Any]]:
    rules = loaded(extra, config)
    f = one_of(rules, name)
    rule = rules.rules.get(f.key)
    if rule is None:
        raise UsageError(f"{f.title} is {f.fate}: {f.reason}")
    yield from _asked(rule, rules, set())


def _asked(rule: Rule, rules: RuleSet, done: set[str]) -> Iterator[dict[str, Any]]:
    """The fields of a rule and of all it is built on, those it groups by included."""
    from socterm.sigma.ir import FieldMatch, leaves
    from socterm.sigma.remarks import written

    if rule.key in done:
        return
    done.add(rule.key)
    if rule.detection is not None:
        names = dict.fromkeys(
            written(leaf) for leaf in leaves(rule.detection) if isinstance(leaf, FieldMatch)
        )
        for name in names:
            yield _row(rule.info.title, name, rule.logsource)
    for ref in rule.correlation.refs if rule.correlation is not None else ():
        base = rules.rules[ref]
        yield from _asked(base, rules, done)
        if rule.correlation is not None and base.correlation is None:
            for name in (*rule.correlation.fields.get(ref, ()), *rule.correlation.counted.get(ref, ())):
                yield _row(rule.info.title, name, base.logsource)


def _row(title: str, name: str, source: LogSource) -> dict[str, Any]:
    from socterm.taxonomy import resolve
    from socterm.taxonomy.yields import closed, is_known, yielding

    known = "yes" if is_known(name, source) else "no" if closed(source) == "closed" else "maybe"
    return {
        "rule": title,
        "field": name,
        "stands_as": resolve(name, source),
        "known": known,
        "datasets": list(yielding(name, source)),
    }
