"""What this machine logs and whether we may read it: what bare `socterm` follows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from socterm.sources.access import why_not

_NAMES = ("auth.log", "secure", "syslog", "messages")
"""Debian's log of logins, Red Hat's, then the general ones (openSUSE has logins in messages)."""

_JOURNALS = (Path("/var/log/journal"), Path("/run/log/journal"))


def this_machines_logs(
    folder: Path = Path("/var/log"),
    *,
    journals: tuple[Path, ...] = _JOURNALS,
    journalctl: str = "journalctl",
) -> tuple[list[str], list[str]]:
    """The specs of the logs this machine has and we may read, and one line for each we may not.

    The files a syslog daemon writes, else the journal: both would bring each line twice.
    """
    specs: list[str] = []
    reasons: list[str] = []
    for path in (folder / name for name in _NAMES):
        try:
            with path.open("rb"):
                specs.append(str(path))
        except FileNotFoundError:
            continue
        except OSError as error:
            reasons.append(f"{path}: {why_not(path, error)}")
    if not specs:
        trouble = _journal_trouble(journals, journalctl)
        if trouble:
            reasons.append(f"journal: {trouble}")
        else:
            specs.append("journal")
    return specs, reasons


def has_journalctl(journalctl: str = "journalctl") -> bool:
    """Whether there is a journalctl to ask."""
    return shutil.which(journalctl) is not None


def _journal_trouble(journals: tuple[Path, ...], journalctl: str) -> str:
    """Why the journal cannot be followed, "" when it can."""
    if not has_journalctl(journalctl):
        return "journalctl is not installed"
    kept = [journal for journal in journals if journal.is_dir()]
    files = [file for journal in kept for file in journal.glob("*/*.journal")]
    if any(os.access(file, os.R_OK, effective_ids=True) for file in files):
        return ""
    if files:
        return why_not(files[0], PermissionError())
    closed = next((folder for folder in kept if not os.access(folder, os.R_OK, effective_ids=True)), None)
    return why_not(closed, PermissionError()) if closed else "this system keeps none"
