"""A console without a screen: starts ingest in its process, answers what it is asked on standard input.

Arguments: store, "stay" or "stand-by", the descriptor that "-" is read from, and what to read; "never" for
what takes for ever to be made ready.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import msgspec
from socterm.cli.background import Background
from socterm.cli.settings import configure
from socterm.cli.wiring import make_pipeline, open_writer
from socterm.errors import SoctermError
from socterm.pipeline.ingest import Pipeline
from socterm.store.ingest.writer import Writer


def main(db: str, stay: str, piped: str, *specs: str) -> None:
    config = configure({"db": Path(db), "tz": "UTC"})

    def make(writer: Writer) -> Pipeline:
        if specs == ("never",):
            threading.Event().wait()
        return make_pipeline(writer, config, specs=specs, options={"from_start": True}, stdin_fd=int(piped))

    commits: list[int] = []
    ingest = Background(
        make, lambda: open_writer(config), stand_by=stay == "stand-by", stdin_fd=int(piped), mode="ingesting"
    )
    ingest.on_commit(lambda: commits.append(1))
    ingest.start()
    try:
        say({"holder": ingest.opened(), "pid": ingest.pid})
    except SoctermError as error:
        say({"refused": str(error), "code": error.exit_code})
    for asked in sys.stdin:
        if asked == "status\n":
            say({**msgspec.to_builtins(ingest.status()), "commits": len(commits)})
        elif asked == "stop\n":
            say({"failure": ingest.stop()})


def say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
