"""`socterm scan`: batch detection over files, folders and pipes."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import click

from socterm.alerts.levels import LEVELS
from socterm.cli.bar import Bar, possible
from socterm.cli.output import clean
from socterm.cli.parse import reference
from socterm.cli.reading import moment
from socterm.cli.saying import say
from socterm.cli.settings import clock, configure, zone
from socterm.cli.sheets import FORMS, Target, sheet
from socterm.cli.summary import Summary
from socterm.cli.wiring import calm_memory, load, rule_paths
from socterm.config import Config
from socterm.enrich import Enricher
from socterm.enrich.valuelists import ValueLists
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.forms import forms_of
from socterm.pipeline.keep import Keeper
from socterm.pipeline.scan import Scan, Window
from socterm.pipeline.survey import Log, Surveyor
from socterm.sigma.learning.plan import lists_of
from socterm.sigma.model import RuleSet
from socterm.sources.finding import Finder, Skipped
from socterm.sources.piped import PipedLog
from socterm.sources.whole import Whole
from socterm.store.ingest.writer import Writer

_FOREVER = 1 << 62
_level = click.Choice(LEVELS)


@click.command()
@click.argument("path", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="table",
    show_default=True,
    help="How findings are written; ndjson and csv as they come.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format ndjson.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write findings there instead of to standard output.",
)
@click.option("--signals", is_flag=True, help="Every hit of a rule instead of alerts.")
@click.option("--all", "parts", is_flag=True, help="In a table also alerts that are part of others.")
@click.option("--rules", multiple=True, metavar="PATH", help="More Sigma rules: a file or folder.")
@click.option("--no-pack", is_flag=True, help="Only the rules named, without socterm's own.")
@click.option("--min-level", type=_level, default="informational", help="Show this level and above.")
@click.option("--fail-on", type=_level, help="Exit code 1 where something of this level or above is found.")
@click.option("--since", metavar="TIME", help="Only events from then on: 2026-11-20, 2026-11-20T10:00, 7d.")
@click.option("--until", metavar="TIME", help="Only events up to the end of that day, minute or second.")
@click.option(
    "--input-format",
    "formats",
    multiple=True,
    metavar="[GLOB=]NAME",
    help="Read lines as this format, whatever they look like; with GLOB only of those files.",
)
@click.option(
    "--now", metavar="ISO", help="Reference for stamps without a year (default: each file's mtime)."
)
@click.option("--tz", metavar="ZONE", help="Zone of stamps without one, e.g. Europe/Berlin.")
@click.option(
    "--db",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep events and alerts in this store; without it nothing is left behind.",
)
@click.option("--progress/--no-progress", default=None, help="Show a bar on stderr (default: on a terminal).")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but findings and errors.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def scan(path: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Look for attacks in files: any log, JSON, .evtx, packed, rotated, whole folders; - is standard input.

    Several files are one stream in order of event time, so that rules find what happened across them.
    Exit codes: 0 done, 1 found something (--fail-on), 2 usage, 3 nothing could be read, 130 interrupted.
    """
    if as_json:
        options["form"] = "ndjson"
    raise click.exceptions.Exit(_Job(path, options).run())


class _Asked(NamedTuple):
    """What the options say, read and checked."""

    config: Config
    now: int | None
    window: Window | None
    signals: bool
    pack: bool
    keep: bool


class _Job:
    """One call of the command."""

    def __init__(self, paths: Sequence[str], options: dict[str, Any]) -> None:
        self._paths = paths
        self._options = options
        self._summary = Summary(signals=options["signals"])
        self._stop = 0

    def run(self) -> int:
        """The exit code."""
        options = self._options
        asked = _read(options)
        target = Target(options["output"])
        with _ended_in_order(), closing(target), Bar(wanted=self._bar_wanted(target)) as bar:
            logs, piped = self._survey(asked, bar)
            bar.say("loading rules")
            rules = load(asked.config, pack=asked.pack)
            _none_is_a_mistake(rules)
            self._summary.rules(rules)
            with _kept(asked, rules) as keeper:
                scan = _scan(asked, logs, piped, rules, keeper)
                calm_memory()
                with closing(scan), self._signals_heard():
                    bar.begin(sum(file.size for log in logs for file in log.files))
                    self._go(scan, bar, target)
                if keeper is not None:
                    self._summary.known(keeper.known)
                    keeper.close()
        return self._end()

    def _bar_wanted(self, target: Target) -> bool:
        wanted = self._options["progress"]
        # What reads our output through a pipe writes to the same screen: there a bar would be in its way.
        return bool(
            possible() and not self._options["quiet"] and (not target.pipe if wanted is None else wanted)
        )

    def _survey(self, asked: _Asked, bar: Bar) -> tuple[list[Log], dict[str, Whole]]:
        """What there is to read, in order of time."""
        output = self._options["output"]
        finder = Finder([output] if output else [])
        surveyor = Surveyor(tz=zone(asked.config), forms=forms_of(asked.config.formats), now=asked.now)
        pipes = [path for path in dict.fromkeys(self._paths) if _is_pipe(path)]
        bar.say("looking at files")
        logs = surveyor.logs(finder.files([path for path in self._paths if path not in pipes]))
        piped: dict[str, Whole] = {}
        for path in pipes:
            name = "stdin" if path == "-" else path
            try:
                # To wait for a writer here would be deaf to a Ctrl-C that came just before; `Pipe` waits.
                fd = 0 if path == "-" else os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                source = PipedLog(name, fd, clock=clock, stop=lambda: bool(self._stop))
            except (SoctermError, OSError) as error:
                reason = (
                    error.strerror if isinstance(error, OSError) else str(error).removeprefix(f"{name}: ")
                )
                finder.skipped.append(Skipped(name, reason or "cannot be read"))
                continue
            piped[name] = source
            logs.append(surveyor.piped(name, source.start, clock()))
        self._summary.found(logs, [*finder.skipped, *surveyor.skipped])
        if not logs:
            first = (finder.skipped or [Skipped(self._paths[0], "no file in it")])[0]
            raise SoctermError(f"nothing to scan: {first.path}: {first.reason}")
        return logs, piped

    def _go(self, scan: Scan, bar: Bar, target: Target) -> None:
        """Read to the end, or until somebody has had enough."""
        options = self._options
        page = sheet(options["form"], target, signals=options["signals"], parts=options["parts"])
        least = LEVELS.index(options["min_level"])
        # On one screen rows and bar would mix: there rows wait until the bar is gone.
        held: list[Any] = []
        waits = target.terminal

        def put(found: list[Any]) -> None:
            found = [one for one in found if LEVELS.index(one.info.level) >= least]
            if waits:
                held.extend(found)
            else:
                page.add(found)

        self._summary.begin()
        target.begin()
        for found in scan.findings():
            put(found)
            bar.show(scan.progress, scan.results.levels.total())
            if self._stop:
                put(scan.rest())
                break
        bar.stop()
        page.add(held)
        self._summary.end(scan, interrupted=bool(self._stop))
        page.close(self._summary.as_json())

    @contextmanager
    def _signals_heard(self) -> Iterator[None]:
        """The first Ctrl-C or SIGTERM ends the scan in order, the next at once."""

        def heard(number: int, _frame: FrameType | None) -> None:
            self._stop = number
            signal.signal(number, before[number])

        before: dict[int, Any] = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, heard)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self) -> int:
        if not self._options["quiet"]:
            for line in self._summary.lines():
                click.echo(clean(line), err=True)
        sys.stderr.flush()
        if self._stop:
            return 128 + self._stop
        fail_on = self._options["fail_on"]
        return int(fail_on is not None and self._summary.worst() >= LEVELS.index(fail_on))


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM while nothing is read yet unwinds as Ctrl-C does: the bar must not keep the cursor hidden."""

    def heard(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _read(options: dict[str, Any]) -> _Asked:
    """Everything a person could have mistyped is told before anything is read."""
    config = configure({name: options[name] for name in ("formats", "rules", "tz", "db", "config")})
    try:
        forms_of(config.formats)
    except UsageError as error:  # said of `run`, where --format is what --input-format is here
        raise UsageError(str(error).replace("--format:", "--input-format:")) from None
    rule_paths(config.rules, pack=not options["no_pack"])
    if (
        options["db"] is not None
        and options["output"] is not None
        and _same(options["db"], options["output"])
    ):
        raise UsageError("--db and --output are the same file: findings would overwrite the store")
    now = None if options["now"] is None else reference(options["now"], zone(config))
    window = _window(options["since"], options["until"], clock() if now is None else now)
    return _Asked(config, now, window, options["signals"], not options["no_pack"], options["db"] is not None)


def _none_is_a_mistake(rules: RuleSet) -> None:
    """Without a rule nothing is found, which must not look like good news (`--fail-on`)."""
    if any(fate.fate in ("active", "base", "no-source") for fate in rules.fates):
        return
    refused = [fate for fate in rules.fates if fate.fate == "refused"]
    why = f"; {clean(refused[0].path)}: {clean(refused[0].reason)}" if refused else ""
    raise UsageError(f"none of {len(rules.fates)} rules can be used{why}")


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _window(since: str | None, until: str | None, now: int) -> Window | None:
    """The times between which events count; None where all do."""
    if since is None and until is None:
        return None
    start = -_FOREVER if since is None else moment("--since", since, now)[0]
    end = _FOREVER if until is None else moment("--until", until, now)[1]
    if start >= end:
        raise UsageError("--since is not before --until: no event lies between them")
    return start, end


def _is_pipe(path: str) -> bool:
    if path == "-":
        return True
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116 - /dev/fd/63 is no path to resolve
    except (OSError, ValueError):
        return False


@contextmanager
def _kept(asked: _Asked, rules: RuleSet) -> Iterator[Keeper | None]:
    """The store that keeps what is read, where one was named."""
    if not asked.keep:
        yield None
        return
    writer = Writer.open(asked.config.db, now=clock(), say=say)
    try:
        writer.save_rules(rules.fates, {rule.key: rule.info for rule in rules.rules.values()})
        yield Keeper(writer, writer.load_state(), clock=clock)
    finally:
        writer.close()


def _scan(
    asked: _Asked, logs: list[Log], piped: dict[str, Whole], rules: RuleSet, keeper: Keeper | None
) -> Scan:
    lists = ValueLists.of(asked.config)
    lists.use(lists_of(rules))
    return Scan(
        logs,
        rules,
        lists=lists,
        clock=clock,
        tz=zone(asked.config),
        now=asked.now,
        window=asked.window,
        signals=asked.signals,
        lateness=int(asked.config.lateness * 1_000_000),
        enricher=Enricher.of(asked.config),
        piped=piped,
        keeper=keeper,
    )
