"""`socterm parse`: the log-to-ECS converter."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import click
import msgspec
from msgspec.structs import replace

from socterm.cli.output import clean, put_json
from socterm.cli.settings import clock, configure, zone
from socterm.enrich import Enricher
from socterm.errors import SoctermError, UsageError
from socterm.event import Event
from socterm.parsers.decoder import Decoder
from socterm.parsers.export import as_ecs
from socterm.pipeline.forms import known
from socterm.sources.access import WAITING
from socterm.sources.base import Source
from socterm.sources.file import FileSource
from socterm.sources.stdin import StdinSource

CHUNK = 1000


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per input line, flat ECS keys.")
@click.option("--format", "form", metavar="NAME", help="Read lines as this format, whatever they look like.")
@click.option("--now", metavar="ISO", help="Reference for stamps without a year (default: the file's mtime).")
@click.option("--tz", metavar="ZONE", help="Zone of stamps without one.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def parse(
    file: str, as_json: bool, form: str | None, now: str | None, tz: str | None, config: Path | None
) -> None:
    """Convert FILE (or standard input) to ECS: what socterm understands of each line, in order."""
    settings = configure({"tz": tz, "config": config})
    out = sys.stdout.buffer
    encoder = msgspec.json.Encoder()
    plain = sys.stdout.isatty()  # then whatever could steer the terminal is escaped
    enricher = Enricher.of(settings)
    for hint in enricher.hints:
        click.echo(f"socterm: {clean(hint)}", err=True)
    for event in events_of(file, enricher, form=known(form) if form else "", now=now, tz=zone(settings)):
        if as_json and plain:
            put_json(as_ecs(event))
        elif as_json:
            out.write(encoder.encode(as_ecs(event)) + b"\n")
        else:
            out.write((_summary(event) + "\n").encode("utf-8", "replace"))
    out.flush()


def events_of(
    file: str, enricher: Enricher, *, now: str | None, tz: tzinfo, form: str = ""
) -> Iterator[Event]:
    """Decode and enrich a file (packed ones too) or standard input.

    Raises `SoctermError` where it cannot be read.
    """
    wake = threading.Event()
    source: Source
    if file == "-":
        source = StdinSource(clock=clock)
    else:
        source = FileSource(Path(file).absolute(), clock=clock, from_start=True, once=True)
    moment = None if now is None else reference(now, tz)
    decoder = Decoder(source.name, tz=tz, form=form)
    try:
        source.start(wake.set)
        while not source.done:
            wake.clear()
            chunk = source.read(CHUNK)
            if chunk is None:
                if not source.done:
                    wake.wait(0.25)
                continue
            events = decoder.decode(chunk if moment is None else replace(chunk, now=moment))
            enricher.apply(events)
            yield from events
        note = source.stats().note
    finally:
        source.close()
    if note == WAITING:
        raise UsageError(f"{file}: no such file")
    if note:
        raise (UsageError if Path(file).is_dir() else SoctermError)(f"{file}: {note}")


def reference(now: str, tz: tzinfo) -> int:
    """µs of what `--now` says; a time without a zone is in `tz`. Raises `UsageError` for what is no time."""
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise UsageError(
            f"--now: {clean(now)} is not an ISO 8601 time, such as 2026-11-20T10:00:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=tz)
    try:
        return int(moment.astimezone(UTC).timestamp() * 1_000_000)
    except OverflowError:
        raise UsageError(f"--now: {clean(now)} is out of range") from None


def _summary(event: Event) -> str:
    ecs = as_ecs(event)
    shown = [
        f"{name}={clean(str(value))}"
        for name, value in ecs.items()
        if name not in ("event.original", "message", "@timestamp", "event.kind")
    ]
    return f"{ecs['@timestamp']} {clean(event.message[:200])}  [{', '.join(shown)}]"
