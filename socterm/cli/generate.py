"""`socterm generate`: attack stories, their benign twins and background as logs, to wherever wanted."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path
from types import FrameType
from typing import Any

import click

from socterm.cli.destinations import Destination, Outgoing, open_destination
from socterm.cli.output import clean, json_option, put_json, table
from socterm.cli.settings import clock
from socterm.demo import DEFAULT, SEED, Ledger, Rate, Story, Told, rate_of, send, stories, tell, truth_text
from socterm.demo.samples import file_names
from socterm.demo.stamps import HEADERS
from socterm.errors import SoctermError, UsageError
from socterm.query.times import duration as microseconds
from socterm.whole import refuse_store


@click.command()
@click.argument("names", nargs=-1, metavar="[STORY]...")
@click.option("--list", "listed", is_flag=True, help="List the stories.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed, other details.")
@click.option("--rate", metavar="N/s", help="Lines a second (50/s, 30/m), or 1x: as fast as it happened.")
@click.option(
    "--duration",
    metavar="TIME",
    help="Go on with background for 90s, 10m, 1h; forever: until Ctrl-C. Default: to the story's end.",
)
@click.option(
    "--start",
    metavar="ISO|now",
    help="First stamp, UTC unless it names a zone; now: end about now. Default: fixed for files, else now.",
)
@click.option(
    "--header", type=click.Choice(tuple(HEADERS)), default="iso", show_default=True, help="Of syslog lines."
)
@click.option(
    "--noise",
    type=click.FloatRange(0, 10_000),
    default=1.0,
    show_default=True,
    metavar="FACTOR",
    help="How busy the background is; 0: none.",
)
@click.option(
    "--to",
    default="-",
    metavar="WHERE",
    help="FILE, FOLDER/ (a file a log), - or udp://, tcp://, http://HOST:PORT. Default: standard output.",
)
@click.option("--append", is_flag=True, help="Add to files that are there.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--octets", is_flag=True, help="tcp: count octets instead of ending lines (RFC 6587).")
@click.option(
    "--truth",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write there, as YAML, which line is what and which alerts are due.",
)
@json_option
def generate(names: tuple[str, ...], listed: bool, as_json: bool, seed: int, to: str, **options: Any) -> None:
    """Write logs that tell an attack (or what only looks like one) with a day's work around it.

    Without a name the long story; `all` tells every one in turn. The same seed and start give the same bytes.
    Example: socterm generate brute_force_success --rate 1x --to udp://127.0.0.1:5514
    """
    if listed:
        _list(as_json)
        return
    job = _Job(_chosen(names), seed, to, options)
    raise click.exceptions.Exit(job.run())


def _list(as_json: bool) -> None:
    found = stories().values()
    if as_json:
        for story in found:
            put_json(
                {
                    "story": story.name,
                    "says": story.says,
                    "twin_of": story.twin_of or None,
                    "logs": [log.name for log in story.logs],
                    "seconds": story.length,
                    "alerts": sorted({entry.rule for entry in story.alerts}),
                }
            )
        return
    table(
        ("STORY", "MINUTES", "LOGS", "WHAT HAPPENS"),
        [
            (
                story.name,
                f"{story.length / 60:.0f}",
                " ".join(log.name for log in story.logs),
                f"{'benign: ' if story.twin_of else ''}{story.says}",
            )
            for story in found
        ],
    )


def _chosen(names: Sequence[str]) -> list[Story]:
    known = stories()
    if "all" in names:
        return list(known.values())
    for name in names:
        if name not in known:
            raise UsageError(f"no story is called {clean(name)}: socterm generate --list names them")
    return [known[name] for name in names or (DEFAULT,)]


class _Job:
    """One call of the command: options read, lines told, counted and sent."""

    def __init__(self, chosen: list[Story], seed: int, to: str, options: dict[str, Any]) -> None:
        self._chosen = chosen
        self._seed = seed
        self._to = to
        self._options = options
        self._rate = _rate(options["rate"])
        self._seconds = _duration(options["duration"])
        self._start = self._begin(options["start"])
        self._count: Counter[str] = Counter()
        self._numbers: dict[str, int] = {}
        self._ledgers: dict[str, Ledger] = {}

    def run(self) -> int:
        """The exit code: 130 where it was interrupted."""
        options = self._options
        names = {log: file for story in self._chosen for log, file in self._files(story).items()}
        out = open_destination(
            self._to, names, append=options["append"], force=options["force"], octets=options["octets"]
        )
        began = time.monotonic()
        with _heard() as stop:
            try:
                send(
                    self._lines(),
                    lambda told: self._put(out, told),
                    out.flush,
                    self._rate,
                    clock=time.monotonic,
                    sleep=stop.wait,
                    ended=stop.is_set,
                )
                out.close()
            except SoctermError as error:
                out.drop()
                lines = self._count.total()
                raise SoctermError(f"{error} (after {lines:,} line{'s' * (lines != 1)})") from None
        self._write_truth()
        self._report(time.monotonic() - began, interrupted=stop.is_set())
        return 130 if stop.is_set() else 0

    def _files(self, story: Story) -> dict[str, str]:
        """The names of a story's files in a folder; several stories share theirs."""
        return file_names(story) if len(self._chosen) == 1 else {log.name: log.name for log in story.logs}

    def _lines(self) -> Iterator[Told]:
        options, seconds = self._options, self._seconds
        lines = tell(
            self._chosen,
            self._seed,
            self._start,
            noise=options["noise"],
            header=options["header"],
            on=seconds is not None,
            density=self._rate.lines,
        )
        if not seconds:
            return lines
        if self._rate.lines:
            return islice(lines, max(1, round(seconds * self._rate.lines)))
        limit = seconds * (self._rate.speed or 1.0)
        return takewhile(lambda told: told.at_seconds <= limit, lines)

    def _put(self, out: Destination, told: Told) -> None:
        step = told.step
        out.put(Outgoing(step.line, step.log, step.priority))
        self._count[told.story.name] += 1
        if self._options["truth"] is not None:
            ledger = self._ledgers.get(told.story.name)
            if ledger is None:
                files = {log.name: out.file(log.name) for log in told.story.logs}
                ledger = self._ledgers[told.story.name] = Ledger(told.story, files, self._numbers)
            ledger.add(step)

    def _write_truth(self) -> None:
        path = self._options["truth"]
        if path is None:
            return
        told = [ledger.truth(seed=self._seed, start=self._start) for ledger in self._ledgers.values()]
        refuse_store(path)
        try:
            path.write_text(truth_text(*told), encoding="utf-8")
        except OSError as error:
            raise SoctermError(f"{path}: {error.strerror}") from None

    def _report(self, took: float, *, interrupted: bool) -> None:
        lines = self._count.total()
        said = ", ".join(f"{count:,} of {name}" for name, count in self._count.items())
        end = " (interrupted)" if interrupted else ""
        rate = f", {lines / took:,.0f} lines/s" if took >= 0.05 else ""
        click.echo(f"lines   {lines:,} to {clean(self._place())}{end}: {said or 'none'}", err=True)
        rules = sorted({entry.rule for story in self._chosen for entry in story.alerts})
        click.echo(
            f"alerts  {clean(', '.join(rules)) if rules else 'none of medium or higher'} due", err=True
        )
        click.echo(f"time    {took:.1f} s{rate}", err=True)

    def _place(self) -> str:
        return "standard output" if self._to == "-" else self._to

    def _begin(self, text: str | None) -> datetime:
        """The first stamp: what is paced or sent over a network ends about now, other logs never change."""
        if text is None:
            text = "now" if self._options["rate"] or "://" in self._to else ""
        if not text:
            return self._chosen[0].start
        if text == "now":
            now = datetime.fromtimestamp(clock() / 1_000_000, UTC)
            return now - timedelta(seconds=self._ahead())
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"--start: {clean(text)} is neither now nor an ISO 8601 time, such as 2026-11-20T10:00:00Z"
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _ahead(self) -> float:
        """Seconds the first stamp lies back, so that what is told ends about when it is written."""
        rate, limit = self._rate, self._seconds or None
        length = sum(story.length + 1 for story in self._chosen)
        if rate.lines:
            lines, last = 0, 0.0
            most = None if limit is None else max(1, round(limit * rate.lines))
            for told in islice(tell(self._chosen, self._seed, noise=self._options["noise"]), most):
                lines, last = lines + 1, told.at_seconds
            return max(0.0, (last if lines == most else length) - rate.due(lines, last))
        if self._seconds == 0:
            return 0.0  # no end to aim at: from now on
        told_seconds = limit * (rate.speed or 1.0) if limit else length
        return max(0.0, told_seconds - (told_seconds / rate.speed if rate.speed else 0.0))


def _rate(text: str | None) -> Rate:
    if text is None:
        return Rate()
    try:
        return rate_of(text)
    except ValueError as error:
        raise UsageError(f"--rate: {clean(text)} {error}") from None


def _duration(text: str | None) -> float | None:
    """Seconds; 0 for ever, None for no longer than the stories."""
    if text is None or text == "forever":
        return None if text is None else 0.0
    found = microseconds(text)
    if not found:
        raise UsageError(f"--duration: {clean(text)} is no time, such as 90s, 10m, 1h or forever")
    return found / 1_000_000


@contextmanager
def _heard() -> Iterator[threading.Event]:
    """Set by the first Ctrl-C or SIGTERM, which end what is told in order; the next does at once."""
    stop = threading.Event()
    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def heard(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, heard)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
