"""From options to a running pipeline: what the console, `run` and `demo` share."""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socterm import amounts
from socterm.alerts.bonds import Policy
from socterm.assets import rules_dir
from socterm.cli.saying import say
from socterm.cli.settings import clock, zone
from socterm.config import Config, cache_dir, data_dir, prompts_dir
from socterm.enrich import Enricher
from socterm.enrich.valuelists import ValueLists
from socterm.enrich.watched import DataError, text_lines
from socterm.errors import UsageError
from socterm.pipeline.forms import forms_of
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.rulebook import Load, RuleBook
from socterm.pipeline.rulecheck import Checked, Verdicts, check_loaded, load_checked
from socterm.pipeline.rulesets.installed import RuleSets
from socterm.pipeline.rulewatch import RuleWatch
from socterm.pipeline.verdicts import KeptVerdicts
from socterm.sigma.cache import RuleCache
from socterm.sigma.documents import RuleFile
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_files, load_rules
from socterm.sigma.model import RuleSet
from socterm.sources.opening import Opener, check_specs
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import Terms

if TYPE_CHECKING:
    from socterm.pipeline.beside import Beside
    from socterm.pipeline.incidentwatch import IncidentWatch
    from socterm.sources.hub import Hub

PLACEHOLDERS_LIMIT = 4 << 20
"""Bytes of a file of values for a placeholder; each value is a test of its own in rules that ask for it."""


def calm_memory(young: int = 50_000, middle: int = 20, old: int = 50) -> None:
    """Keep what is loaded by now out of the collector's rounds, and make those rare.

    The thresholds are those of `gc`: by default few rounds and long ones, as suits a pipeline.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, middle, old)


def rule_paths(extra: Sequence[Path], *, pack: bool = True) -> list[Path]:
    """Our own pack, the sets that `rules update` installed, and what the user adds.

    Without `pack` only what the user adds, which must be something then. Raises `UsageError` for a path that
    is not there.
    """
    if not pack and not extra:
        raise UsageError("--no-pack leaves no rules; name some with --rules PATH")
    refuse_missing(extra)
    return [rules_dir(), *rule_sets().paths(), *extra] if pack else list(extra)


def refuse_missing(paths: Sequence[Path]) -> None:
    """Raise `UsageError` for the path of rules that is not there."""
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110 - a folder that may not be entered is no error here
            raise UsageError(f"{path}: no such rule file or folder")


def rule_sets() -> RuleSets:
    """Where `rules update` keeps what it fetched."""
    return RuleSets(data_dir(os.environ) / "rules")


def placeholders(config: Config) -> dict[str, tuple[str, ...]]:
    """What `%name%` stands for in rules. A file has one value a line; blank lines and `#` lines are none.

    Raises `UsageError` for a file that cannot be read.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, said in config.placeholders.items():
        if isinstance(said, Path):
            try:
                lines = [line.strip() for line in text_lines(said, PLACEHOLDERS_LIMIT)]
            except (OSError, DataError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                raise UsageError(f"placeholders.{name}: {said}: {why}") from None
            said = tuple(line for line in lines if line and not line.startswith("#"))
        found[name] = said
    return found


def load(config: Config, *, pack: bool = True, tested: bool = True) -> RuleSet:
    """All rules with their fates; those that fail their own tests are disabled, unless `tested` is off.

    `pack`: our own too.
    """
    cache = RuleCache(cache_dir(os.environ))
    paths = rule_paths(config.rules, pack=pack)
    filled, lists = placeholders(config), list(ValueLists.of(config))
    if tested:
        kept = KeptVerdicts(cache_dir(os.environ))
        found = load_checked(paths, cache=cache, placeholders=filled, lists=lists, kept=kept)
        kept.save()
    else:
        found = load_rules(paths, cache=cache, placeholders=filled, lists=lists)
    cache.save()
    return found


def watch_rules(writer: Writer, config: Config, lists: ValueLists) -> RuleWatch:
    """The rules that were in force when the last ingest stopped, and what has become of them since.

    `lists` are those that rules may look fields up in.
    """
    read = rule_reader(placeholders(config), list(lists))
    book = RuleBook(named_rules(config), read, writer.rule_files())
    return RuleWatch(book, partial(Matcher, tz=zone(config)))


def rule_reader(filled: Mapping[str, Sequence[str]], lists: Sequence[str]) -> Load:
    """How rule files are read where placeholders stand for these values and lists have these names."""
    kept = KeptVerdicts(cache_dir(os.environ))
    verdicts = Verdicts(kept)
    cache = RuleCache(cache_dir(os.environ))

    def read(files: Sequence[RuleFile]) -> Checked:
        checked = check_loaded(
            lambda off: load_files(files, disabled=off, cache=cache, placeholders=filled, lists=lists),
            verdicts=verdicts,
        )
        kept.save()
        cache.save()
        return checked

    return read


def named_rules(config: Config) -> Callable[[], list[Path]]:
    """Which rule files and folders a configuration names, as of each call: sets come and go meanwhile.

    Raises `UsageError` at once for a path that is not there; one that goes later keeps its rules.
    """
    own, sets = rules_dir(), rule_sets()
    rule_paths(config.rules)
    return lambda: [own, *sets.paths(), *config.rules]


def open_writer(config: Config) -> Writer:
    """Take the store for ingest. Raises `LeaseHeldError` where another process has it."""
    writer = Writer.open(config.db, now=clock(), say=say)
    writer.join_by(policy_of(config), clock())
    return writer


def policy_of(config: Config) -> Policy:
    """How the configuration wants alerts joined."""
    asked, usual = config.incidents, Policy()
    return Policy(
        amounts.span(asked.window) or usual.window,
        amounts.span(asked.chain) or usual.chain,
        tuple(dict.fromkeys((*usual.common, *(name.lower() for name in asked.common_users)))),
        config.networks.internal,
        amounts.span(asked.half_life) or usual.half_life,
    )


def terms_of(config: Config) -> Terms:
    """How long the configuration wants what kept."""
    kept = config.retention
    return Terms(amounts.span(kept.older), amounts.size(kept.max_size), amounts.span(kept.closed))


def make_pipeline(
    writer: Writer,
    config: Config,
    *,
    specs: Sequence[str],
    options: Mapping[str, Any],
    once: bool = False,
    stdin_fd: int = 0,
    mode: str = "ingesting",
    hub: Hub | None = None,
) -> Pipeline:
    """Load the rules and wire the road onto an open store. `hub` is where requests come from."""
    with writer.held(clock):
        aside = beside(writer, config)  # what it lacks is told before rules are read
        lists = ValueLists.of(config)
        watch = watch_rules(writer, config, lists)
        stored = writer.load_state()
        bookmarks = {s.name: (s.position, s.bookmark) for s in stored.sources}
        opener = Opener(
            specs,
            bookmark=bookmarks.get,
            clock=clock,
            from_start=bool(options.get("from_start")),
            lines=options.get("lines"),
            once=once,
            stdin_fd=stdin_fd,
            hub=hub,
            listen=config.listen,
        )
        lateness = int(config.lateness * 1_000_000)
        return Pipeline(
            writer, stored, watch.rules, opener, clock=clock, tz=zone(config), once=once, mode=mode,
            lateness=lateness, enricher=Enricher.of(config), forms=forms_of(config.formats), watch=watch,
            lists=lists, retention=writer.retention(terms_of(config)), beside=aside,
        )  # fmt: skip


def beside(writer: Writer, config: Config) -> list[Beside]:
    """What is to run beside the ingest, as configured."""
    found: list[Beside] = [watch_incidents(writer, config)] if config.analyst.background else []
    return [*found, *notifiers(writer.path, config)]


def notifiers(path: Path, config: Config) -> list[Beside]:
    """What tells new alerts outside, on the channels that are configured now or after a SIGHUP."""
    from socterm.notify.notifier import Notifier, forget

    found = Notifier(path, config.notify, os.environ, clock=clock, host=platform.node())
    if not found.names:
        forget(path, clock())
    return [found]


def watch_incidents(writer: Writer, config: Config) -> IncidentWatch:
    """What has the analyst's roles look at new incidents."""
    wanted = config.analyst
    from socterm.analyst.backends import open_backend
    from socterm.analyst.prompts import Prompts
    from socterm.pipeline.incidentwatch import IncidentWatch

    return IncidentWatch(
        writer.path, open_backend(config.llm), clock=clock, tz=zone(config), level=wanted.background_level,
        most=wanted.background_most, fast=wanted.fast, prompts=Prompts(prompts_dir(os.environ)),
    )  # fmt: skip


def specs_of(config: Config, options: Mapping[str, Any]) -> list[str]:
    """What to read, in one list: paths and globs, syslog URLs, "journal", "journal:PATH", "-"."""
    # Mistakes of the command line are told before anything is opened.
    forms_of(config.formats)
    rule_paths(config.rules)
    specs = [*config.tail, *config.syslog]
    if config.journal:
        specs.append("journal")
    specs += [f"journal:{path}" for path in options.get("journal_file") or ()]
    if options.get("stdin"):
        specs.append("-")
    check_specs(specs, config.listen)
    return specs
