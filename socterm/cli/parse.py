"""`socterm parse`: the log-to-ECS converter."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any

import click
import msgspec

from socterm.cli.output import clean
from socterm.cli.wiring import clock, configure, zone
from socterm.errors import SoctermError, UsageError
from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder
from socterm.parsers.export import as_ecs

_OPENERS = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
CHUNK = 1000


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per input line, flat ECS keys.")
@click.option("--now", metavar="ISO", help="Reference for stamps without a year (default: the file's mtime).")
@click.option("--tz", metavar="ZONE", help="Zone of stamps without one.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file.")
def parse(file: str, as_json: bool, now: str | None, tz: str | None, config: Path | None) -> None:
    """Convert FILE (or standard input) to ECS: what socterm understands of each line, in order."""
    settings = configure({"tz": tz, "config": config})
    out = sys.stdout.buffer
    encoder = msgspec.json.Encoder()
    for event in events_of(file, now=now, tz=zone(settings)):
        if as_json:
            out.write(encoder.encode(as_ecs(event)) + b"\n")
        else:
            out.write((_summary(event) + "\n").encode("utf-8", "replace"))
    out.flush()


def events_of(file: str, *, now: str | None, tz: tzinfo) -> Iterator[Event]:
    """Decode a file or standard input. Raises `SoctermError` where it cannot be read."""
    if file == "-":
        reference = _reference(now, tz, clock())
        yield from _decode("stdin", sys.stdin.buffer, reference, tz)
        return
    path = Path(file)
    try:
        reference = _reference(now, tz, path.stat().st_mtime_ns // 1000)
        with _open(path) as stream:
            yield from _decode(f"file:{path.absolute()}", stream, reference, tz)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise SoctermError(
            f"{clean(file)}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".zst":
        try:
            import zstandard
        except ImportError:
            raise UsageError("reading .zst needs the zstd extra: pip install 'socterm[zstd]'") from None
        opened: IO[bytes] = zstandard.open(path, "rb")
        return opened
    opener: Any = _OPENERS.get(path.suffix, open)
    found: IO[bytes] = opener(path, "rb")
    return found


def _reference(now: str | None, tz: tzinfo, default: int) -> int:
    if now is None:
        return default
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise UsageError(
            f"--now: {clean(now)} is not an ISO 8601 time, such as 2026-11-20T10:00:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=tz)
    return int(moment.astimezone(UTC).timestamp() * 1_000_000)


def _decode(name: str, stream: IO[bytes], now: int, tz: tzinfo) -> Iterator[Event]:
    decoder = Decoder(name, tz=tz)
    first = 0
    lines: list[bytes] = []
    for line in stream:
        lines.append(line.removesuffix(b"\n"))
        if len(lines) >= CHUNK:
            yield from decoder.decode(Chunk(name, first, lines, {}, now, live=False))
            first += len(lines)
            lines = []
    if lines:
        yield from decoder.decode(Chunk(name, first, lines, {}, now, live=False))


def _summary(event: Event) -> str:
    ecs = as_ecs(event)
    shown = [
        f"{name}={clean(str(value))}"
        for name, value in ecs.items()
        if name not in ("event.original", "message", "@timestamp", "event.kind")
    ]
    return f"{ecs['@timestamp']} {clean(event.message[:200])}  [{', '.join(shown)}]"
