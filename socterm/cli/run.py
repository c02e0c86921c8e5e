"""`socterm run`: the pipeline without a terminal."""

from __future__ import annotations

import json
import signal
import sys
import threading
from queue import SimpleQueue
from types import FrameType
from typing import Any

import click
import msgspec

from socterm.cli.group import ingest_options
from socterm.cli.output import clean
from socterm.cli.wiring import calm_memory, configure, make_pipeline, open_writer, specs_of
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.status import IngestStatus


@click.command()
@click.argument("dash", required=False, type=click.Choice(["-"]), metavar="[-]")
@ingest_options
@click.option("--once", is_flag=True, help="Read what is there, settle everything and exit.")
@click.option(
    "--batch", type=click.IntRange(1, 100_000), default=2000, show_default=True, help="Lines a commit."
)
@click.option("--json", "as_json", is_flag=True, help="Print the closing counters as JSON.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def run(dash: str | None, once: bool, batch: int, as_json: bool, quiet: bool, **options: Any) -> None:
    """Ingest without a terminal: follow the sources, detect, store. Ends on SIGTERM or SIGINT."""
    if dash:
        options["stdin"] = True
    if once and options["lines"] is not None:
        raise UsageError("--lines says where to begin following; --once reads files whole")
    config = configure(options)
    specs = specs_of(config, options)
    if not specs:
        raise UsageError("nothing to read: name a source, e.g. socterm run --tail /var/log/auth.log")
    writer = open_writer(config)
    try:
        if options["learn_from"]:
            from socterm.cli.learn import learn_first

            learn_first(writer, config, options["learn_from"], quiet=quiet)
        pipeline = make_pipeline(writer, config, specs=specs, options=options, once=once)
        _ingest(pipeline, batch=batch, as_json=as_json, quiet=quiet)
    finally:
        writer.close()


def _ingest(pipeline: Pipeline, *, batch: int, as_json: bool, quiet: bool) -> None:
    pipeline.batch = batch
    stop = threading.Event()
    _stop_on_signals(pipeline, stop)
    calm_memory()
    reporter = None if quiet or as_json else _Reporter()
    if reporter:
        pipeline.on_commit(lambda: reporter.look(pipeline.status()))
    pipeline.run(stop)
    status = pipeline.refresh()
    unread = [s for s in status.sources if s.note and not s.lines]
    if pipeline.once and status.sources and len(unread) == len(status.sources):
        raise SoctermError(f"{unread[0].name}: {unread[0].note}")
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(status)))
    elif reporter:
        reporter.close(status)


def _stop_on_signals(pipeline: Pipeline, stop: threading.Event) -> None:
    """A thread of its own sets the events.

    A handler runs within whatever this thread is at, also while it holds the lock of such an event: to set
    that one there would wait for ever. Only putting into a `SimpleQueue` is safe there.
    """
    heard: SimpleQueue[int] = SimpleQueue()

    def handler(signum: int, _frame: FrameType | None) -> None:
        heard.put(signum)

    def listen() -> None:
        heard.get()
        stop.set()
        pipeline.wake.set()

    threading.Thread(target=listen, name="socterm-signals", daemon=True).start()
    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)


class _Reporter:
    """Says on stderr what a person watching a headless run wants to know: notes, trouble, the end."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._hinted: set[str] = set()
        self._reloads = 0

    def look(self, status: IngestStatus) -> None:
        """Print notes and errors once each."""
        for source in status.sources:
            if source.note:
                self._say(f"{source.name}: {source.note}")
        for hint in status.hints:
            self._say(hint)
        self._said -= self._hinted - set(status.hints)  # what is mended and breaks again is said again
        self._hinted = set(status.hints)
        if status.reloads != self._reloads:
            self._reloads = status.reloads
            click.echo(f"socterm: rules loaded anew: {clean(status.reloaded)}", err=True)
        if status.error:
            self._say(status.error)

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            click.echo(f"socterm: {clean(text)}", err=True)
            sys.stderr.flush()

    def close(self, status: IngestStatus) -> None:
        """The closing line."""
        self.look(status)
        click.echo(
            f"socterm: {status.lines} lines in this store, {status.understood} decoded, "
            f"{status.late} late, {status.drops} dropped",
            err=True,
        )
