"""`socterm run`: the pipeline without a terminal."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from socterm.cli.group import ingest_options
from socterm.cli.renewing import IngestPart, NotifyPart, Part, Renewal
from socterm.cli.saying import ERROR, INFO, WARNING, say
from socterm.cli.settings import configure
from socterm.cli.signals import on_signals
from socterm.cli.wiring import calm_memory, make_pipeline, open_writer, specs_of
from socterm.config import Config
from socterm.errors import SoctermError, UsageError
from socterm.notify.notifier import Notifier
from socterm.pipeline.beside import Beside
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.sdnotify import Manager, of_this_process
from socterm.pipeline.status import IngestStatus
from socterm.pipeline.supervision import Supervision

if TYPE_CHECKING:
    from socterm.sources.hub import Hub
    from socterm.store.ingest.writer import Writer


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
    """Ingest without a terminal: follow the sources, detect, store. Ends on SIGTERM or SIGINT.

    SIGHUP has it read its configuration and data files anew. Under systemd it tells when it is ready, how it
    is, and that it still goes round (Type=notify, WatchdogSec).
    """
    manager = of_this_process()
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
        follow(writer, config, specs, options, manager, once=once, batch=batch, as_json=as_json, quiet=quiet)
    finally:
        writer.close()


def follow(
    writer: Writer,
    config: Config,
    specs: Sequence[str],
    options: Mapping[str, Any],
    manager: Manager,
    *,
    once: bool = False,
    batch: int = 2000,
    as_json: bool = False,
    quiet: bool = False,
    beside: Sequence[Beside] = (),
    renewed: Sequence[Part] = (),
    stop: threading.Event | None = None,
    hub: Hub | None = None,
) -> None:
    """Ingest into an open store until a signal comes, or somebody else sets `stop`.

    `beside` runs with it and ends after it, `renewed` goes on under a configuration that is read anew as the
    ingest does; `hub` is where others post to.
    """
    if options["learn_from"]:
        from socterm.cli.learn import learn_first

        learn_first(writer, config, options["learn_from"], quiet=quiet)
    pipeline = make_pipeline(writer, config, specs=specs, options=options, once=once, hub=hub)
    pipeline.batch = batch
    pipeline.beside += (*beside, Supervision(manager, lambda: pipeline.turns, pipeline.status))
    parts: list[Part] = [
        IngestPart(pipeline, config),
        *(NotifyPart(part) for part in pipeline.beside if isinstance(part, Notifier)),
        *renewed,
    ]
    renew = Renewal(
        config, options, manager, parts, status=pipeline.refresh, at_last=pipeline.between, quiet=quiet
    )
    _ingest(pipeline, manager, renew, stop or threading.Event(), as_json=as_json, quiet=quiet)


def _ingest(
    pipeline: Pipeline,
    manager: Manager,
    renew: Callable[[], None],
    stop: threading.Event,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    def end() -> None:
        manager.stopping()
        stop.set()
        pipeline.wake.set()

    on_signals(end, renew)
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


class _Reporter:
    """Says on stderr what a person watching a headless run wants to know: notes, trouble, the end."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._hinted: set[str] = set()
        self._reloads = 0

    def look(self, status: IngestStatus) -> None:
        """Say notes and errors once each."""
        for source in status.sources:
            if source.note:
                self._say(f"{source.name}: {source.note}", WARNING)
        for hint in status.hints:
            self._say(hint, WARNING)
        self._said -= self._hinted - set(status.hints)  # what is mended and breaks again is said again
        self._hinted = set(status.hints)
        if status.reloads != self._reloads:
            self._reloads = status.reloads
            say(f"rules loaded anew: {status.reloaded}", INFO)
        if status.error:
            self._say(status.error, ERROR)

    def _say(self, text: str, gravity: int) -> None:
        if text not in self._said:
            self._said.add(text)
            say(text, gravity)

    def close(self, status: IngestStatus) -> None:
        """The closing line."""
        self.look(status)
        say(
            f"{status.lines} lines in this store, {status.understood} decoded, "
            f"{status.late} late, {status.drops} dropped",
            INFO,
        )
