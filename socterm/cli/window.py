"""The console as somebody sees it in a browser: drawn to the process that serves it, on a store and no more.

`python -m socterm.cli.window` is started by `socterm.service.browser`, never by a person. It has no sources,
reads and writes no files that are named, and what its person may not do the store refuses: for the role
`read` it is open for reading, for others each decision asks whether the login still is what it was.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click

from socterm.config import load_config
from socterm.errors import SoctermError

ROLES = ("read", "triage", "admin")

STAMP = "SOCTERM_LOGIN"
"""Of the login, in the environment: a process list is for everybody's eyes."""

LOOK = 1.0
GRACE = 5.0
"""Seconds between two looks whether it is still served, and until it has to be gone where it is not."""


MEMORY = 1 << 30
"""Bytes it may take: what is typed faster than it is drawn must not take all that this machine has."""


@click.command()
@click.option("--db", required=True, type=click.Path(path_type=Path))
@click.option("--config", "file", type=click.Path(path_type=Path))
@click.option("--actor", required=True)
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--parent", required=True, type=int, help="The process that serves it.")
def window(db: Path, file: Path | None, actor: str, role: str, parent: int) -> None:
    """Draw the console of one person for a browser."""
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]  # whoever runs the service may have set less
    most = MEMORY if most == resource.RLIM_INFINITY else min(most, MEMORY)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    from socterm.cli.watch import show
    from socterm.store.doors.identity import still

    flags: dict[str, Any] = {"db": db, "actor": actor}
    config = load_config(flags, path=file)
    note = "you may look, not decide" if role == "read" else ""
    allowed = still(actor, os.environ.pop(STAMP, ""))
    show(config, None, note=note, decides=role != "read", files=False, allowed=allowed)


def end_with(parent: int) -> None:
    """End when the process that serves this console is gone, however it ended: nobody sees it any more."""
    while os.getppid() == parent:
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(SoctermError.exit_code)


if __name__ == "__main__":
    try:
        window.main(prog_name="socterm", standalone_mode=False)
    except (SoctermError, click.ClickException) as error:
        click.echo(f"socterm: {error}", err=True)
        sys.exit(SoctermError.exit_code)
