"""`socterm rules list`: the fate of every document, and what to know of those that run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from socterm.alerts.levels import LEVELS
from socterm.cli.excepted import briefly, in_force
from socterm.cli.output import clean, json_option, put_json, table
from socterm.cli.rules.common import (
    FATES,
    db_option,
    loaded,
    place,
    rule_options,
    shortened,
    source_filter,
    source_text,
)

if TYPE_CHECKING:
    from socterm.sigma.model import RuleFate
    from socterm.store.rows import RuleRow

_SOURCE_MOST = 40
_TITLE_MOST = 70
KEPT = "kept: "
"""How the reason of a rule begins whose file is in force in its last good version."""


@click.command("list")
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@click.option("--fate", "fates", multiple=True, type=click.Choice(FATES), help="Only these.")
@click.option("--level", "levels", multiple=True, type=click.Choice(LEVELS), help="Only these.")
@click.option("--logsource", metavar="SOURCE", help="Only rules for it, e.g. linux/sshd or category=proxy.")
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Only with this tag, e.g. t1110 or stealth."
)
@click.option("--warned", is_flag=True, help="Only rules with a warning.")
@db_option
@rule_options
@json_option
def list_(
    words: tuple[str, ...],
    fates: tuple[str, ...],
    levels: tuple[str, ...],
    logsource: str | None,
    tags: tuple[str, ...],
    warned: bool,
    db: Path | None,
    extra: tuple[str, ...],
    config: Path | None,
    as_json: bool,
) -> None:
    """Every rule document read and what became of it, and why.

    active raises alerts; no-source would, but nothing here writes its log source; base only feeds
    correlations; filter narrows other rules down; disabled is switched off or fails its own tests;
    refused cannot be used. TEXT is looked for in title, id, reason and path. With --db also the hits and
    alerts of each, and the rules whose file is broken and in force in its last good version.
    """
    from socterm.sigma.remarks import remarks

    rules = loaded(extra, config)
    by_key = {f.key: f for f in rules.fates}
    wanted = source_filter(logsource) if logsource else None
    rows = []
    for f in rules.fates:
        told = remarks(rules.rules[f.key], by_key) if f.key in rules.rules and f.fate != "refused" else ()
        if (
            (not fates or f.fate in fates)
            and (not levels or f.level in levels)
            and (wanted is None or wanted(f.logsource))
            and all(_tagged(f, tag) for tag in tags)
            and all(_says(f, word) for word in words)
            and (told or not warned)
        ):
            rows.append((f, told))
    stored = _stored(db, config)
    hits = None if stored is None else {row.id: (row.hits, row.alerts) for row in stored}
    kept = [row for row in stored or () if row.reason.startswith(KEPT)]
    excepted = in_force(db, config)
    if as_json:
        for f, told in rows:
            own = [] if db is None else [row.id for row in excepted if f.key in row.rules or not row.rules]
            put_json(_record(f, told, hits) | ({} if db is None else {"exceptions": own}))
        for row in kept:
            put_json(
                {"key": row.id, "title": row.title, "fate": row.fate, "reason": row.reason, "kept": True}
            )
        return
    _print(rows, hits)
    click.echo(_summary(rules.fates, len(rows)))
    for row in kept:
        click.echo(f"in force, {row.fate}: {clean(row.title)}: {clean(row.reason)}")
    listed = {f.key for f, _ in rows}
    for one in excepted:
        if not one.rules or listed.intersection(one.rules):
            click.echo(f"excepted: {clean(one.title)}: {briefly(one)}")


def _tagged(f: RuleFate, tag: str) -> bool:
    low = tag.lower().replace("_", "-")
    return any(
        low in (have, have.partition(".")[2]) for have in (t.lower().replace("_", "-") for t in f.tags)
    )


def _says(f: RuleFate, word: str) -> bool:
    return any(word.lower() in text.lower() for text in (f.title, f.key, f.reason, f.path))


def _stored(db: Path | None, config: Path | None) -> list[RuleRow] | None:
    """The rules as the ingest into a store has them; None where no store is named."""
    if db is None:
        return None
    from socterm.cli.reading import opened

    with opened(db, config) as (store, _):
        return store.triage.rules()


def _record(f: RuleFate, told: Sequence[str], hits: dict[str, tuple[int, int]] | None) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(f)
    found["logsource"] = dict(zip(("product", "category", "service"), f.logsource, strict=True))
    found["warnings"] = list(told)
    if hits is not None:
        found["hits"], found["alerts"] = hits.get(f.key, (0, 0))
    return found


def _print(rows: Sequence[tuple[RuleFate, Sequence[str]]], hits: dict[str, tuple[int, int]] | None) -> None:
    """One line a document. What there is to say of it stands behind its place, as compilers put it: in a
    column of its own every line would be as long as the longest reason."""
    header = ["FATE", "LEVEL", "LOG SOURCE", "TITLE"]
    if hits is not None:
        header += ["HITS", "ALERTS"]
    lines = [
        [
            f.fate,
            f.level,
            shortened(source_text(f.logsource), _SOURCE_MOST),
            shortened(f.title, _TITLE_MOST),
            *(hits.get(f.key, (0, 0)) if hits is not None else ()),
            ": ".join(part for part in (place(f.path, f.line), f.reason, "; ".join(told)) if part),
        ]
        for f, told in rows
    ]
    table([*header, "FILE: REASON"], lines)


def _summary(fates: Sequence[RuleFate], shown: int) -> str:
    counts: Counter[str] = Counter(f.fate for f in fates)
    parts = ", ".join(f"{counts[fate]} {fate}" for fate in FATES if counts[fate])
    listed = "" if shown == len(fates) else f"; {shown} listed"
    return f"{len(fates)} documents: {parts or 'none'}{listed}"
