"""`socterm rules update`: a set of rules from a release archive, swapped in whole, with what it changes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from socterm.cli.output import clean, json_option, put_json, stamp, table
from socterm.cli.rules.common import FATES, settings_of
from socterm.cli.settings import clock
from socterm.cli.wiring import placeholders, rule_sets
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.pipeline.rulesets.archive import Unpacked
    from socterm.pipeline.rulesets.changes import Changed
    from socterm.pipeline.rulesets.installed import RuleSets
    from socterm.sigma.model import RuleSet

_SHOWN = 10
_SIGNS = {"added": "+", "changed": "~", "removed": "-", "refused": "!"}
_TITLES = {"added": "added", "changed": "changed", "removed": "removed", "refused": "newly refused"}


@click.command()
@click.argument("source", required=False, metavar="[URL|PATH]")
@click.option("--name", default="sigmahq", show_default=True, help="What this set is called.")
@click.option(
    "--sha256", metavar="DIGEST|FILE", help="What the archive's digest must be, or a checksum file."
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--rollback", is_flag=True, help="Put the set before the one in use back.")
@click.option("--remove", is_flag=True, help="Take the set away.")
@click.option("-v", "--verbose", is_flag=True, help="Name every rule that changes.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
@json_option
def update(
    source: str | None,
    name: str,
    sha256: str | None,
    dry_run: bool,
    rollback: bool,
    remove: bool,
    verbose: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Install or update a set of rules from an archive (.zip, .tar.gz), such as a release of SigmaHQ.

    The set is checked and loaded first, then takes the old one's place in one step; the old one is kept for
    --rollback. Installed sets are loaded by every command, like socterm's own rules. Only the URL named is
    fetched, over https. Without an argument the installed sets are listed.
    """
    if sum((source is not None, rollback, remove)) > 1:
        raise UsageError("give an archive, --rollback or --remove, not several of them")
    filled = placeholders(settings_of((), config))
    sets = rule_sets()
    if rollback:
        now, was = sets.rollback(name)
        if as_json:
            put_json({"name": name, "set": msgspec.to_builtins(now), "was": msgspec.to_builtins(was)})
            return
        click.echo(f"{name}: back to the set of {stamp(now.at)} ({now.rules} files), from {stamp(was.at)}")
    elif remove:
        gone = sets.remove(name)
        if as_json:
            put_json({"name": name, "removed": msgspec.to_builtins(gone)})
            return
        click.echo(f"{name}: removed, {gone.rules} files")
    elif source is None:
        _list(sets, as_json=as_json)
    else:
        _Update(sets, name, filled, as_json=as_json, verbose=verbose).run(source, sha256, dry_run=dry_run)


def _list(sets: RuleSets, *, as_json: bool) -> None:
    found = [(name, sets.current(name)) for name in sets.names()]
    if as_json:
        for name, info in found:
            put_json({"name": name} | msgspec.to_builtins(info))
        return
    if not found:
        click.echo("no sets are installed; socterm rules update URL or PATH installs one")
        return
    table(
        ("NAME", "FILES", "SINCE", "SHA-256", "FROM", "FOLDER"),
        [
            (name, info.rules, stamp(info.at)[:19], info.sha256[:16], info.source, sets.folder / name)
            for name, info in found
            if info is not None
        ],
    )


class _Update:
    """One update, told as it goes."""

    def __init__(
        self,
        sets: RuleSets,
        name: str,
        filled: Mapping[str, tuple[str, ...]],
        *,
        as_json: bool,
        verbose: bool,
    ) -> None:
        self._sets = sets
        self._name = name
        self._json = as_json
        self._most = None if verbose else _SHOWN
        self._filled = filled

    def run(self, source: str, sha256: str | None, *, dry_run: bool) -> None:
        from socterm.pipeline.rulesets.archive import unpack
        from socterm.pipeline.rulesets.changes import changes
        from socterm.pipeline.rulesets.fetch import expected_digest, fetch, public
        from socterm.pipeline.rulesets.installed import root_of

        told = public(source)

        wanted = expected_digest(sha256, source) if sha256 else ""
        with self._sets.changing(self._name) as fresh, tempfile.TemporaryFile() as archive:
            digest = fetch(source, archive)
            if wanted and digest != wanted:
                raise SoctermError(f"{told}: its SHA-256 is {digest}, not {wanted}; nothing was changed")
            self._say(
                f"sha256  {digest}  {'as expected' if wanted else 'not checked: --sha256 was not given'}"
            )
            unpacked = unpack(archive, fresh)
            root = root_of(fresh)
            new = self._load(root)
            if not any(f.fate != "refused" for f in new.fates):
                raise SoctermError(f"{told}: no usable rule in it{_why(new, unpacked)}; nothing was changed")
            current = self._sets.folder / self._name
            old = (self._load(current), current) if self._sets.current(self._name) is not None else None
            changed = changes(old, (new, root))
            self._report(unpacked, new, changed)
            if not dry_run:
                self._sets.install(
                    self._name, root, source=told, sha256=digest, at=clock(), rules=unpacked.rules
                )
        if self._json:
            counted = Counter(f.fate for f in new.fates)
            kinds = Counter(change.kind for change in changed)
            put_json({
                "name": self._name, "source": told, "sha256": digest, "verified": bool(wanted),
                "files": unpacked.rules, "skipped": unpacked.skipped, "fates": counted, "changes": kinds,
                "installed": not dry_run,
            })  # fmt: skip
            return
        self._say("nothing was changed (--dry-run)" if dry_run else f"installed in {current}")

    def _load(self, folder: Path) -> RuleSet:
        from socterm.sigma.load import load_rules

        return load_rules([folder], placeholders=self._filled)

    def _report(self, unpacked: Unpacked, rules: RuleSet, changed: Sequence[Changed]) -> None:
        if self._json:
            for change in changed:
                put_json(change)
            return
        fates: Counter[str] = Counter(f.fate for f in rules.fates)
        said = ", ".join(f"{fates[fate]} {fate}" for fate in FATES if fates[fate])
        self._say(f"{unpacked.rules} rule files, {len(rules.fates)} documents: {said}")
        for why, number in unpacked.skipped.items():
            self._say(f"left out: {number} {why}")
        if not changed:
            self._say("no rule changes")
        for kind, title in _TITLES.items():
            mine = [change for change in changed if change.kind == kind]
            if not mine:
                continue
            self._say(f"{len(mine)} {title}")
            for change in mine[: self._most]:
                reason = f": {change.reason}" if change.reason else ""
                self._say(f"  {_SIGNS[kind]} {change.title} ({change.key}){reason}")
            if self._most is not None and len(mine) > self._most:
                self._say(f"    and {len(mine) - self._most} more (-v names them)")

    def _say(self, text: str) -> None:
        if not self._json:
            click.echo(clean(text))


def _why(rules: RuleSet, unpacked: Unpacked) -> str:
    """What an archive had instead of usable rules."""
    said = [f"left out: {number} {why}" for why, number in unpacked.skipped.items()]
    if rules.fates:
        said.insert(0, f"{len(rules.fates)} refused, the first: {rules.fates[0].reason}")
    return f" ({'; '.join(said)})" if said else ""
