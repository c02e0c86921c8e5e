"""What is said on standard error: a line each, for a person, or for the journal of systemd with its gravity.

Where stderr is the journal (`$JOURNAL_STREAM`, systemd.exec(5)) a line begins with `<3>` or so
(sd-daemon(3)), which the journal takes off, and not with our name, which it knows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

from socterm.visible import visible

ERROR: Final = 3
WARNING: Final = 4
NOTICE: Final = 5
INFO: Final = 6


def to_journal(environ: Mapping[str, str] = os.environ, descriptor: int = 2) -> bool:
    """Whether that descriptor is the journal's: `$JOURNAL_STREAM` names its device and inode."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def say(text: str, gravity: int = NOTICE) -> None:
    """One line; what acts on a terminal is made visible, so that no log text can begin a line of its own."""
    print(said(text, gravity, journal=to_journal()), file=sys.stderr, flush=True)  # noqa: T201


def said(text: str, gravity: int, *, journal: bool) -> str:
    """The line as it is written."""
    line = visible(" ".join(text.split()))
    return f"<{gravity}>{line}" if journal else f"socterm: {line}"
