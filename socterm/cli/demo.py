"""`socterm demo`: a labelled attack story through the real pipeline, into a store that is thrown away."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from socterm.cli.background import Background
from socterm.cli.wiring import clock, configure, make_pipeline, open_writer
from socterm.config import Config
from socterm.demo import DEFAULT, SEED, paced, render, stories
from socterm.pipeline.ingest import Pipeline
from socterm.store import open_store
from socterm.store.writer import Writer


@click.command()
@click.option(
    "--speed", type=click.FloatRange(0), default=60.0, show_default=True, help="Times real time; 0: at once."
)
@click.option("--headless", is_flag=True, help="Without a terminal: play it, then list the alerts.")
@click.option("--theme", metavar="NAME", help="Colours of the console.")
def demo(speed: float, headless: bool, theme: str | None) -> None:
    """Play twenty minutes of a busy server under attack, SPEED times as fast, into a throw-away store."""
    if headless:
        _headless(speed)
    else:
        play(speed, theme=theme)


def play(speed: float, *, theme: str | None = None, why: str = "") -> None:
    """The demo in the console. `why` says in its header why it is shown."""
    from socterm.cli.watch import beside, terminal

    terminal(piped=False)
    label = f"demo ×{speed:g}" if speed else "demo"
    with _stage(theme) as (config, log):
        player = _Player(log, speed)

        def make(writer: Writer) -> Pipeline:
            return make_pipeline(writer, config, specs=[str(log)], options={"from_start": True}, mode=label)

        try:
            beside(
                config,
                Background(make, lambda: open_writer(config), mode=label),
                note=f"{why}: this is the demo" if why else "",
                before=player.start,
            )
        finally:
            player.stop()


def _headless(speed: float) -> None:
    from socterm.cli.alerts import entity_text
    from socterm.cli.output import table

    with _stage(None) as (config, log):
        player = _Player(log, speed)
        player.run()
        writer = open_writer(config)
        try:
            options: dict[str, Any] = {"from_start": True}
            make_pipeline(writer, config, specs=[str(log)], options=options, once=True).run(threading.Event())
        finally:
            writer.close()
        store = open_store(config.db)
        try:
            rows = store.triage.alerts()
            table(
                ("LEVEL", "COUNT", "ENTITY", "TITLE"),
                [(r.level, r.count, entity_text(r), r.title) for r in rows],
            )
            click.echo(f"{store.events.newest_id()} events, {len(rows)} alerts")
        finally:
            store.close()


@contextmanager
def _stage(theme: str | None) -> Iterator[tuple[Config, Path]]:
    """A configuration whose store and log vanish afterwards."""
    with tempfile.TemporaryDirectory(prefix="socterm-demo-") as folder:
        config = configure({"db": Path(folder) / "demo.db", "theme": theme})
        # What this person follows otherwise has no part in the demo.
        yield (
            config.model_copy(update={"tail": (), "syslog": (), "journal": False}),
            Path(folder) / "auth.log",
        )


class _Player:
    """Writes the story to a log as its time comes, stamped so that it ends about now."""

    def __init__(self, log: Path, speed: float) -> None:
        length = stories()[DEFAULT].length
        lasts = length / speed if speed else 0.0
        start = datetime.fromtimestamp(clock() / 1_000_000, UTC) + timedelta(seconds=lasts - length)
        self._cues = paced(render(SEED, start), speed)
        self._log = log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="demo", daemon=True)
        log.touch()

    def start(self) -> None:
        """Begin to write, beside whatever else runs."""
        self._thread.start()

    def run(self) -> None:
        """Write it all, waiting as the story does."""
        with self._log.open("a", encoding="utf-8") as out:
            for cue in self._cues:
                if cue.delay and self._stop.wait(cue.delay):
                    return
                out.write(cue.line + "\n")
                out.flush()

    def stop(self) -> None:
        """Stop writing."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
