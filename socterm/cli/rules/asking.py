"""The events `socterm rules explain` is asked about: lines, JSON, numbers in a store, files, standard input.

Files are read as ingest reads them (packed ones, JSON documents, .evtx), so that a rule meets the same text.
"""

from __future__ import annotations

import re
import stat
import sys
from collections.abc import Iterable
from datetime import tzinfo
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from socterm.cli.rules.common import path_of
from socterm.cli.saying import say
from socterm.cli.settings import clock
from socterm.config import Config
from socterm.errors import SoctermError, UsageError

if TYPE_CHECKING:
    from socterm.event import Event

LINES_MOST = 10_000
FILE_MOST = 64 * 1024 * 1024
"""Bytes looked at of a file or of standard input, unpacked."""

_PATH = re.compile(r"(?:~|\.{0,2})/\S*|\S+\.(?:log|txt|json|jsonl|ndjson|csv|evtx|gz|xz|bz2|zst)(?:\.\d+)?")
"""What no log line looks like, but a file name that was misspelt does."""


class _Blocks(Protocol):
    def read(self) -> bytes:
        """The next block, b"" at the end."""


def events_of(what: Iterable[str], settings: Config, form: str | None, tz: tzinfo) -> list[Event]:
    """The events meant, in order, enriched and numbered. Raises `UsageError` where there is none."""
    from socterm.enrich import Enricher
    from socterm.event import Chunk
    from socterm.parsers.decoder import Decoder
    from socterm.pipeline.forms import known

    decoder = Decoder("explain", tz=tz, form=known(form) if form else "")
    enricher = Enricher.of(settings)
    found: list[Event] = []
    for text in what:
        if text.startswith("#") and text[1:].isdigit():
            found.append(_stored(int(text[1:]), settings))
            continue
        lines, now = _lines(text)
        events = decoder.decode(Chunk("explain", len(found), lines, {}, now, live=False))
        enricher.apply(events)
        found += events
    for number, event in enumerate(found, 1):
        event.id = event.id or number
    return found


def _stored(number: int, settings: Config) -> Event:
    from socterm.pipeline.ruleexplain import stored
    from socterm.store import open_store

    if not settings.db.exists():
        raise SoctermError(f"{settings.db}: no store there yet; name one with --db")
    store = open_store(settings.db, readonly=True, say=say)
    try:
        rows = store.events.get([number]) if number < 1 << 63 else []
    finally:
        store.close()
    if not rows:
        raise UsageError(f"#{number}: the store {settings.db} has no event of this number")
    return stored(rows[0])


def _lines(text: str) -> tuple[list[bytes], int]:
    """The lines of an argument, and the moment (µs) that stamps without a year go by."""
    if text == "-":
        return _split(_unwrapped(_bounded(sys.stdin.buffer.read(FILE_MOST + 1)))), clock()
    path = path_of(text)
    if path is None:
        if _PATH.fullmatch(text):
            raise UsageError(f"{text}: no such file; a log line goes in quotes")
        return _split(_unwrapped(text.encode("utf-8", "surrogateescape"))), clock()
    if path.is_dir():
        raise UsageError(f"{text}: a folder; name the files in it")
    try:
        return _split(_content(path)), path.stat().st_mtime_ns // 1000
    except OSError as error:
        raise UsageError(f"{text}: {error.strerror}") from error


def _content(path: Path) -> bytes:
    """A file as ingest would read it; a pipe (`<(…)`) as it comes."""
    from socterm.sources.readers import open_reader

    if stat.S_ISFIFO(path.stat().st_mode):
        with path.open("rb") as pipe:
            return _unwrapped(_bounded(pipe.read(FILE_MOST + 1)))
    reader = open_reader(path)
    try:
        return _drained(reader, str(path))
    finally:
        reader.close()


def _unwrapped(data: bytes) -> bytes:
    """Text that is a JSON document (a list, records, one over many lines) as a line per record."""
    from socterm.sources.documents import SNIFF, DocumentError, kind_of
    from socterm.sources.json_file import JsonStream

    if kind_of(data[:SNIFF]) != "json":
        return data
    stream = JsonStream(BytesIO(data), (DocumentError,))

    class Reading:
        def read(self) -> bytes:
            return stream.read1()

    return _drained(Reading(), "the JSON")


def _drained(reader: _Blocks, name: str) -> bytes:
    """All of a reader, up to the limit; damage is told, and what stands before it is taken."""
    from socterm.sources.documents import DocumentError
    from socterm.sources.readers import DamagedError

    found = bytearray()
    try:
        while len(found) <= FILE_MOST and (block := reader.read()):
            found += block
    except (DamagedError, DocumentError) as error:
        click.echo(f"socterm: {ascii(name)[1:-1]}: {error}; what stands before it is looked at", err=True)
    return _bounded(bytes(found))


def _bounded(data: bytes) -> bytes:
    if len(data) > FILE_MOST:
        click.echo(f"socterm: only the first {FILE_MOST >> 20} MiB are looked at", err=True)
    return data[:FILE_MOST]


def _split(data: bytes) -> list[bytes]:
    lines = [line.rstrip(b"\r") for line in data.split(b"\n") if line.strip()]
    if len(lines) > LINES_MOST:
        click.echo(f"socterm: only the first {LINES_MOST:,} lines are looked at", err=True)
    if not lines:
        raise UsageError("there is no event in what was given")
    return lines[:LINES_MOST]
