"""`socterm demo`: a labelled attack story through the real pipeline, into a store that is thrown away."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from socterm.cli.background import Background
from socterm.cli.output import clean
from socterm.cli.settings import clock, configure
from socterm.cli.wiring import make_pipeline, open_writer
from socterm.config import Config, NotifyConfig
from socterm.demo import DEFAULT, SEED, Story, paced, stories
from socterm.demo import play as tell_story
from socterm.errors import UsageError
from socterm.pipeline.ingest import Pipeline
from socterm.store import open_store
from socterm.store.ingest.writer import Writer


@click.command()
@click.argument("story", required=False, metavar="[STORY]")
@click.option(
    "--speed", type=click.FloatRange(0), default=60.0, show_default=True, help="Times real time; 0: at once."
)
@click.option("--headless", is_flag=True, help="Without a terminal: play it, then list the alerts.")
@click.option("--theme", metavar="NAME", help="Colours of the console.")
def demo(story: str | None, speed: float, headless: bool, theme: str | None) -> None:
    """Play a story, SPEED times as fast, into a throw-away store.

    Without a name twenty minutes of a busy server under attack.
    `socterm generate --list` names the other stories.
    """
    if headless:
        _headless(speed, chosen(story))
    else:
        play(speed, story, theme=theme)


def play(speed: float, name: str | None = None, *, theme: str | None = None, why: str = "") -> None:
    """The demo in the console. `why` says in its header why it is shown."""
    from socterm.cli.watch import beside, terminal

    terminal(piped=False)
    label = f"demo ×{speed:g}" if speed else "demo"
    with _stage(theme) as (config, folder):
        player = _Player(folder, speed, chosen(name))

        def make(writer: Writer) -> Pipeline:
            options = {"from_start": True}
            return make_pipeline(writer, config, specs=player.specs, options=options, mode=label)

        try:
            beside(
                config,
                Background(make, lambda: open_writer(config), mode=label),
                note=f"{why}: this is the demo" if why else "",
                before=player.start,
            )
        finally:
            player.stop()


def chosen(name: str | None) -> Story:
    """The story of that name, the long one without. Raises `UsageError` where there is none."""
    found = stories().get(name or DEFAULT)
    if found is None:
        raise UsageError(f"no story is called {clean(name or '')}: socterm generate --list names them")
    return found


def _headless(speed: float, story: Story) -> None:
    from socterm.cli.alerts import entity_text, titled
    from socterm.cli.output import table

    with _stage(None) as (config, folder):
        player = _Player(folder, speed, story)
        player.run()
        writer = open_writer(config)
        try:
            options: dict[str, Any] = {"from_start": True}
            pipeline = make_pipeline(writer, config, specs=player.specs, options=options, once=True)
            pipeline.run(threading.Event())
        finally:
            writer.close()
        store = open_store(config.db)
        try:
            rows = store.triage.alerts()
            table(
                ("LEVEL", "COUNT", "ENTITY", "TITLE"),
                [(r.level, r.count, entity_text(r), titled(r)) for r in rows],
            )
            click.echo(f"{store.events.newest_id()} events, {len(rows)} alerts")
        finally:
            store.close()


@contextmanager
def _stage(theme: str | None) -> Iterator[tuple[Config, Path]]:
    """A configuration whose store vanishes afterwards, with the folder it is in."""
    with tempfile.TemporaryDirectory(prefix="socterm-demo-") as folder:
        config = configure({"db": Path(folder) / "demo.db", "theme": theme})
        # What this person follows otherwise has no part in the demo.
        quiet = {"tail": (), "syslog": (), "journal": False, "notify": NotifyConfig()}
        yield config.model_copy(update=quiet), Path(folder)


class _Player:
    """Writes the story to its logs as their time comes, stamped so that it ends about now."""

    def __init__(self, folder: Path, speed: float, story: Story) -> None:
        lasts = story.length / speed if speed else 0.0
        start = datetime.fromtimestamp(clock() / 1_000_000, UTC) + timedelta(seconds=lasts - story.length)
        self._cues = paced(tell_story(story, SEED, start), speed)
        self._logs = {log.name: folder / log.name for log in story.logs}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="demo", daemon=True)
        for path in self._logs.values():
            path.touch()
        self.specs = [str(path) for path in self._logs.values()]

    def start(self) -> None:
        """Begin to write, beside whatever else runs."""
        self._thread.start()

    def run(self) -> None:
        """Write it all, waiting as the story does."""
        with ExitStack() as stack:
            out = {
                name: stack.enter_context(path.open("a", encoding="utf-8"))
                for name, path in self._logs.items()
            }
            for cue in self._cues:
                if cue.delay and self._stop.wait(cue.delay):
                    return
                out[cue.log].write(cue.line + "\n")
                out[cue.log].flush()

    def stop(self) -> None:
        """Stop writing."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
