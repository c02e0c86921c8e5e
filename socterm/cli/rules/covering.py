"""`socterm rules coverage`: the ATT&CK matrix of the rules, and the rules of the logs a store has seen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from socterm.cli.output import clean, json_option, put_json, table
from socterm.cli.rules.common import db_option, loaded, rule_options, source_text
from socterm.errors import SoctermError, UsageError
from socterm.whole import refuse_store

if TYPE_CHECKING:
    from socterm.pipeline.seen import SeenRules
    from socterm.sigma.coverage import Coverage, TacticCover, Version
    from socterm.sigma.model import RuleSet

_CELL = 34
"""Columns of a cell at least; what is left of the terminal's width is shared out."""
_BAR = 10
_OTHER_SHOWN = 40


@click.command()
@click.option("--tactic", "tactics", multiple=True, metavar="NAME", help="Only these columns, e.g. stealth.")
@click.option("--all", "show_all", is_flag=True, help="Also techniques without a rule.")
@click.option(
    "--attack", "version", type=click.Choice(["18", "19"]), default="19", help="Names of this version."
)
@click.option("--navigator", type=click.Path(path_type=Path), metavar="FILE", help="Write a Navigator layer.")
@db_option
@rule_options
@json_option
def coverage(
    tactics: tuple[str, ...],
    show_all: bool,
    version: Version,
    navigator: Path | None,
    db: Path | None,
    extra: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """What the active rules cover: techniques of MITRE ATT&CK, and with --db the logs a store has seen.

    A number is how many active rules carry the technique or one of its sub-techniques. Tags of older rules
    (defense-evasion, T1562) count under what ATT&CK 19 made of them; --attack 18 has all the old names.
    With --db only rules count that can fire on what the store has seen.
    """
    from socterm.sigma.coverage import coverage as covered

    rules = loaded(extra, config)
    seen = _seen(db, config, rules)
    keys = set(seen.live) if seen else {f.key for f in rules.fates if f.fate == "active"}
    cover = covered([rule.info for rule in rules.rules.values() if rule.key in keys], version)
    columns = _columns(cover, tactics)
    if navigator is not None:
        _write(navigator, cover)
    if as_json:
        _records(cover, columns, seen, rules)
        return
    for line in [*_totals(cover, columns), *_matrix(cover, columns, show_all=show_all), *_other(cover)]:
        click.echo(clean(line).rstrip())
    if seen is not None:
        click.echo()
        _sources(seen)


def _seen(db: Path | None, config: Path | None, rules: RuleSet) -> SeenRules | None:
    if db is None:
        return None
    from socterm.cli.reading import opened
    from socterm.pipeline.seen import seen_rules

    with opened(db, config) as (store, _):
        return seen_rules(store.events, rules)


def _columns(cover: Coverage, wanted: tuple[str, ...]) -> list[TacticCover]:
    names = {tactic.name: tactic for tactic in cover.tactics}
    low = [name.lower().replace(" ", "-").replace("_", "-") for name in wanted]
    unknown = [name for name in low if name not in names]
    if unknown:
        raise UsageError(f"ATT&CK {cover.version} has no tactic {unknown[0]}; there are {', '.join(names)}")
    return [names[name] for name in low] if low else list(cover.tactics)


def _write(path: Path, cover: Coverage) -> None:
    from socterm.sigma.navigator import layer

    refuse_store(path)
    try:
        path.write_text(json.dumps(layer(cover), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise SoctermError(f"{path} cannot be written: {error.strerror}") from error


def _totals(cover: Coverage, columns: list[TacticCover]) -> Iterator[str]:
    from socterm.sigma.coverage import techniques_of

    known = {ident for tactic in cover.tactics for ident in techniques_of(tactic.name, cover.version)}
    covered = {ident for tactic in cover.tactics for ident, _ in tactic.techniques}
    yield (
        f"ATT&CK {cover.version}: {len(covered)} of {len(known)} techniques have a rule; "
        f"{cover.rules} active rules, {cover.rules - len(cover.untagged)} tagged"
    )
    yield ""
    yield f"{'TACTIC':22}  TECHNIQUES               RULES"
    for tactic in columns:
        share = len(tactic.techniques) / tactic.known if tactic.known else 0.0
        full = round(share * _BAR)
        bar = "█" * full + "░" * (_BAR - full)
        yield f"{tactic.title:22}  {bar}  {len(tactic.techniques):3} of {tactic.known:<3}  {tactic.rules:6}"
    if cover.other:
        tagged = len({title for other in cover.other for title in other.titles})
        yield f"{'Other':22}  {'':{_BAR}}  {len(cover.other):3} tags     {tagged:5}"


def _matrix(cover: Coverage, columns: list[TacticCover], *, show_all: bool) -> Iterator[str]:
    from socterm.sigma.coverage import techniques_of
    from socterm.taxonomy.attack import name_of

    width = shutil.get_terminal_size().columns
    across = max(1, (width + 2) // (_CELL + 2))
    room = max(_CELL, (width + 2) // across - 2)
    for tactic in columns:
        counts = dict(tactic.techniques)
        shown = techniques_of(tactic.name, cover.version) if show_all else tuple(counts)
        if not shown:
            continue
        yield ""
        yield f"{tactic.title} ({tactic.id})"
        cells = [_cell(ident, name_of(ident), counts.get(ident, 0), room) for ident in shown]
        deep = -(-len(cells) // across)
        for row in range(deep):
            yield "  ".join(cells[row::deep])


def _cell(ident: str, name: str, count: int, width: int) -> str:
    room = width - len(ident) - 6
    short = name if len(name) <= room else name[: room - 1] + "…"
    return f"{count or '·':>4} {ident} {short:{room}}"


def _other(cover: Coverage) -> Iterator[str]:
    if not cover.other:
        return
    yield ""
    yield "Other tags"
    ranked = sorted(cover.other, key=lambda other: (-len(other.titles), other.tag))
    shown = [f"{other.tag} {len(other.titles)}" for other in ranked[:_OTHER_SHOWN]]
    if len(ranked) > len(shown):
        shown.append(f"{len(ranked) - len(shown)} more (--json has all)")
    line = " "
    for item in shown:
        if len(line) + len(item) > shutil.get_terminal_size().columns - 2 and line.strip():
            yield line
            line = " "
        line += f" {item},"
    yield line.rstrip(",")


def _sources(seen: SeenRules) -> None:
    table(
        ("DATASET", "EVENTS", "RULES", "LOG SOURCES"),
        [
            (
                found.dataset,
                found.events,
                found.rules or "none",
                "  ".join(map(source_text, found.logsources)),
            )
            for found in seen.datasets
        ],
    )
    blind = [found.dataset for found in seen.datasets if not found.rules]
    click.echo(
        f"{len(seen.live)} of {len(seen.live) + len(seen.idle)} rules can fire on what this store has seen; "
        + (f"{len(blind)} datasets have no rule" if blind else "every dataset has a rule")
    )


def _records(cover: Coverage, columns: list[TacticCover], seen: SeenRules | None, rules: RuleSet) -> None:
    names = {tactic.name for tactic in columns}
    for tactic in columns:
        techniques = [{"id": ident, "rules": number} for ident, number in tactic.techniques]
        put_json(msgspec.to_builtins(tactic) | {"kind": "tactic", "techniques": techniques})
    for technique in cover.techniques:
        if len(names) == len(cover.tactics) or names.intersection(technique.tactics):
            found = msgspec.to_builtins(technique)
            put_json(found | {"kind": "technique", "rules": len(technique.titles)})
    for other in cover.other:
        put_json({"kind": "other", "tag": other.tag, "rules": len(other.titles), "titles": other.titles})
    put_json({"kind": "untagged", "rules": len(cover.untagged), "titles": cover.untagged})
    if seen is None:
        return
    for dataset in seen.datasets:
        put_json({"kind": "dataset"} | msgspec.to_builtins(dataset))
    for key in seen.idle:
        info = rules.rules[key].info
        source = source_text(rules.rules[key].logsource)
        put_json({"kind": "idle", "rule": key, "title": info.title, "logsource": source})
