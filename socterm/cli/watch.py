"""`socterm` without a command: the console, with the pipeline beside it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.background import Background
from socterm.cli.saying import say
from socterm.cli.settings import clock, configure, zone
from socterm.cli.wiring import calm_memory, make_pipeline, open_writer, placeholders, specs_of
from socterm.config import Config, keys_path, prompts_dir
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.ingest import Pipeline
from socterm.store import open_store
from socterm.store.ingest.writer import Writer

if TYPE_CHECKING:
    from socterm.console.keymap import KeyMap
    from socterm.store.connection import Allowed

LEAVING = 5.0
"""Seconds a console has to end after it was told to."""

RECENT = 1000
"""Lines of each of this machine's logs that bare `socterm` begins with, where it has not read them before."""


def watch(options: Mapping[str, Any]) -> None:
    """Open the console on the sources given, this machine's own logs, or the demo."""
    config = configure(options)
    specs = specs_of(config, options)
    stdin_fd = terminal(piped="-" in specs)
    if options.get("learn_from"):
        _learn(config, options["learn_from"])
    if not specs:
        if options.get("db") is not None and config.db.exists():
            show(config, None, note="only looking: no source was named")
            return
        specs = _found()
        if not specs:
            from socterm.cli.demo import play

            play(60.0, theme=options.get("theme"), why="no log of this machine can be read")
            return
        if not options.get("from_start") and options.get("lines") is None:
            # Whoever starts without a word wants to see what happened lately, not an empty screen.
            options = {**options, "lines": RECENT}

    if config.db.exists():
        open_store(config.db, say=say).close()  # an upgrade is told before the console draws over it

    def make(opened: Writer) -> Pipeline:
        return make_pipeline(opened, config, specs=specs, options=options, stdin_fd=stdin_fd)

    # What is piped in cannot wait for another process to end.
    ingest = Background(make, lambda: open_writer(config), stand_by="-" not in specs, stdin_fd=stdin_fd)
    beside(config, ingest)


def _learn(config: Config, paths: Sequence[str]) -> None:
    """Let rules go over old logs before the console opens: it would draw over what there is to say."""
    from socterm.cli.learn import learn_first

    writer = open_writer(config)
    try:
        learn_first(writer, config, paths)
    finally:
        writer.close()


def _found() -> list[str]:
    """This machine's own logs; says which of them may not be read, and that the demo comes instead."""
    from socterm.sources.opening import this_machines_logs

    specs, reasons = this_machines_logs()
    for reason in reasons:
        click.echo(f"socterm: {reason}", err=True)
    if not specs:
        click.echo("socterm: no log of this machine can be read; playing the demo instead", err=True)
    return specs


def terminal(*, piped: bool) -> int:
    """Make sure there is a terminal to draw on; answers the descriptor that standard input's bytes are on.

    Bytes piped in would reach the console as key presses, so they move to another descriptor and the
    terminal itself becomes descriptor 0. Raises `UsageError` where there is no terminal.
    """
    # Textual reads the one and draws on the other.
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "no terminal to draw on; use `socterm run` with the same options to ingest without one"
        )
    if sys.stdin.isatty():
        if piped:
            raise UsageError(
                "`-` reads standard input, but nothing is piped in: ssh host tail -F log | socterm -"
            )
        return 0
    try:
        tty = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        raise UsageError(
            "standard input is no terminal and there is no /dev/tty; use `socterm run`"
        ) from None
    moved = os.dup(0)
    os.dup2(tty, 0)
    os.close(tty)
    return moved


def beside(
    config: Config, ingest: Background, *, note: str = "", before: Callable[[], None] | None = None
) -> None:
    """Run the console with a pipeline beside it, and end both; `before` is called when that one has begun."""
    own_keys()  # a mistake in them is told before anything begins
    ingest.start()
    try:
        if before is not None:
            before()
        show(config, ingest, note=note)
    finally:
        failure = ingest.stop()
    if failure:
        raise SoctermError(failure)


def own_keys() -> KeyMap | None:
    """The keys this person changed, None for none. Raises UsageError where the file of them cannot stand."""
    path = keys_path(os.environ)
    if not path.exists():
        return None
    from socterm.console.keymap import load_keys

    return load_keys(path)


def show(
    config: Config,
    ingest: Background | None,
    *,
    note: str = "",
    decides: bool = True,
    files: bool = True,
    allowed: Allowed | None = None,
) -> None:
    """Draw the console until it is left.

    Without `decides` nothing can be written to the store, and nothing when `allowed` says no; without `files`
    no verb writes a file or reads one that is named.
    """
    from socterm.analyst import Analyst, Desks, Talks, open_backend
    from socterm.analyst.prompts import Prompts
    from socterm.console.announcing import Limits
    from socterm.console.app import SoctermApp
    from socterm.console.keymap import PLAIN
    from socterm.console.rulefiles import RuleFiles
    from socterm.enrich.valuelists import ValueLists

    look = config.console

    if ingest is not None and (holder := ingest.opened()):
        note = f"{holder} ingests into this store; decisions work here too"
    store = open_store(config.db, readonly=not decides, allowed=allowed)
    try:
        backend = open_backend(config.llm)
        prompts = Prompts(prompts_dir(os.environ))
        analyst = Analyst(
            store.events, store.triage, backend, now=clock, tz=zone(config), prompts=prompts,
            desks=Desks.of(store, sql=config.llm.sql, backend=backend), doors=store, fast=config.analyst.fast,
            talks=Talks(store.conversations, config.actor) if decides else None,
        )  # fmt: skip
        app = SoctermApp(
            store, analyst, ingest, actor=config.actor, clock=clock, tz=zone(config), note=note,
            theme=look.theme, fps=look.fps, keys=own_keys() or PLAIN, notify=look.notify, hints=True,
            limits=Limits(look.notify_level, look.notify_most, look.notify_each),
            rules=RuleFiles(lambda: placeholders(config), lambda: ValueLists.of(config), files), files=files,
        )  # fmt: skip
        # A round stops the event loop: up to a million objects after 20 small rounds are a third of a second.
        calm_memory(young=10_000, middle=5, old=100)
        sys.setswitchinterval(0.001)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: app.exit())
        last_resort = LastResort()
        app.leaving = last_resort.arm
        try:
            app.run()
        finally:
            last_resort.disarm()
    finally:
        store.close()


class LastResort:
    """Ends a console that was told to end and does not: its terminal takes nothing any more.

    Textual then waits for ever to write its last words, and ingest beside it would hold the store for ever.
    """

    def __init__(self) -> None:
        self._modes = termios.tcgetattr(0) if os.isatty(0) else None
        self._timer = threading.Timer(LEAVING, self._end)
        self._timer.daemon = True

    def arm(self) -> None:
        """The console was told to end; calling again changes nothing."""
        if self._timer.ident is None:
            self._timer.start()

    def disarm(self) -> None:
        """It ended."""
        self._timer.cancel()

    def _end(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            if self._modes is not None:
                termios.tcsetattr(0, termios.TCSANOW, self._modes)
            os.set_blocking(2, False)
            os.write(
                2,
                b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\r\nsocterm: the terminal took nothing more\r\n",
            )
        os._exit(SoctermError.exit_code)
