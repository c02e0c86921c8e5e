"""What migrations share."""

from __future__ import annotations

import sqlite3
from typing import Final

FULL_TEXT_SETTINGS: Final = (("hashsize", 16 << 20), ("automerge", 16), ("crisismerge", 32))
"""A step of 20,000 lines then makes one segment; sixteen are merged, bit by bit and never at one blow."""


def statements(script: str) -> list[str]:
    """The statements of a script: `executescript` would commit, and a migration is one transaction."""
    found, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found
